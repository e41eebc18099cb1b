//===- Executor.h - runs entries of a program -------------------*- C++ -*-===//
//
// Owns the memory that entries work in: one arena, used by one call at a time, and the caches. Knows nothing
// of sequences: that is Session's.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_ENGINE_EXECUTOR_H
#define HEDDLE_RUNTIME_ENGINE_EXECUTOR_H

#include "runtime/engine/Layout.h"
#include "runtime/engine/ThreadPool.h"
#include "runtime/program/Program.h"

#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heddle {

/// An input of a call: `count` elements, dense in the order of the value's axes.
struct Input {
  std::string_view name;
  format::ElementType type;
  const void *data;
  uint64_t count;

  Input(std::string_view name, std::span<const int32_t> ids)
      : name(name), type(format::ElementType::I32), data(ids.data()), count(ids.size()) {}
  Input(std::string_view name, std::span<const float> numbers)
      : name(name), type(format::ElementType::F32), data(numbers.data()), count(numbers.size()) {}
};

class Executor {
public:
  /// `capacity`: the C of all calls, a multiple of the program's cache_multiple. Throws Error, before
  /// anything is allocated, when caches and `arenaEstimate` bytes will not fit the memory available.
  Executor(const Program &program, ThreadPool &pool, uint64_t capacity, uint64_t arenaEstimate);

  /// Gets a tap's name and its values.
  using TapSink = std::function<void(const format::Tap &tap, std::span<const float> values)>;

  /// Runs an entry of this program for these sizes (C is set here). Memory grows to what the sizes, or `most`
  /// (not below them), need. Every input of the entry that is not optional must be given. Throws Error on
  /// inputs that are missing, of another length or out of range, and when memory is short.
  void run(const format::Entry &entry, CallSizes sizes, const CallSizes &most, std::span<const Input> inputs,
           const TapSink *taps = nullptr);

  /// An output of the last call, dense for that call's sizes; valid until the next call.
  std::span<const float> output(const format::Value &value) const;

  /// What an entry's steps have cost since startProfile.
  struct Profile {
    struct Cost {
      uint64_t nanoseconds = 0;
      double operations = 0; ///< floating-point
    };
    uint64_t calls = 0;
    std::vector<Cost> steps;
  };

  /// From now on, notes what steps cost; looking at the clock takes some time itself.
  void startProfile();

  /// Null for an entry that has never run.
  const Profile *profileOf(const format::Entry &entry) const;

  uint64_t capacity() const { return static_cast<uint64_t>(cacheCapacity); }
  uint64_t cacheBytes() const { return cacheLayout.bytes; }
  uint64_t arenaBytes() const { return arena.size(); }
  const Program &getProgram() const { return program; }

private:
  /// An entry made ready for calls of at most `most`.
  struct Plan {
    CallSizes most;
    Layout layout;
    std::vector<void *> buffers; ///< of all steps, one after the other
    std::vector<Task> tasks;     ///< one a step
    Profile profile;
    const uint8_t *arena = nullptr; ///< what `buffers` were made for
  };

  Plan &prepare(const format::Entry &entry, const CallSizes &most);
  void growArena(uint64_t bytes);
  void *resolve(const format::Binding &binding, const Layout &layout) const;
  void bind(const format::Entry &entry, Plan &plan) const;
  void fill(const format::Entry &entry, const Plan &plan, std::span<const Input> inputs);
  void fillOne(const format::Value &value, void *slot, std::span<const Input> inputs);
  void runTasks(Plan &plan, size_t begin, size_t end);
  void runWithTaps(const format::Entry &entry, Plan &plan, const TapSink &sink);
  void noteCosts(const format::Entry &entry, Plan &plan);

  const Program &program;
  ThreadPool &pool;
  int64_t cacheCapacity;
  Layout cacheLayout;
  Mapping caches, arena;
  std::unordered_map<const format::Entry *, Plan> plans;
  CallSizes callSizes;           ///< of the call that runs; kernels read it
  const Plan *current = nullptr; ///< of the last call
  bool profiling = false;
  std::vector<uint64_t> nanoseconds; ///< one a step of the call, when profiling
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_EXECUTOR_H
