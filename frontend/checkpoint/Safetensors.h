//===- Safetensors.h - the safetensors format -------------------*- C++ -*-===//
//
// A file is: uint64 N, N bytes of JSON, then the tensors without gaps.
// The JSON maps each name to {"dtype": .., "shape": [..], "data_offsets": [b, e]},
// offsets counted from the end of the JSON, and may have "__metadata__".
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_SAFETENSORS_H
#define HEDDLE_FRONTEND_CHECKPOINT_SAFETENSORS_H

#include "frontend/checkpoint/Checkpoint.h"

namespace heddle {

/// Reads a whole file that lies in memory; the tensors point into `bytes`, in
/// the order of their offsets. `file` is the path for messages.
/// Errors: a header that is cut short, over 100 MB, or not such an object;
/// a dtype that is unknown or not supported; shape x dtype that is not the
/// size of the range; ranges that overlap, leave gaps or do not end with the file.
llvm::Expected<std::vector<StoredTensor>> parseSafetensors(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef file);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_SAFETENSORS_H
