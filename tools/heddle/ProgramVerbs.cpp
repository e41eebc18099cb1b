//===- ProgramVerbs.cpp - heddle run|eval|... MODEL|PROGRAM ... -----------===//
//
// What a compiled program can do, for a model: it is compiled into the user's
// cache, once, and then takes the place of this process with all arguments that
// are none of the compiler's.
//
//===----------------------------------------------------------------------===//

#include "Verb.h"
#include "tools/driver/ProgramCache.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <unistd.h>

using namespace heddle;
using namespace llvm;

static int runProgramVerb(StringRef name, std::vector<std::string> arguments);

static Verb run("run", "go on with a text, answer, or converse", runProgramVerb);
static Verb tokenize("tokenize", "the tokens of a text", runProgramVerb);
static Verb embed("embed", "vectors of texts", runProgramVerb);
static Verb eval("eval", "logits and hidden states for given tokens", runProgramVerb);
static Verb compare("compare", "where hidden states and outputs leave a reference", runProgramVerb);
static Verb perplexity("perplexity", "how well a text is predicted", runProgramVerb);
static Verb bench("bench", "tokens per second", runProgramVerb);
static Verb info("info", "what is in a program", runProgramVerb);

static int fail(Error error, ExitStatus status) {
  errs() << "heddle: " << toString(std::move(error)) << '\n';
  return status;
}

static int printHelp(StringRef verb) {
  outs() << "usage: heddle " << verb << " MODEL|PROGRAM ...\n\n"
         << "MODEL is compiled into the user's cache first. '" << verb
         << "' then takes what the program takes: 'heddle " << verb
         << " MODEL --help' shows it.\n\nCompiler's options:\n";
  for (const CompileOption &option : compileOptionTable())
    outs() << (StringRef(option.name) == "O" ? "  -" : "  --") << option.name
           << (StringRef(option.name) == "O" ? "" : " ") << option.value << "\n      " << option.help << '\n';
  return exitDone;
}

/// Goes on as the program. Returns only where that fails.
static int becomeProgram(const std::string &program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  std::vector<char *> pointers;
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  outs().flush();
  signal(SIGXFSZ, SIG_DFL);
  execv(program.c_str(), pointers.data());
  return fail(createStringError("cannot run '" + program + "': " + std::strerror(errno)), exitFailed);
}

static int runProgramVerb(StringRef name, std::vector<std::string> arguments) {
  CompileOptions options;
  size_t given = arguments.size();
  if (Error error = takeCompileOptions(arguments, options))
    return fail(std::move(error), exitUsage);
  bool compilerOptions = arguments.size() != given;
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h"))
    return printHelp(name);
  if (arguments.empty() || StringRef(arguments[0]).starts_with("-"))
    return fail(createStringError("a model or a program comes first: heddle " + name + " MODEL|PROGRAM ..."),
                exitUsage);
  options.model = arguments[0];
  arguments.erase(arguments.begin());
  if (name != "run")
    arguments.insert(arguments.begin(), name.str());

  if (isProgram(options.model)) {
    if (compilerOptions)
      return fail(createStringError("'" + options.model +
                                    "' is compiled already: options of the compiler come too late"),
                  exitUsage);
    // A name without a slash is here, not in a folder of PATH.
    return becomeProgram(options.model.find('/') == std::string::npos ? "./" + options.model : options.model,
                         arguments);
  }
  if (Error error = options.check())
    return fail(std::move(error), exitUsage);
  auto program = cachedProgram(options);
  if (!program)
    return fail(program.takeError(), exitFailed);
  return becomeProgram(*program, arguments);
}
