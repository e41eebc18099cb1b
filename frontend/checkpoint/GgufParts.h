//===- GgufParts.h - a model in several GGUF files --------------*- C++ -*-===//
//
// Part n of N is called NAME-0000n-of-0000N.gguf, says so in "split.no" (from
// 0) and "split.count", and how many tensors all parts have together in
// "split.tensors.count". The first part alone has the model's own metadata.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_GGUFPARTS_H
#define HEDDLE_FRONTEND_CHECKPOINT_GGUFPARTS_H

#include "frontend/checkpoint/GgufMetadata.h"
#include "llvm/Support/Error.h"

namespace heddle {

/// What a file says of its place among the parts of a model.
struct GgufPart {
  int64_t number = 0, count = 1; // the whole model: part 0 of 1
  int64_t tensors = 0;           // of all parts; of a whole model not known

  bool operator==(const GgufPart &) const = default;
};

/// Reads it. Errors: a number that is not below the count, or a part without a number of tensors.
llvm::Expected<GgufPart> ggufPart(const GgufMetadata &metadata, llvm::StringRef file);

/// The paths of all parts, from that of `part`. An error if its name does not say which part it is.
llvm::Expected<std::vector<std::string>> ggufPartPaths(const GgufPart &part, llvm::StringRef file);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_GGUFPARTS_H
