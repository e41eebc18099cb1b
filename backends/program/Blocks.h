//===- Blocks.h - blocks of quantised numbers -------------------*- C++ -*-===//
//
// Between 32 numbers, a block as files store it, and the words of a block in
// panels (passes/Packing.h).
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_BACKENDS_PROGRAM_BLOCKS_H
#define HEDDLE_BACKENDS_PROGRAM_BLOCKS_H

#include "frontend/checkpoint/StorageType.h"

namespace heddle {

/// The largest block of any quantised type in a file, and in panels.
inline constexpr unsigned maxBlockBytes = 34, maxBlockWords = 9;

/// Rounds 32 numbers to a block as files store it; `type` must be one of the quantised ones. Scales are
/// chosen so that the number of largest magnitude (with a minimum: both ends) is met, as far as half
/// precision allows.
void quantizeBlock(StorageType type, const float *values, uint8_t *block);

/// Writes the words of a stored block at words[0], words[stride], words[2 * stride] ...
void blockWords(StorageType type, const uint8_t *block, uint32_t *words, int64_t stride);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_BLOCKS_H
