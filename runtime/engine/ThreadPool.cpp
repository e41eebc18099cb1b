//===- ThreadPool.cpp - runs lists of steps on several threads ------------===//

#include "runtime/engine/ThreadPool.h"

#include "runtime/program/Format.h"
#include "runtime/program/Sizes.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <system_error>

namespace heddle {

/// Turns of the waiting loop before a thread goes to sleep, some 40 ns each.
static constexpr int turnsBetweenSteps = 400;
static constexpr int turnsBetweenLists = 2000;

/// A thread takes 1/(shares x threads) of what is left of a grid.
static constexpr int64_t shares = 2;

static void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Waits until `value` is not `old`: awake at first, then asleep.
static void waitWhile(const std::atomic<uint32_t> &value, uint32_t old, int turns) {
  for (int turn = 0; turn < turns; ++turn) {
    if (value.load(std::memory_order_acquire) != old)
      return;
    pause();
  }
  while (value.load(std::memory_order_acquire) == old)
    value.wait(old, std::memory_order_acquire);
}

ThreadPool::ThreadPool(unsigned threads) {
  if (threads == 0 || threads > mostThreads)
    throw Error(fmt::format("the number of threads must be between 1 and {}, not {}", mostThreads, threads));
  workers.reserve(threads - 1);
  try {
    for (unsigned i = 1; i < threads; ++i)
      workers.emplace_back([this, i] { work(i); });
  } catch (const std::system_error &error) {
    stop();
    throw Error(fmt::format("the system refuses thread {} of {}: {}; try --threads", workers.size() + 2,
                            threads, error.what()));
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping.store(true, std::memory_order_release);
  epoch.fetch_add(2, std::memory_order_acq_rel);
  epoch.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::reserve(size_t steps, uint64_t bytes) {
  if (steps > room) {
    progress = std::make_unique<Progress[]>(steps);
    room = steps;
  }
  // A page between two threads' shares, so that they do not meet in a cache line or its prefetched neighbour.
  uint64_t stride = checkedSum(roundUp(bytes, 4096), 4096);
  if (bytes > 0 && stride > scratchStride) {
    scratch = Mapping::zeroes(checkedProduct(stride, size()), /*hugePages=*/false);
    scratchStride = stride;
  }
}

void ThreadPool::run(std::span<const Task> tasks, uint64_t *nanoseconds) {
  if (tasks.size() > room)
    throw Error("the thread pool has no room for this list");
  for (size_t i = 0; i < tasks.size(); ++i) {
    progress[i].next.store(0, std::memory_order_relaxed);
    progress[i].done.store(0, std::memory_order_relaxed);
    progress[i].finished.store(tasks[i].grid <= 0, std::memory_order_relaxed);
  }
  list = tasks;
  if (!workers.empty()) {
    epoch.fetch_add(1, std::memory_order_seq_cst); // open
    epoch.notify_all();
  }
  runSteps(0, nanoseconds);
  if (workers.empty())
    return;
  epoch.fetch_add(1, std::memory_order_seq_cst); // closed: who is not inside by now stays out
  for (uint32_t left; (left = inside.load(std::memory_order_seq_cst)) != 0;)
    waitWhile(inside, left, turnsBetweenLists);
}

/// Waits for a list that this worker has not seen. False when the pool stops.
bool ThreadPool::join(uint32_t &seen) {
  for (;;) {
    waitWhile(epoch, seen, turnsBetweenLists);
    // In this order: who has seen the last epoch knows that the pool stops; who has not will not sleep.
    seen = epoch.load(std::memory_order_seq_cst);
    if (stopping.load(std::memory_order_acquire))
      return false;
    if (seen % 2 == 0)
      continue;
    // Announce first, then look again: either the caller sees this worker inside, or it sees the list closed.
    inside.fetch_add(1, std::memory_order_seq_cst);
    if (epoch.load(std::memory_order_seq_cst) == seen)
      return true;
    if (inside.fetch_sub(1, std::memory_order_seq_cst) == 1)
      inside.notify_all();
  }
}

void ThreadPool::work(unsigned thread) {
  uint32_t seen = 0;
  while (join(seen)) {
    runSteps(thread, nullptr);
    inside.fetch_sub(1, std::memory_order_seq_cst);
    inside.notify_all();
  }
}

void ThreadPool::runSteps(unsigned thread, uint64_t *nanoseconds) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = nanoseconds ? Clock::now() : Clock::time_point();
  for (size_t i = 0; i < list.size(); ++i) {
    runPieces(list[i], progress[i], thread);
    waitWhile(progress[i].finished, 0, turnsBetweenSteps);
    if (nanoseconds) {
      Clock::time_point now = Clock::now();
      nanoseconds[i] += static_cast<uint64_t>(std::chrono::nanoseconds(now - start).count());
      start = now;
    }
  }
}

void ThreadPool::runPieces(const Task &task, Progress &step, unsigned thread) {
  heddle_call call{task.buffers, task.sizes, task.scalars, scratch.data() + thread * scratchStride, 1};
  int64_t divisor = workers.empty() || task.serial ? 1 : shares * static_cast<int64_t>(size());
  int64_t begin = step.next.load(std::memory_order_relaxed);
  while (begin < task.grid) {
    int64_t count = std::max<int64_t>((task.grid - begin) / divisor, 1);
    if (!step.next.compare_exchange_weak(begin, begin + count, std::memory_order_relaxed))
      continue;
    task.kernel(&call, begin, begin + count);
    call.first = 0;
    // Who computes the last piece has seen, by this addition, all that the others wrote.
    if (step.done.fetch_add(count, std::memory_order_acq_rel) + count == task.grid) {
      // Notifying looks for sleepers without a barrier before: it must not do so before this is to be seen.
      step.finished.store(1, std::memory_order_seq_cst);
      step.finished.notify_all();
    }
    begin = step.next.load(std::memory_order_relaxed);
  }
}

} // namespace heddle
