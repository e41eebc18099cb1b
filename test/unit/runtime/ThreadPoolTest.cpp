//===- ThreadPoolTest.cpp - lists of steps on several threads -------------===//

#include "runtime/engine/ThreadPool.h"

#include "runtime/support/Error.h"

#include <atomic>
#include <gtest/gtest.h>

using namespace heddle;

namespace {

/// buffers: from [grid], to [grid]; to[i] = from[grid - 1 - i] + 1: wrong at once if a step begins too early.
void reverseAndCount(const heddle_call *call, int64_t begin, int64_t end) {
  int64_t grid = call->sizes[0];
  for (int64_t i = begin; i < end; ++i)
    static_cast<int64_t *>(call->buffers[1])[i] =
        static_cast<const int64_t *>(call->buffers[0])[grid - 1 - i] + 1;
}

/// buffers: list [grid], a counter; notes in which order pieces came.
void appendOrder(const heddle_call *call, int64_t begin, int64_t end) {
  auto &count = *static_cast<int64_t *>(call->buffers[1]);
  for (int64_t i = begin; i < end; ++i)
    static_cast<int64_t *>(call->buffers[0])[count++] = i;
}

/// buffers: the addresses of scratch memory seen [grid].
void noteScratch(const heddle_call *call, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    *static_cast<int64_t *>(call->scratch) = i;
    static_cast<void **>(call->buffers[0])[i] = call->scratch;
  }
}

/// buffers: a flag [grid]. Scratch: what the thread wrote at its first call of the step.
void fillOnce(const heddle_call *call, int64_t begin, int64_t end) {
  auto &filled = *static_cast<const void **>(call->scratch);
  if (call->first)
    filled = call->buffers[0];
  for (int64_t i = begin; i < end; ++i)
    static_cast<int64_t *>(call->buffers[0])[i] = filled == call->buffers[0];
}

struct Chain {
  Chain(int64_t grid, size_t steps) : first(grid), second(grid) {
    sizes[0] = grid;
    forth[0] = back[1] = first.data();
    forth[1] = back[0] = second.data();
    for (size_t i = 0; i < steps; ++i) {
      Task task;
      task.kernel = reverseAndCount;
      task.buffers = i % 2 == 0 ? forth : back;
      task.sizes = sizes;
      task.grid = grid;
      tasks.push_back(task);
    }
  }
  std::vector<int64_t> first, second;
  void *forth[2], *back[2];
  int64_t sizes[HEDDLE_SIZES] = {};
  std::vector<Task> tasks;
};

TEST(ThreadPool, StepsWaitForEachOther) {
  for (unsigned threads : {1u, 2u, 3u, 8u})
    for (int64_t grid : {1, 2, 7, 64, 1000}) {
      ThreadPool pool(threads);
      Chain chain(grid, 100);
      pool.reserve(chain.tasks.size(), 0);
      for (int round = 1; round <= 20; ++round) {
        pool.run(chain.tasks);
        for (int64_t value : chain.first)
          ASSERT_EQ(value, 100 * round) << threads << " threads, grid " << grid;
      }
    }
}

/// Workers may be anywhere on their way to sleep when the pool ends, and must not sleep through it.
TEST(ThreadPool, EndsWhileWorkersFallAsleep) {
  for (int round = 0; round < 20000; ++round) {
    ThreadPool pool(2 + round % 3);
    Chain chain(2, 1);
    pool.reserve(chain.tasks.size(), 0);
    for (int list = 0; list < 3; ++list)
      pool.run(chain.tasks);
  }
}

TEST(ThreadPool, FirstCallsOfAStepAreMarked) {
  for (unsigned threads : {1u, 3u}) {
    ThreadPool pool(threads);
    std::vector<std::vector<int64_t>> flags(50, std::vector<int64_t>(40));
    std::vector<void *> buffers;
    for (std::vector<int64_t> &flag : flags)
      buffers.push_back(flag.data());
    std::vector<Task> tasks;
    for (void *&buffer : buffers) {
      Task task;
      task.kernel = fillOnce;
      task.buffers = &buffer;
      task.grid = 40;
      tasks.push_back(task);
    }
    pool.reserve(tasks.size(), sizeof(void *));
    pool.run(tasks);
    for (const std::vector<int64_t> &flag : flags)
      EXPECT_EQ(flag, std::vector<int64_t>(40, 1)) << threads << " threads";
  }
}

TEST(ThreadPool, EmptyGridsAndListsAreDoneAtOnce) {
  ThreadPool pool(3);
  Chain chain(0, 5);
  pool.reserve(5, 0);
  pool.run(chain.tasks);
  pool.run({});
}

TEST(ThreadPool, SerialStepsRunInOrder) {
  ThreadPool pool(4);
  pool.reserve(1, 0);
  std::vector<int64_t> order(500);
  int64_t count = 0;
  void *buffers[] = {order.data(), &count};
  Task task;
  task.kernel = appendOrder;
  task.buffers = buffers;
  task.grid = 500;
  task.serial = true;
  pool.run(std::span(&task, 1));
  ASSERT_EQ(count, 500);
  for (int64_t i = 0; i < count; ++i)
    EXPECT_EQ(order[i], i);
}

TEST(ThreadPool, ScratchMemoryIsAlignedAndNotShared) {
  ThreadPool pool(4);
  pool.reserve(1, 100);
  std::vector<void *> seen(1000);
  void *buffers[] = {seen.data()};
  Task task;
  task.kernel = noteScratch;
  task.buffers = buffers;
  task.grid = 1000;
  for (int round = 0; round < 50; ++round)
    pool.run(std::span(&task, 1));
  for (void *address : seen)
    EXPECT_EQ(reinterpret_cast<uintptr_t>(address) % 64, 0u);
}

TEST(ThreadPool, TimesAreAddedUp) {
  ThreadPool pool(2);
  Chain chain(1000, 4);
  pool.reserve(4, 0);
  std::vector<uint64_t> nanoseconds(4, 1);
  pool.run(chain.tasks, nanoseconds.data());
  for (uint64_t time : nanoseconds)
    EXPECT_GT(time, 1u);
}

TEST(ThreadPool, RefusesNoThreadsAndLongLists) {
  EXPECT_THROW(ThreadPool(0), Error);
  EXPECT_THROW(ThreadPool(100000), Error);
  ThreadPool pool(1);
  Chain chain(1, 3);
  EXPECT_THROW(pool.run(chain.tasks), Error);
}

} // namespace
