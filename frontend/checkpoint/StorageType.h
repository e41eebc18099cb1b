//===- StorageType.h - how a checkpoint stores numbers ----------*- C++ -*-===//
//
// The element formats a stored tensor may have, the size of their blocks, and
// the exact way from stored bytes to float32. A plain format has blocks of one
// element. A quantised format of GGUF packs 32 or 256 consecutive elements of
// the innermost axis into one block with its own scales (BlockNumbers.h).
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_STORAGETYPE_H
#define HEDDLE_FRONTEND_CHECKPOINT_STORAGETYPE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace heddle {

struct StoredTensor;

// clang-format off
enum class StorageType : uint8_t {
  F64, F32, F16, BF16, F8_E4M3,
  I64, I32, I16, I8, U8, Bool,
  Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, MXFP4,              // blocks of 32
  Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS, TQ1_0, TQ2_0,       // of 256
  IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S,     // of 256, from tables
};
// clang-format on

/// What one block of a format is: `elements` numbers in `bytes` bytes.
struct BlockFacts {
  llvm::StringRef name; // as GGUF spells it, e.g. "Q4_0", "F32"
  unsigned elements;
  unsigned bytes;
};

/// The facts of `type`; the reference lives as long as the program.
const BlockFacts &blockFacts(StorageType type);

/// The type of that name, in small or capital letters.
std::optional<StorageType> storageTypeNamed(llvm::StringRef name);

/// Whether blocks of `type` hold more than one element.
inline bool isBlockQuantised(StorageType type) { return blockFacts(type).elements > 1; }

/// "[3, 2]".
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// Bytes of a tensor of `shape` (outermost first) stored as `type`. None if the
/// innermost extent is not a whole number of blocks, an extent is negative, or
/// a product does not fit in 63 bits.
std::optional<uint64_t> storedBytes(llvm::ArrayRef<int64_t> shape, StorageType type);

/// Writes elements [firstElement, firstElement + count) of `tensor`, in storage
/// order (innermost axis fastest), as float32 to out[0..count).
///
/// `firstElement` and `count` must be multiples of the format's block and lie
/// inside the tensor (both are asserted); with a quantised format any number
/// of whole blocks may be asked for, with a plain one any range.
/// Exact for every format but F64, I64, I32, which round to the nearest
/// float32, and those with offsets, whose sum of two exact products rounds
/// once. Results do not depend on the machine.
void dequantize(const StoredTensor &tensor, int64_t firstElement, int64_t count, float *out);

/// The same for bare blocks: `bytes` must hold count / elements blocks.
void dequantize(StorageType type, const uint8_t *bytes, int64_t count, float *out);

/// One IEEE half as float32; NaN payloads and the sign of zero survive.
float halfToFloat(uint16_t bits);
/// One bfloat16 as float32, exactly.
float bfloatToFloat(uint16_t bits);

/// A float32 as IEEE half or bfloat16: rounded to nearest, ties to even.
uint16_t floatToHalf(float value);
uint16_t floatToBfloat(float value);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_STORAGETYPE_H
