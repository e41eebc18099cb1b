//===- ThreadPool.h - runs lists of steps on several threads ----*- C++ -*-===//
//
// A list is run step by step: no piece of a step starts before all pieces of the step before are done. Within
// a step, threads take pieces of the grid as they come free: large shares first, then smaller ones. Results
// do not depend on who computed what, since pieces are independent of each other.
//
// A thread that waits spins for some microseconds and then sleeps; between lists all but the caller sleep
// soon. Nothing is allocated while a list runs.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_ENGINE_THREADPOOL_H
#define HEDDLE_RUNTIME_ENGINE_THREADPOOL_H

#include "runtime/abi/kernel.h"
#include "runtime/support/FileMap.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace heddle {

/// One kernel over its grid [0, grid).
struct Task {
  heddle_kernel kernel = nullptr;
  void *const *buffers = nullptr;
  const int64_t *sizes = nullptr;
  const float *scalars = nullptr;
  int64_t grid = 0;
  bool serial = false; ///< one thread runs the whole grid, in order
};

class ThreadPool {
public:
  /// `threads` includes the caller of `run`; at least 1, at most `mostThreads`. Throws Error when the system
  /// refuses a thread.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  static constexpr unsigned mostThreads = 1024;

  /// Makes room for lists of `steps` steps whose kernels take `scratch` bytes a thread. Not while a list
  /// runs.
  void reserve(size_t steps, uint64_t scratch);

  /// Runs the list and returns when it is done. `reserve` must have made room. With `nanoseconds` (as many as
  /// tasks) the time of each step is added there. One caller at a time.
  void run(std::span<const Task> tasks, uint64_t *nanoseconds = nullptr);

  unsigned size() const { return static_cast<unsigned>(workers.size()) + 1; }

private:
  /// How far a step is. On a cache line of its own.
  struct alignas(64) Progress {
    std::atomic<int64_t> next{0};      ///< first piece that nobody has taken
    std::atomic<int64_t> done{0};      ///< pieces that are computed
    std::atomic<uint32_t> finished{0}; ///< 1 when all are
  };

  void work(unsigned thread);
  bool join(uint32_t &seen);
  void runSteps(unsigned thread, uint64_t *nanoseconds);
  void runPieces(const Task &task, Progress &progress, unsigned thread);
  void stop();

  std::vector<std::thread> workers;
  std::unique_ptr<Progress[]> progress; ///< one a step
  size_t room = 0;
  Mapping scratch; ///< a share of scratchStride bytes for each thread
  uint64_t scratchStride = 0;

  std::span<const Task> list;
  alignas(64) std::atomic<uint32_t> epoch{0};  ///< odd: a list is open to join; changes wake the workers
  alignas(64) std::atomic<uint32_t> inside{0}; ///< workers that may look at the list
  std::atomic<bool> stopping{false};
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_THREADPOOL_H
