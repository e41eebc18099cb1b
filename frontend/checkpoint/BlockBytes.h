//===- BlockBytes.h - reading the bytes of a block --------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_BLOCKBYTES_H
#define HEDDLE_FRONTEND_CHECKPOINT_BLOCKBYTES_H

#include "frontend/checkpoint/BlockNumbers.h"
#include <cstring>

namespace heddle {

/// A little-endian number at any address.
template <typename T> T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

inline float loadHalf(const uint8_t *bytes) { return halfToFloat(load<uint16_t>(bytes)); }

/// Bits [shift, shift + bits) of each byte become the numbers of as many elements.
inline void field(const uint8_t *bytes, int count, int shift, int bits, int8_t *numbers) {
  for (int i = 0; i < count; ++i)
    numbers[i] = static_cast<int8_t>(bytes[i] >> shift & ((1 << bits) - 1));
}

/// Types that choose rows of numbers from a table (GridBlocks.cpp).
void takeGridApart(StorageType type, const uint8_t *block, BlockNumbers &out);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_BLOCKBYTES_H
