//===- Layout.h - where slots and caches lie in memory ----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_ENGINE_LAYOUT_H
#define HEDDLE_RUNTIME_ENGINE_LAYOUT_H

#include "runtime/program/Program.h"

#include <cstdint>
#include <vector>

namespace heddle {

/// Buffers one after the other, each at a multiple of 64 bytes.
struct Layout {
  std::vector<uint64_t> offsets;
  uint64_t bytes = 0;
};

/// The arena of an entry for calls of at most these sizes. Checks that every input, output and tap fits its
/// slot; throws Error when one does not, or a sum overflows.
Layout layOutArena(const format::Entry &entry, const CallSizes &most);

/// All caches for a capacity of C tokens, a multiple of the program's cache_multiple.
Layout layOutCaches(const format::Program &program, uint64_t capacity);

/// Bytes that an arena should have at most where nothing else says so.
inline constexpr uint64_t usualLargestArena = uint64_t(1) << 30;

/// The most tokens that one call should take. Calls of the variant All are kept so short that its outputs
/// stay near 16 MiB, and all calls so that the arena has at most `largestArena` bytes, as far as that can be
/// had.
uint64_t chooseChunk(const format::Entry &entry, uint64_t capacity, uint64_t second,
                     uint64_t largestArena = usualLargestArena);

/// Whether a sequence may be computed piece by piece: earlier tokens are remembered in caches, and what comes
/// out belongs to single tokens or to the last one.
bool isDivisible(const format::Entry &entry);

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_LAYOUT_H
