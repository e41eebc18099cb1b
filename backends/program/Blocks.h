//===- Blocks.h - blocks of quantised numbers -------------------*- C++ -*-===//
//
// Between numbers, a block as files store it, and the words of a block in panels
// (passes/Packing.h).
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_BACKENDS_PROGRAM_BLOCKS_H
#define HEDDLE_BACKENDS_PROGRAM_BLOCKS_H

#include "frontend/checkpoint/BlockNumbers.h"
#include "passes/Packing.h"
#include <array>

namespace heddle {

/// Whether numbers can be rounded to `type`: to some quantised ones only.
bool canQuantize(StorageType type);

/// Rounds a block's numbers to a block as files store it; canQuantize(type) must hold. Where a block has a
/// scale and no minimum, or is of 256, scales are searched for; else the ends are met.
void quantizeBlock(StorageType type, const float *values, uint8_t *block);

/// Writes stored blocks of a quantised format as words in panels.
class BlockWords {
public:
  explicit BlockWords(Format format);
  /// The words go to words[0], words[stride], words[2 * stride] ...
  void write(const uint8_t *stored, uint32_t *words, int64_t stride) const;

private:
  BlockShape shape;
  StorageType type;
  std::array<uint8_t, 256> codeOf; // of a number, by its bits
};

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_BLOCKS_H
