//===- Verbs.cpp - chooses a verb -----------------------------------------===//

#include "runtime/verbs/Verbs.h"

#include "runtime/support/Error.h"
#include "runtime/verbs/CommandLine.h"
#include "runtime/verbs/Options.h"

#include <fmt/format.h>
#include <new>

namespace heddle {

namespace {
struct Verb {
  std::string_view name;
  void (*run)(const Invocation &call);
};

constexpr Verb verbs[] = {
    {"tokenize", tokenizeVerb},     {"embed", embedVerb}, {"eval", evalVerb}, {"compare", compareVerb},
    {"perplexity", perplexityVerb}, {"bench", benchVerb}, {"info", infoVerb},
};
} // namespace

static void dispatch(const ProgramImage &image, int argc, char **argv) {
  Invocation call{image, argc > 0 ? argv[0] : "program", {}};
  for (int i = 1; i < argc; ++i)
    call.arguments.emplace_back(argv[i]);
  if (!call.arguments.empty())
    for (const Verb &verb : verbs)
      if (verb.name == call.arguments.front()) {
        call.name += " " + call.arguments.front();
        call.arguments.erase(call.arguments.begin());
        return verb.run(call);
      }
  generateVerb(call);
}

int runProgram(const ProgramImage &image, int argc, char **argv) {
  std::string message;
  int status = 1;
  try {
    dispatch(image, argc, argv);
    return 0;
  } catch (const UsageError &error) {
    status = 2;
    message = error.what();
  } catch (const std::bad_alloc &) {
    message = "not enough memory";
  } catch (const std::exception &error) {
    message = error.what();
  }
  std::string_view name = argc > 0 ? argv[0] : "program";
  note(fmt::format("{}: error: {}", name.substr(name.rfind('/') + 1), message));
  return status;
}

} // namespace heddle
