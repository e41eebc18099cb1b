//===- PackedGroups.h - matrices of GPTQ, AWQ and others --------*- C++ -*-===//
//
// A matrix [out, in] is stored as integers q of 4 or 8 bits packed into words, and for each group of columns
// of a row a scale s and a zero z: the numbers are s * (q - z). They become blocks that GGUF has: Q4_1, whose
// d is s and whose m is -s * z, in float16; of 8 bits, whose zeros are all 128, Q8_0. A word holds `per`.
//
//   GPTQ
//     NAME.qweight            [in / per, out]      a word: neighbours of a column of q
//     NAME.qzeros             [groups, out / per]  neighbours of a row; one less than meant but for "gptq_v2"
//     NAME.scales             [groups, out]
//     NAME.g_idx              [in]                 the group of each column
//   AWQ, 4 bits
//     NAME.qweight            [in, out / per]      neighbours of a row, in the order 0 2 4 6 1 3 5 7
//     NAME.qzeros             [groups, out / per]  likewise
//     NAME.scales             [groups, out]
//   vLLM's compressor ("compressed-tensors"), "pack-quantized"
//     NAME.weight_packed      [out, in / per]      neighbours of a row of the matrix
//     NAME.weight_zero_point  [out / per, groups]  where it is there; else 8 or 128
//     NAME.weight_scale       [out, groups]
//     NAME.weight_g_idx       [in]
//     NAME.weight_shape       not read
//   the same, "int-quantized"
//     NAME.weight             [out, in]            bytes with a sign
//     NAME.weight_scale       [out, groups]
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_PACKEDGROUPS_H
#define HEDDLE_FRONTEND_CHECKPOINT_PACKEDGROUPS_H

#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace heddle {

struct StoredTensor;

enum class PackedLayout { Gptq, Awq, Compressed, Bytes };

struct PackedGroupsConfig {
  PackedLayout layout = PackedLayout::Gptq;
  int64_t bits = 4;
  int64_t groupSize = 128; ///< columns; at most 0: all. In the last two layouts the scales' shape says it
  int64_t zerosAdd = 1;    ///< to zeros as they are stored
};

/// Puts a tensor "NAME.weight" in the place of each packed one, and takes its parts out of the list. Fails
/// where one of them is missing or does not fit, and where columns are in another order than their groups.
llvm::Error joinPackedGroups(std::vector<StoredTensor> &tensors, const PackedGroupsConfig &config);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_PACKEDGROUPS_H
