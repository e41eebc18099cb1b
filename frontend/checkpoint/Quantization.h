//===- Quantization.h - what quantization_config says -----------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_QUANTIZATION_H
#define HEDDLE_FRONTEND_CHECKPOINT_QUANTIZATION_H

#include "frontend/checkpoint/Float8.h"
#include "frontend/checkpoint/PackedGroups.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace heddle {

/// How the matrices of a Hugging Face folder are stored, where it is not as they are.
struct Quantization {
  std::optional<Float8Config> float8;
  std::optional<PackedGroupsConfig> packedGroups;
};

/// What an entry `quantization_config` says; neither where a page has to see to it (MXFP4). Fails where
/// nobody reads such matrices. `file`: for errors.
llvm::Expected<Quantization> readQuantization(const llvm::json::Object &entry, llvm::StringRef file);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_QUANTIZATION_H
