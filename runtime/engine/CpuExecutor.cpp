//===- CpuExecutor.cpp - runs entries on the processor --------------------===//

#include "runtime/engine/CpuExecutor.h"

#include "runtime/engine/Memory.h"
#include "runtime/program/Format.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <fmt/format.h>

namespace heddle {

CpuExecutor::CpuExecutor(const Program &program, ThreadPool &pool, uint64_t capacity, uint64_t arenaEstimate)
    : program(program), pool(pool), cacheCapacity(static_cast<int64_t>(capacity)),
      cacheLayout(layOutCaches(program.description(), capacity)) {
  uint64_t needed = checkedSum(cacheLayout.bytes, arenaEstimate), available = availableMemory();
  if (needed > available)
    throw Error(fmt::format("not enough memory: a context of {} tokens needs {} ({} for its cache, {} for "
                            "activations), {} is available; try a smaller --context",
                            capacity, readableBytes(needed), readableBytes(cacheLayout.bytes),
                            readableBytes(arenaEstimate), readableBytes(available)));
  // No large pages: they would make memory of a cache resident long before it is used.
  caches = Mapping::zeroes(cacheLayout.bytes, /*hugePages=*/false);

  uint64_t scratch = 0, steps = 0;
  for (const format::Kernel *kernel : *program.description().kernels())
    scratch = std::max(scratch, kernel->scratch());
  for (const format::Entry *entry : *program.description().entries())
    steps = std::max<uint64_t>(steps, entry->steps()->size());
  pool.reserve(steps, scratch);
}

void CpuExecutor::growArena(uint64_t bytes) {
  if (bytes <= arena.size())
    return;
  uint64_t available = checkedSum(std::min(availableMemory(), uint64_t(1) << 60), arena.size());
  if (bytes > available)
    throw Error(
        fmt::format("not enough memory: this text needs {} for its activations, {} is available; try a "
                    "shorter one",
                    readableBytes(bytes), readableBytes(available)));
  arena = Mapping(); // the old one goes first; nothing in it outlives a call
  current = nullptr;
  arena = Mapping::zeroes(bytes, /*hugePages=*/bytes >= (2 << 20));
}

void *CpuExecutor::resolve(const format::Binding &binding, const Layout &layout) const {
  switch (binding.space()) {
  case format::Space::Arena:
    return arena.data() + layout.offsets[binding.index()];
  case format::Space::Cache:
    return caches.data() + cacheLayout.offsets[binding.index()];
  case format::Space::Weights:
    break;
  }
  return const_cast<uint8_t *>(program.weights()) + binding.index(); // read-only memory; kernels only read it
}

void CpuExecutor::bind(const format::Entry &entry, Plan &plan) const {
  size_t count = 0;
  for (const format::Step *step : *entry.steps())
    count += step->bindings() ? step->bindings()->size() : 0;
  plan.buffers.clear();
  plan.buffers.reserve(count); // tasks point into it
  plan.tasks.clear();
  for (const format::Step *step : *entry.steps()) {
    Task task;
    task.kernel = program.kernels()->kernels[step->kernel()];
    task.buffers = plan.buffers.data() + plan.buffers.size();
    task.sizes = callSizes.values.data();
    task.scalars = step->scalars() ? step->scalars()->data() : nullptr;
    task.serial = program.description().kernels()->Get(step->kernel())->serial();
    plan.tasks.push_back(task);
    if (step->bindings())
      for (const format::Binding *binding : *step->bindings())
        plan.buffers.push_back(resolve(*binding, plan.layout));
  }
  plan.arena = arena.data();
}

CpuExecutor::Plan &CpuExecutor::prepare(const format::Entry &entry, const CallSizes &most) {
  Plan &plan = plans[&entry];
  bool grows = plan.layout.offsets.empty();
  for (size_t i = 0; i < HEDDLE_SIZES; ++i)
    grows |= most.values[i] > plan.most.values[i];
  if (grows) {
    for (size_t i = 0; i < HEDDLE_SIZES; ++i)
      plan.most.values[i] = std::max(plan.most.values[i], most.values[i]);
    plan.layout = layOutArena(entry, plan.most);
  }
  growArena(checkedSum(plan.layout.bytes, bufferAlignment));
  if (grows || plan.arena != arena.data() || plan.tasks.empty())
    bind(entry, plan);
  return plan;
}

void CpuExecutor::fill(const format::Entry &entry, const Plan &plan, std::span<const Input> inputs) {
  if (entry.inputs())
    for (const format::Value *value : *entry.inputs())
      fillInput(*value, callSizes, inputs, arena.data() + plan.layout.offsets[value->slot()]);
}

void CpuExecutor::runTasks(Plan &plan, size_t begin, size_t end) {
  pool.run(std::span(plan.tasks).subspan(begin, end - begin),
           profiling ? nanoseconds.data() + begin : nullptr);
}

void CpuExecutor::run(const format::Entry &entry, CallSizes sizes, const CallSizes &most,
                      std::span<const Input> inputs, const TapSink *taps, Wanted) {
  CallSizes largest = most;
  sizes.capacity() = largest.capacity() = cacheCapacity;
  Plan &plan = prepare(entry, largest);
  callSizes = sizes;
  fill(entry, plan, inputs);
  for (size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto &kernel = *program.description().kernels()->Get(entry.steps()->Get(i)->kernel());
    plan.tasks[i].grid = static_cast<int64_t>(piecesOf(kernel, callSizes));
  }
  current = &plan;

  if (profiling)
    nanoseconds.assign(plan.tasks.size(), 0);
  if (taps && entry.taps())
    runWithTaps(entry, plan, *taps);
  else
    runTasks(plan, 0, plan.tasks.size());
  if (profiling)
    profiles[&entry].add(entry, callSizes, nanoseconds);
}

/// Taps see their slot right after their step: later steps may use the same memory.
void CpuExecutor::runWithTaps(const format::Entry &entry, Plan &plan, const TapSink &sink) {
  for (size_t done = 0;; ++done) {
    for (const format::Tap *tap : *entry.taps())
      if (tap->after() == done)
        sink(*tap, output(*tap->value()));
    if (done == plan.tasks.size())
      return;
    runTasks(plan, done, done + 1);
  }
}

std::span<const float> CpuExecutor::output(const format::Value &value) {
  if (!current)
    throw Error("nothing has been computed yet");
  const uint8_t *slot = arena.data() + current->layout.offsets[value.slot()];
  return {reinterpret_cast<const float *>(slot), countOf(value, callSizes)};
}

} // namespace heddle
