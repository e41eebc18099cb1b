//===- Main.cpp - the driver: heddle VERB ... -----------------------------===//

#include "Verb.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

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

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  if (!cl::ParseCommandLineOptions(argc, argv, "compiles transformers\n", &errs()))
    return exitUsage;
  for (Verb *verb : verbs())
    if (verb->command)
      return verb->run();
  errs() << "heddle: no verb is given; 'heddle --help' lists them\n";
  return exitUsage;
}
