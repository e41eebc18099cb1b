//===- Compile.cpp - heddle compile MODEL [-o PROGRAM] --------------------===//

#include "Verb.h"
#include "tools/driver/CompileModel.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <deque>

using namespace heddle;
using namespace llvm;

static int runCompile();
static Verb verb("compile", "compile a model to a program", runCompile);

static cl::opt<std::string> model(cl::Positional,
                                  cl::desc("MODEL: a Hugging Face folder, a .gguf file, a .heddle page"),
                                  cl::sub(verb.command));
static cl::opt<std::string> output("o", cl::desc("the program; default: named after the model"),
                                   cl::value_desc("PROGRAM"), cl::sub(verb.command));
static cl::list<std::string> emit("emit",
                                  cl::desc("print stages instead of writing a program; help lists them"),
                                  cl::value_desc("STAGE,..."), cl::CommaSeparated, cl::sub(verb.command));

namespace {
/// The options that the other verbs take, too, for LLVM's parser.
struct SharedOptions {
  SharedOptions() {
    for (const CompileOption &option : compileOptionTable()) {
      auto &list = lists.emplace_back(StringRef(option.name), cl::desc(option.help),
                                      cl::value_desc(option.value), cl::sub(verb.command));
      if (StringRef(option.name) == "O")
        list.setFormattingFlag(cl::Prefix);
    }
  }

  Error apply(CompileOptions &options) {
    for (auto [list, option] : zip(lists, compileOptionTable()))
      for (const std::string &value : list)
        if (Error error = option.apply(options, value))
          return error;
    return options.check();
  }

  std::deque<cl::list<std::string>> lists;
};
} // namespace
static SharedOptions shared;

/// The model's name without its ending, in the folder one is in; not that of a folder.
static std::string defaultOutput(StringRef model) {
  SmallString<256> real;
  if (sys::fs::real_path(model, real))
    real = model;
  StringRef name = sys::fs::is_directory(real) ? sys::path::filename(real) : sys::path::stem(real);
  return sys::fs::is_directory(name) ? (name + ".program").str() : name.str();
}

static int fail(Error error, ExitStatus status) {
  errs() << "heddle: " << toString(std::move(error)) << '\n';
  return status;
}

static int runCompile() {
  if (is_contained(emit, "help")) {
    printStages(outs());
    return exitDone;
  }
  auto stages = Stages::create(std::vector<std::string>(emit.begin(), emit.end()));
  if (!stages)
    return fail(stages.takeError(), exitUsage);
  if (model.empty())
    return fail(createStringError("no model is given: heddle compile MODEL [-o PROGRAM]"), exitUsage);
  CompileOptions options;
  options.model = model;
  if (Error error = shared.apply(options))
    return fail(std::move(error), exitUsage);
  if (Error error = compileModel(options, *stages, output.empty() ? defaultOutput(model) : output,
                                 /*listDefaults=*/true))
    return fail(std::move(error), exitFailed);
  return exitDone;
}
