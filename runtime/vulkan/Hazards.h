//===- Hazards.h - which steps need a barrier between them ------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_HAZARDS_H
#define HEDDLE_RUNTIME_VULKAN_HAZARDS_H

#include <cstdint>
#include <span>
#include <vector>

namespace heddle::vulkan {

/// Use of one piece of memory by a step or a copy.
struct Access {
  size_t memory; ///< a number for it
  bool write;
};

/// Remembers what has been read and written since the last barrier.
class Hazards {
public:
  /// `count`: how many pieces of memory there are.
  explicit Hazards(size_t count) : states(count) {}

  /// Notes accesses that come next. True: they need a barrier before them, since one reads what was written,
  /// or writes what was read or written.
  bool add(std::span<const Access> accesses) {
    bool conflict = false;
    for (const Access &access : accesses)
      conflict |= states[access.memory].written || (access.write && states[access.memory].read);
    if (conflict)
      states.assign(states.size(), {});
    for (const Access &access : accesses)
      (access.write ? states[access.memory].written : states[access.memory].read) = true;
    return conflict;
  }

private:
  struct State {
    bool read = false, written = false;
  };
  std::vector<State> states;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_HAZARDS_H
