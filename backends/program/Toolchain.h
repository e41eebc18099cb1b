//===- Toolchain.h - what a program is linked with --------------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_TOOLCHAIN_H
#define HEDDLE_BACKENDS_PROGRAM_TOOLCHAIN_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace heddle {

/// What a linker needs beside the model's objects: files and, for sanitizers, options.
struct Toolchain {
  std::vector<std::string> first;      // before the objects: the C library's start files
  std::vector<std::string> sanitizers; // theirs, if the runtime was built with any; before the objects
  std::vector<std::string> archives;   // the runtime's
  std::vector<std::string> libraries;  // the system's
  std::vector<std::string> last;       // at the end
};

/// Finds them: the runtime's archives in ../lib/heddle beside the running program, the system's files where
/// they were when Heddle was built, or in the usual places. An error names the first one missing, and the
/// package that has it.
llvm::Expected<Toolchain> findToolchain();

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_TOOLCHAIN_H
