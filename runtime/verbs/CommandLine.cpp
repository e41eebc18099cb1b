//===- CommandLine.cpp - options of a verb --------------------------------===//

#include "runtime/verbs/CommandLine.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>

namespace heddle {

struct CommandLine::Impl {
  CLI::App app;
};

/// Says why a number will not do; empty: it will.
template <typename T> static CLI::Validator between(T least, T most) {
  return CLI::Validator(
      [least, most](std::string &text) {
        T value;
        if (!CLI::detail::lexical_cast(text, value))
          return fmt::format("expected a number, not '{}'", text);
        if (!(value >= least && value <= most))
          return fmt::format("'{}' must be between {} and {}", text, least, most);
        return std::string();
      },
      "");
}

CommandLine::CommandLine(const std::string &name, const std::string &summary) : impl(new Impl) {
  impl->app.name(name);
  impl->app.description(summary);
  impl->app.set_help_flag("-h,--help", "print this and leave");
}

CommandLine::~CommandLine() = default;

CommandLine &CommandLine::flag(const std::string &names, bool &target, const std::string &help) {
  impl->app.add_flag(names, target, help);
  return *this;
}

CommandLine &CommandLine::option(const std::string &names, std::string &target, const std::string &help) {
  impl->app.add_option(names, target, help);
  return *this;
}

CommandLine &CommandLine::option(const std::string &names, std::optional<std::string> &target,
                                 const std::string &help) {
  impl->app.add_option_function<std::string>(
      names, [&target](const std::string &text) { target = text; }, help);
  return *this;
}

CommandLine &CommandLine::option(const std::string &names, uint64_t &target, uint64_t least, uint64_t most,
                                 const std::string &help) {
  impl->app.add_option(names, target, help)->check(between(least, most))->capture_default_str();
  return *this;
}

CommandLine &CommandLine::option(const std::string &names, std::optional<uint64_t> &target, uint64_t least,
                                 uint64_t most, const std::string &help) {
  impl->app.add_option_function<uint64_t>(
               names, [&target](const uint64_t &value) { target = value; }, help)
      ->check(between(least, most));
  return *this;
}

CommandLine &CommandLine::option(const std::string &names, float &target, float least, float most,
                                 const std::string &help) {
  impl->app.add_option(names, target, help)->check(between(least, most))->capture_default_str();
  return *this;
}

CommandLine &CommandLine::option(const std::string &names, std::vector<std::string> &target,
                                 const std::string &help) {
  impl->app.add_option(names, target, help);
  return *this;
}

CommandLine &CommandLine::require(const std::string &name) {
  impl->app.get_option(name)->required();
  return *this;
}

CommandLine &CommandLine::footer(const std::string &text) {
  impl->app.footer(text);
  return *this;
}

bool CommandLine::given(const std::string &name) const { return impl->app.count(name) > 0; }

bool CommandLine::parse(const std::vector<std::string> &arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend()); // as CLI11 takes them
  try {
    impl->app.parse(reversed);
  } catch (const CLI::CallForHelp &) {
    std::string text = impl->app.help();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return false;
  } catch (const CLI::ParseError &error) {
    throw UsageError(fmt::format("{} (see {} --help)", error.what(), impl->app.get_name()));
  }
  return true;
}

} // namespace heddle
