//===- HuggingFace.h - the index of a sharded checkpoint --------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_HUGGINGFACE_H
#define HEDDLE_FRONTEND_CHECKPOINT_HUGGINGFACE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <set>
#include <string>

namespace heddle {

/// The names of the tensors that each shard should hold, by the shard's file
/// name, which has no folder in it.
using ShardIndex = std::map<std::string, std::set<std::string>>;

/// Reads the text of a model.safetensors.index.json.
llvm::Expected<ShardIndex> parseShardIndex(llvm::StringRef text, llvm::StringRef file);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_HUGGINGFACE_H
