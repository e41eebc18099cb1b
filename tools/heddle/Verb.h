//===- Verb.h - the verbs of the driver -------------------------*- C++ -*-===//
//
// Each verb has a file of its own that defines one static Verb and its options:
//
//   static int run();
//   static Verb verb("check", "read a page and report every error in it", run);
//   static llvm::cl::opt<bool> axes("axes", llvm::cl::sub(verb.command), ...);
//
// A compiled program's verbs take options that only the program knows: they get their arguments as they are.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_TOOLS_HEDDLE_VERB_H
#define HEDDLE_TOOLS_HEDDLE_VERB_H

#include "llvm/Support/CommandLine.h"
#include <string>
#include <vector>

namespace heddle {

/// What a verb returns to the shell.
enum ExitStatus { exitDone = 0, exitFailed = 1, exitUsage = 2 };

/// A subcommand of the command line and what it does; known to main from its construction on.
struct Verb {
  /// Gets the verb and what stands behind it.
  using RawRun = int (*)(llvm::StringRef verb, std::vector<std::string> arguments);

  Verb(llvm::StringRef name, llvm::StringRef description, int (*run)());
  Verb(llvm::StringRef name, llvm::StringRef description, RawRun runRaw);
  Verb(const Verb &) = delete;

  llvm::cl::SubCommand command;
  int (*run)() = nullptr;
  RawRun runRaw = nullptr;
};

} // namespace heddle

#endif // HEDDLE_TOOLS_HEDDLE_VERB_H
