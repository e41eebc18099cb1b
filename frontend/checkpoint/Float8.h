//===- Float8.h - tensors in float8 and their scales ------------*- C++ -*-===//
//
// Hugging Face folders may hold matrices in float8 (F8_E4M3: a sign, 4 bits of
// exponent with a bias of 7, 3 of fraction; no infinities), and for each a
// tensor of scales: one for all its numbers, for each row, or for each block of
// rows and columns. Who publishes them so: DeepSeek V3, Qwen 3 and Mistral
// ("fp8"), fbgemm ("fbgemm_fp8"), vLLM's compressor ("compressed-tensors").
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_FLOAT8_H
#define HEDDLE_FRONTEND_CHECKPOINT_FLOAT8_H

#include "frontend/checkpoint/StorageType.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace heddle {

/// The scales of a tensor, one for each block of its last two axes: as stored, for each matrix of theirs
/// ceil(rows / blockRows) x ceil(columns / blockColumns).
struct Float8Scales {
  const uint8_t *bytes = nullptr;
  StorageType type = StorageType::F32;
  int64_t rows = 1, columns = 1; // of the tensor
  int64_t blockRows = 1, blockColumns = 1;

  /// The scale of the element at a place in storage order; `run`: how many more have the same.
  float at(int64_t element, int64_t &run) const;
};

/// Numbers [first, first + count) of `codes`, in storage order. Exact without scales (null); else the
/// product, rounded to float32 and then to bfloat16, which is what DeepSeek's own conversion makes of them.
void readFloat8(const uint8_t *codes, const Float8Scales *scales, int64_t first, int64_t count, float *out);

/// How a config says that its matrices are in float8.
struct Float8Config {
  int64_t blockRows = 128, blockColumns = 128; // where scales are for blocks
};

/// Gives each tensor in float8 its scales, "NAME_scale_inv" or "NAME_scale", and takes those out of the list,
/// with what activations would be divided by to have float8, too. Fails where a tensor has no scales, or they
/// do not fit.
llvm::Error joinFloat8(std::vector<StoredTensor> &tensors, const Float8Config &config);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_FLOAT8_H
