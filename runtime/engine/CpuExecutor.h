//===- CpuExecutor.h - runs entries on the processor ------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_ENGINE_CPUEXECUTOR_H
#define HEDDLE_RUNTIME_ENGINE_CPUEXECUTOR_H

#include "runtime/engine/Executor.h"
#include "runtime/engine/Layout.h"
#include "runtime/engine/Machine.h"
#include "runtime/engine/ThreadPool.h"

#include <unordered_map>

namespace heddle {

class CpuExecutor : public Executor {
public:
  /// `capacity`: the C of all calls, a multiple of the program's cache_multiple. Throws Error, before
  /// anything is allocated, when caches and `arenaEstimate` bytes will not fit the memory available.
  CpuExecutor(const Program &program, ThreadPool &pool, uint64_t capacity, uint64_t arenaEstimate);

  void run(const format::Entry &entry, CallSizes sizes, const CallSizes &most, std::span<const Input> inputs,
           const TapSink *taps = nullptr, Wanted wanted = Wanted::Values) override;
  std::span<const float> output(const format::Value &value) override;

  uint64_t capacity() const override { return static_cast<uint64_t>(cacheCapacity); }
  uint64_t cacheBytes() const override { return cacheLayout.bytes; }
  uint64_t arenaBytes() const override { return arena.size(); }
  const Program &getProgram() const override { return program; }

private:
  /// An entry made ready for calls of at most `most`.
  struct Plan {
    CallSizes most;
    Layout layout;
    std::vector<void *> buffers;    ///< of all steps, one after the other
    std::vector<Task> tasks;        ///< one a step
    const uint8_t *arena = nullptr; ///< what `buffers` were made for
  };

  Plan &prepare(const format::Entry &entry, const CallSizes &most);
  void growArena(uint64_t bytes);
  void *resolve(const format::Binding &binding, const Layout &layout) const;
  void bind(const format::Entry &entry, Plan &plan) const;
  void fill(const format::Entry &entry, const Plan &plan, std::span<const Input> inputs);
  void runTasks(Plan &plan, size_t begin, size_t end);
  void runWithTaps(const format::Entry &entry, Plan &plan, const TapSink &sink);

  const Program &program;
  ThreadPool &pool;
  int64_t cacheCapacity;
  Layout cacheLayout;
  Mapping caches, arena;
  std::unordered_map<const format::Entry *, Plan> plans;
  CallSizes callSizes;               ///< of the call that runs; kernels read it
  const Plan *current = nullptr;     ///< of the last call
  std::vector<uint64_t> nanoseconds; ///< one a step of the call, when profiling
};

/// The processor, with the threads of one pool, which must outlive it.
class CpuMachine : public Machine {
public:
  explicit CpuMachine(ThreadPool &pool) : pool(pool) {}

  std::string_view name() const override { return "cpu"; }
  uint64_t largestArena() const override { return usualLargestArena; }
  std::unique_ptr<Executor> makeExecutor(const Program &program, uint64_t capacity,
                                         uint64_t arenaEstimate) override {
    return std::make_unique<CpuExecutor>(program, pool, capacity, arenaEstimate);
  }

private:
  ThreadPool &pool;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_CPUEXECUTOR_H
