//===- Hash.h - a hash of short strings -------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_HASH_H
#define HEDDLE_RUNTIME_TEXT_HASH_H

#include <cstdint>
#include <cstring>
#include <string_view>

namespace heddle {

/// A hash whose high and low bits are as good as each other. Eight bytes at a time, the last ones
/// overlapping.
inline uint64_t hashOf(std::string_view text) {
  auto read = [&]<typename Word>(size_t offset, Word word) {
    std::memcpy(&word, text.data() + offset, sizeof word);
    return uint64_t(word);
  };
  uint64_t hash = text.size();
  auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 32;
  };
  size_t size = text.size();
  if (size >= 8) {
    for (size_t i = 0; i + 8 < size; i += 8)
      mix(read(i, uint64_t()));
    mix(read(size - 8, uint64_t()));
  } else if (size >= 4) {
    mix(read(0, uint32_t()) << 32 | read(size - 4, uint32_t()));
  } else if (size > 0) {
    mix(read(0, uint8_t()) << 16 | read(size / 2, uint8_t()) << 8 | read(size - 1, uint8_t()));
  }
  return hash;
}

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_HASH_H
