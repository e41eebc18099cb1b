//===- HandWritten.h - the hand-written shaders as a program ----*- C++ -*-===//
//
// The shaders follow runtime/abi/vulkan.h, as generated ones do, so that one executor runs both and neither
// is treated better. Each is the only step of an entry of its name.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_BENCH_VULKAN_HANDWRITTEN_H
#define HEDDLE_BENCH_VULKAN_HANDWRITTEN_H

#include "runtime/program/Program.h"

namespace heddle::bench {

// The default model's sizes: columns and rows of a matrix; heads of `headSize`, `group` to each of `kvHeads`.
inline constexpr uint64_t columns = 576, rows = 1536, kvHeads = 3, group = 3, headSize = 64;
inline constexpr uint64_t heads = kvHeads * group;

/// A matrix with 16 rows side by side, as abi.glsl says; multiples of 64 bytes.
using PackedMatrix = std::span<const uint8_t>;

class HandWritten {
public:
  HandWritten(PackedMatrix q4, PackedMatrix f32);

  const Program &get() const { return program; }

private:
  std::vector<uint8_t> weights, description;
  Program program;
};

} // namespace heddle::bench

#endif // HEDDLE_BENCH_VULKAN_HANDWRITTEN_H
