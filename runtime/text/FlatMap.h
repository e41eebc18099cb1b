//===- FlatMap.h - numbers to values, built once ----------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_FLATMAP_H
#define HEDDLE_RUNTIME_TEXT_FLATMAP_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle {

/// A hash table of 64-bit keys in one flat array; the key ~0 is not allowed. It does not grow: the number of
/// keys is known when it is made.
template <typename Value> class FlatMap {
public:
  explicit FlatMap(size_t count = 0) : slots(std::bit_ceil(count * 2 + 1)) {}

  /// Sets the value of `key`, over one that it had.
  void set(uint64_t key, Value value) { slots[slotOf(key)] = {key, value}; }

  /// The value of `key`; null: it has none.
  const Value *find(uint64_t key) const {
    const Slot &slot = slots[slotOf(key)];
    return slot.key == key ? &slot.value : nullptr;
  }

private:
  struct Slot { // both parts in one line of the cache
    uint64_t key = ~uint64_t(0);
    Value value = {};
  };

  size_t slotOf(uint64_t key) const {
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
