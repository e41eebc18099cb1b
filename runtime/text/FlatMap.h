//===- FlatMap.h - numbers to numbers, built once ---------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_FLATMAP_H
#define HEDDLE_RUNTIME_TEXT_FLATMAP_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle {

/// A hash table of 64-bit keys in two flat arrays; the key ~0 is not allowed. It does not grow: the number of
/// keys is known when it is made.
class FlatMap {
public:
  static constexpr uint32_t none = ~uint32_t(0);

  explicit FlatMap(size_t count = 0)
      : keys(std::bit_ceil(count * 2 + 1), ~uint64_t(0)), values(keys.size(), none) {}

  /// Sets the value of `key`, over one that it had.
  void set(uint64_t key, uint32_t value) {
    size_t slot = find(key);
    keys[slot] = key;
    values[slot] = value;
  }

  /// The value of `key`, or `none`.
  uint32_t get(uint64_t key) const { return values[find(key)]; }

private:
  size_t find(uint64_t key) const {
    uint64_t mixed = (key ^ key >> 32) * 0x9E3779B97F4A7C15ull;
    size_t slot = (mixed ^ mixed >> 29) & (keys.size() - 1);
    while (keys[slot] != key && keys[slot] != ~uint64_t(0))
      slot = (slot + 1) & (keys.size() - 1);
    return slot;
  }

  std::vector<uint64_t> keys;
  std::vector<uint32_t> values;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_FLATMAP_H
