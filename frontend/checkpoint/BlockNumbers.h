//===- BlockNumbers.h - a quantised block taken apart -----------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_BLOCKNUMBERS_H
#define HEDDLE_FRONTEND_CHECKPOINT_BLOCKNUMBERS_H

#include "frontend/checkpoint/StorageType.h"

namespace heddle {

/// The largest block of any type: its elements, and its bytes in a file.
inline constexpr unsigned mostElements = 256, mostBlockBytes = 210;
/// Elements that share a scale in every type; in some, two or more neighbouring groups have the same.
inline constexpr unsigned groupElements = 16;

/// A block as integers: element i, of group g = i / 16, is
///   scale * scales[g] * numbers[i]  +  offset * offsets[g],
/// the sum only where the type has offsets. All products are exact in float32.
struct BlockNumbers {
  float scale, offset;
  int8_t scales[mostElements / groupElements], offsets[mostElements / groupElements];
  int8_t numbers[mostElements];
};

/// Whether elements of `type` have an offset.
bool hasOffsets(StorageType type);

/// Takes a block of a quantised `type` apart. Any bytes are a block; its scale may be NaN or infinite.
void takeApart(StorageType type, const uint8_t *block, BlockNumbers &out);

/// The numbers of types whose four bits choose one of sixteen.
inline constexpr int8_t iq4Numbers[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};
/// Twice what the four bits of E2M1 mean.
inline constexpr int8_t e2m1Numbers[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_BLOCKNUMBERS_H
