//===- CommandLine.h - options of a verb ------------------------*- C++ -*-===//
//
// A thin cover over CLI11, so that its templates are compiled once.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_VERBS_COMMANDLINE_H
#define HEDDLE_RUNTIME_VERBS_COMMANDLINE_H

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace heddle {

/// The command line is wrong: exit status 2.
class UsageError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Declares options, then parses. Names are CLI11's: "-n,--tokens" an option, "TEXT" a positional argument.
class CommandLine {
public:
  /// `name` as users type it, e.g. "program tokenize".
  CommandLine(const std::string &name, const std::string &summary);
  ~CommandLine();

  CommandLine &flag(const std::string &names, bool &target, const std::string &help);
  CommandLine &option(const std::string &names, std::string &target, const std::string &help);
  CommandLine &option(const std::string &names, std::optional<std::string> &target, const std::string &help);
  CommandLine &option(const std::string &names, uint64_t &target, uint64_t least, uint64_t most,
                      const std::string &help);
  CommandLine &option(const std::string &names, std::optional<uint64_t> &target, uint64_t least,
                      uint64_t most, const std::string &help);
  CommandLine &option(const std::string &names, float &target, float least, float most,
                      const std::string &help);
  CommandLine &option(const std::string &names, std::vector<std::string> &target, const std::string &help);
  /// The option of these names must be given.
  CommandLine &require(const std::string &name);
  /// Text below the list of options.
  CommandLine &footer(const std::string &text);

  /// Parses. False when help was asked for, and has been printed. Throws UsageError.
  bool parse(const std::vector<std::string> &arguments);

  /// Whether the option was given.
  bool given(const std::string &name) const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_COMMANDLINE_H
