//===- WriteProgram.h - writes a program's file -----------------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_WRITEPROGRAM_H
#define HEDDLE_BACKENDS_PROGRAM_WRITEPROGRAM_H

#include "backends/program/Description.h"
#include "backends/program/Link.h"

namespace heddle {

struct ProgramOutput {
  std::string path;
  bool weightsBeside = false; // in PATH.weights rather than in the program itself
  /// Called now and then with the bytes of weights that are written, and their number.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

/// Links and writes a program. The target appears when it is complete; after an error nothing is left behind,
/// and a program that was there is still there.
/// `device`: what devices run where that is something else, or null.
llvm::Error writeProgram(const Schedule &schedule, const Schedule *device, const PackPlan &plan,
                         const ProgramFacts &facts, llvm::ArrayRef<LinkObject> objects,
                         const ProgramOutput &output);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_WRITEPROGRAM_H
