//===- Executor.h - runs entries of a program -------------------*- C++ -*-===//
//
// Owns the memory that entries work in: one arena, used by one call at a time, and the caches. Knows nothing
// of sequences: that is Session's. CpuExecutor and VulkanExecutor implement it.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_ENGINE_EXECUTOR_H
#define HEDDLE_RUNTIME_ENGINE_EXECUTOR_H

#include "runtime/engine/Inputs.h"
#include "runtime/program/Program.h"

#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

namespace heddle {

class Executor {
public:
  virtual ~Executor() = default;

  /// Gets a tap's name and its values.
  using TapSink = std::function<void(const format::Tap &tap, std::span<const float> values)>;

  /// Which outputs of an entry that has candidates (Program::isCandidate) are wanted: these, or the others. A
  /// device hands back what is wanted along with the call; the rest it is asked for once more.
  enum class Wanted { Values, Candidates };

  /// Runs an entry of this program for these sizes (C is set here). Memory grows to what the sizes, or `most`
  /// (not below them), need. Every input of the entry that is not optional must be given. Throws Error on
  /// inputs that are missing, of another length or out of range, and when memory is short; DeviceError when
  /// the device fails.
  virtual void run(const format::Entry &entry, CallSizes sizes, const CallSizes &most,
                   std::span<const Input> inputs, const TapSink *taps = nullptr,
                   Wanted wanted = Wanted::Values) = 0;

  /// An output of the last call, dense for that call's sizes; valid until the next call. The elements of one
  /// that is not float32 are of as many bytes. Throws DeviceError when the device fails.
  virtual std::span<const float> output(const format::Value &value) = 0;

  /// What an entry's steps have cost since startProfile.
  struct Profile {
    struct Cost {
      uint64_t nanoseconds = 0;
      double operations = 0; ///< floating-point
    };
    uint64_t calls = 0;
    std::vector<Cost> steps;

    /// Adds a call of the entry for these sizes; `nanoseconds`: of each step.
    void add(const format::Entry &entry, const CallSizes &sizes, std::span<const uint64_t> nanoseconds);
  };

  /// From now on, notes what steps cost; looking at the clock takes some time itself. Throws Error where
  /// there is no clock.
  virtual void startProfile();

  /// Null for an entry that has not run since startProfile.
  const Profile *profileOf(const format::Entry &entry) const;

  virtual uint64_t capacity() const = 0;   ///< C of all calls
  virtual uint64_t cacheBytes() const = 0; ///< that the caches take
  virtual uint64_t arenaBytes() const = 0; ///< that the arena takes now
  virtual const Program &getProgram() const = 0;

protected:
  bool profiling = false;
  std::unordered_map<const format::Entry *, Profile> profiles;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_EXECUTOR_H
