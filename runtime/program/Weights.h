//===- Weights.h - maps a program's weights ---------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_PROGRAM_WEIGHTS_H
#define HEDDLE_RUNTIME_PROGRAM_WEIGHTS_H

#include "runtime/support/FileMap.h"

#include <cstdint>
#include <string>

namespace heddle {

/// Weights in memory, and the file they were found in.
struct MappedWeights {
  Mapping mapping;
  std::string file;
};

/// Maps the weights of the program at `path`, read-only: its section, or the file beside it. `bytes` is what
/// the description says; another size is an Error, as is a program that has neither. Reads none of the
/// weights.
MappedWeights mapWeights(const std::string &path, uint64_t bytes);

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_WEIGHTS_H
