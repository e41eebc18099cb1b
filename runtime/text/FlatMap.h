//===- FlatMap.h - numbers to numbers, built once ---------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_FLATMAP_H
#define HEDDLE_RUNTIME_TEXT_FLATMAP_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle {

/// A hash table of 64-bit keys in one flat array; the key ~0 is not allowed. It does not grow: the number of
/// keys is known when it is made.
class FlatMap {
public:
  static constexpr uint32_t none = ~uint32_t(0);

  explicit FlatMap(size_t count = 0) : slots(std::bit_ceil(count * 2 + 1)) {}

  /// Sets the value of `key`, over one that it had.
  void set(uint64_t key, uint32_t value) { slots[find(key)] = {key, value}; }

  /// The value of `key`, or `none`.
  uint32_t get(uint64_t key) const { return slots[find(key)].value; }

private:
  struct Slot { // both parts in one line of the cache
    uint64_t key = ~uint64_t(0);
    uint32_t value = none;
  };

  size_t find(uint64_t key) const {
    uint64_t mixed = (key ^ key >> 32) * 0x9E3779B97F4A7C15ull;
    size_t slot = (mixed ^ mixed >> 29) & (slots.size() - 1);
    while (slots[slot].key != key && slots[slot].key != Slot().key)
      slot = (slot + 1) & (slots.size() - 1);
    return slot;
  }

  std::vector<Slot> slots;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_FLATMAP_H
