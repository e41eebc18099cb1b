//===- Main.cpp - the driver: heddle VERB ... -----------------------------===//

#include "Verb.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>

using namespace heddle;
using namespace llvm;

/// Verbs are static objects of several files: the list must exist before the first of them.
static std::vector<Verb *> &verbs() {
  static std::vector<Verb *> list;
  return list;
}

Verb::Verb(StringRef name, StringRef description, int (*run)()) : command(name, description), run(run) {
  verbs().push_back(this);
}

Verb::Verb(StringRef name, StringRef description, RawRun runRaw)
    : command(name, description), runRaw(runRaw) {
  verbs().push_back(this);
}

/// LLVM's libraries bring hundreds of options along; --help-hidden shows them.
static void hideForeignOptions() {
  for (auto &entry : cl::getRegisteredOptions())
    if (entry.first != "help" && entry.first != "version")
      entry.second->setHiddenFlag(cl::Hidden);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  signal(SIGXFSZ, SIG_IGN); // a file that may not grow further is an error of writing like any other
  if (argc > 1)
    for (Verb *verb : verbs())
      if (verb->runRaw && verb->command.getName() == argv[1])
        return verb->runRaw(argv[1], {argv + 2, argv + argc});
  hideForeignOptions();
  if (!cl::ParseCommandLineOptions(argc, argv, "compiles transformers\n", &errs()))
    return exitUsage;
  for (Verb *verb : verbs())
    if (verb->command)
      return verb->run();
  errs() << "heddle: no verb is given; 'heddle --help' lists them\n";
  return exitUsage;
}
