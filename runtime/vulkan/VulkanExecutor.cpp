//===- VulkanExecutor.cpp - runs entries on a device ----------------------===//

#include "runtime/vulkan/VulkanExecutor.h"

#include "runtime/abi/vulkan.h"
#include "runtime/engine/Machine.h"
#include "runtime/engine/Memory.h"
#include "runtime/program/Format.h"
#include "runtime/vulkan/Recorder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace heddle::vulkan {

/// Scratch memory of all workgroups of a step.
static constexpr uint64_t mostScratch = 64 << 20;
/// Drivers give up on batches that take many seconds, as one with all of a long prompt may on a small device.
static constexpr uint32_t stepsOfBatch = 32;
static constexpr uint64_t sizesBytes = HEDDLE_SIZES * sizeof(int32_t);

VulkanExecutor::VulkanExecutor(const Program &program, DeviceProgram &shared, uint64_t capacity)
    : program(program), shared(shared), device(shared.getDevice()), cacheCapacity(capacity),
      cacheWindows(Program::forDevices(program.description()), capacity, device.facts.largestBuffer(),
                   device.facts.name) {
  // Not cleared: attention masks keys that nobody has written, and reads no values of theirs.
  for (uint64_t bytes : cacheWindows.windows())
    caches.emplace_back(device, std::max(bytes, bufferAlignment), MemoryKind::Device,
                        fmt::format("caches {}", caches.size()));
  call = Buffer(device, bufferAlignment, MemoryKind::Device, "sizes of the call");
  nothing = Buffer(device, bufferAlignment, MemoryKind::Device, "nothing");
  weightWindow = shared.weights().windows().empty() ? -1 : 0;
  cacheWindow = caches.empty() ? -1 : 0;

  // And none of either, for a step alone.
  uint32_t most = static_cast<uint32_t>((shared.weights().windows().size() + 1) * (caches.size() + 1));
  VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, most * HEDDLE_BINDS};
  auto info = structure<VkDescriptorPoolCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO);
  info.maxSets = most;
  info.poolSizeCount = 1;
  info.pPoolSizes = &size;
  check(device.vk.CreateDescriptorPool(device.handle, &info, nullptr, &pool),
        "cannot make a descriptor pool");
}

VulkanExecutor::~VulkanExecutor() {
  for (auto &[entry, plan] : plans)
    device.vk.DestroyQueryPool(device.handle, plan.queries, nullptr);
  device.vk.DestroyDescriptorPool(device.handle, pool, nullptr);
}

//===- Memory --------------------------------------------------------------===//

uint32_t VulkanExecutor::workgroupsOf(const format::Step &step, const CallSizes &sizes) const {
  const format::Kernel &kernel = kernelOf(step);
  uint64_t pieces = piecesOf(kernel, sizes), side = shared.pipelines().piecesOf(step.kernel());
  uint64_t count =
      std::min<uint64_t>((pieces + side - 1) / side, device.facts.limits.maxComputeWorkGroupCount[0]);
  if (kernel.serial())
    count = std::min<uint64_t>(count, 1);
  if (kernel.device_scratch() != 0)
    count = std::min(count, std::max<uint64_t>(mostScratch / kernel.device_scratch(), 1));
  return static_cast<uint32_t>(count);
}

/// How many steps' kernels do not wait for a longer text.
int64_t VulkanExecutor::countRunning(const format::Entry &entry, const CallSizes &sizes) const {
  return std::count_if(entry.steps()->begin(), entry.steps()->end(), [&](const format::Step *step) {
    return kernelOf(*step).beyond() < sizes[format::Param::S];
  });
}

/// Gives each value its place in a buffer that the processor sees, behind `bytes`; notes whether one has an
/// axis S.
template <typename List, typename ValueOf>
static std::vector<uint64_t> placeValues(const List *list, const CallSizes &most, uint64_t &bytes,
                                         bool &hasSequence, ValueOf valueOf) {
  std::vector<uint64_t> places;
  if (list)
    for (const auto *element : *list) {
      const format::Value &value = *valueOf(element);
      places.push_back(bytes);
      bytes =
          roundUp(checkedSum(bytes, checkedProduct(countOf(value, most), sizeof(float))), bufferAlignment);
      hasSequence |= hasAxis(value, format::Param::S);
    }
  return places;
}

void VulkanExecutor::layOut(const format::Entry &entry, Plan &plan) const {
  plan.layout = layOutArena(entry, plan.most);
  uint64_t scratch = 0;
  for (const format::Step *step : *entry.steps())
    scratch = std::max(scratch, workgroupsOf(*step, plan.most) * kernelOf(*step).device_scratch());
  plan.scratchAt = plan.layout.bytes;
  plan.arenaBytes = std::max(checkedSum(plan.layout.bytes, scratch), bufferAlignment);

  auto itself = [](const format::Value *value) { return value; };
  plan.uploadBytes = bufferAlignment; // the sizes
  plan.inputAt = placeValues(entry.inputs(), plan.most, plan.uploadBytes, plan.copiesSequence, itself);
  plan.outputBytes = 0;
  plan.outputAt = placeValues(entry.outputs(), plan.most, plan.outputBytes, plan.copiesSequence, itself);
  plan.tapBytes = plan.outputBytes;
  plan.tapAt = placeValues(entry.taps(), plan.most, plan.tapBytes, plan.copiesSequence,
                           [](const format::Tap *tap) { return tap->value(); });
}

void VulkanExecutor::grow(Buffer &buffer, uint64_t bytes, MemoryKind kind, const char *name) {
  if (bytes <= buffer.size())
    return;
  buffer = Buffer(); // the old one goes first; nothing in it outlives a call
  ++generation;
  current = nullptr;
  buffer = Buffer(device, bytes, kind, name);
  if (kind == MemoryKind::Device)
    clear(device, buffer);
}

VulkanExecutor::Plan &VulkanExecutor::prepare(const format::Entry &entry, const CallSizes &most, bool taps) {
  Plan &plan = plans[&entry];
  bool grows = plan.layout.offsets.empty();
  for (size_t i = 0; i < HEDDLE_SIZES; ++i)
    grows |= most.values[i] > plan.most.values[i];
  if (grows) {
    for (size_t i = 0; i < HEDDLE_SIZES; ++i)
      plan.most.values[i] = std::max(plan.most.values[i], most.values[i]);
    layOut(entry, plan);
    plan.recorded = {};
  }
  if (plan.arenaBytes > device.facts.largestBuffer())
    throw DeviceError(fmt::format(
        "this text needs {} for its activations, the device '{}' binds {} at most; try a "
        "shorter one",
        readableBytes(plan.arenaBytes), device.facts.name, readableBytes(device.facts.largestBuffer())));
  uint64_t before = generation;
  grow(upload, plan.uploadBytes, MemoryKind::Upload, "inputs");
  grow(download, taps ? plan.tapBytes : plan.outputBytes, MemoryKind::Download, "outputs");
  grow(arena, plan.arenaBytes, MemoryKind::Device, "activations");
  if (generation != before)
    for (const auto &[windows, set] : sets)
      write(set, windows.first, windows.second);
  if (profiling && !plan.queries) {
    auto info = structure<VkQueryPoolCreateInfo>(VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO);
    info.queryType = VK_QUERY_TYPE_TIMESTAMP;
    info.queryCount = entry.steps()->size() + 1;
    check(device.vk.CreateQueryPool(device.handle, &info, nullptr, &plan.queries), "cannot make timestamps");
  }
  return plan;
}

//===- Bindings ------------------------------------------------------------===//

/// The set that binds these windows; -1: none.
VkDescriptorSet VulkanExecutor::setFor(int weightWindow, int cacheWindow) {
  VkDescriptorSet &set = sets[{weightWindow, cacheWindow}];
  if (set)
    return set;
  VkDescriptorSetLayout layout = shared.pipelines().setLayout();
  auto info = structure<VkDescriptorSetAllocateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO);
  info.descriptorPool = pool;
  info.descriptorSetCount = 1;
  info.pSetLayouts = &layout;
  check(device.vk.AllocateDescriptorSets(device.handle, &info, &set), "cannot bind buffers");
  write(set, weightWindow, cacheWindow);
  return set;
}

void VulkanExecutor::write(VkDescriptorSet set, int weightWindow, int cacheWindow) {
  VkDescriptorBufferInfo buffers[HEDDLE_BINDS] = {};
  buffers[HEDDLE_BIND_ARENA].buffer = arena.get();
  buffers[HEDDLE_BIND_WEIGHTS].buffer =
      weightWindow < 0 ? nothing.get() : shared.weightBuffer(weightWindow).get();
  buffers[HEDDLE_BIND_CACHES].buffer =
      cacheWindow < 0 ? nothing.get() : caches[static_cast<size_t>(cacheWindow)].get();
  buffers[HEDDLE_BIND_CALL].buffer = call.get();
  VkWriteDescriptorSet writes[HEDDLE_BINDS] = {};
  for (uint32_t i = 0; i < HEDDLE_BINDS; ++i) {
    buffers[i].range = VK_WHOLE_SIZE;
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    writes[i].pBufferInfo = &buffers[i];
  }
  device.vk.UpdateDescriptorSets(device.handle, HEDDLE_BINDS, writes, 0, nullptr);
}

//===- Calls ---------------------------------------------------------------===//

/// Where the device gets them from.
void VulkanExecutor::storeSizes(const CallSizes &sizes) {
  for (size_t i = 0; i < HEDDLE_SIZES; ++i) {
    auto size = static_cast<int32_t>(std::min<int64_t>(sizes.values[i], INT32_MAX));
    std::memcpy(upload.data() + i * sizeof size, &size, sizeof size);
  }
}

void VulkanExecutor::run(const format::Entry &entry, CallSizes sizes, const CallSizes &most,
                         std::span<const Input> inputs, const TapSink *taps, Wanted wanted) {
  CallSizes largest = most;
  sizes.capacity() = largest.capacity() = static_cast<int64_t>(cacheCapacity);
  bool withTaps = taps && entry.taps();
  Plan &plan = prepare(entry, largest, withTaps);
  storeSizes(sizes);
  for (uint32_t i = 0; i < plan.inputAt.size(); ++i)
    fillInput(*entry.inputs()->Get(i), sizes, inputs, upload.data() + plan.inputAt[i]);

  bool candidates = wanted == Wanted::Candidates &&
                    std::any_of(entry.outputs()->begin(), entry.outputs()->end(),
                                [](const format::Value *output) { return Program::isCandidate(*output); });
  plan.fetched.resize(entry.outputs()->size());
  for (uint32_t i = 0; i < plan.fetched.size(); ++i)
    plan.fetched[i] = Program::isCandidate(*entry.outputs()->Get(i)) == candidates;
  Recorded now{sizes.tokens(),
               sizes.second(),
               plan.copiesSequence ? sizes.sequence() : -1,
               countRunning(entry, sizes),
               withTaps,
               profiling,
               candidates,
               generation};
  if (plan.recorded != now) {
    plan.recorded = {}; // should recording fail
    record(entry, plan, sizes, withTaps);
    plan.recorded = now;
  }
  device.run(std::span(plan.commands).first(plan.batches));
  current = &entry;
  callSizes = sizes;
  if (profiling)
    noteTimes(entry, plan, sizes);
  if (withTaps)
    for (uint32_t i = 0; i < plan.tapAt.size(); ++i) {
      const format::Tap &tap = *entry.taps()->Get(i);
      (*taps)(tap, {reinterpret_cast<const float *>(download.data() + plan.tapAt[i]),
                    countOf(*tap.value(), sizes)});
    }
}

/// Copies back an output of the last call that was not wanted then.
void VulkanExecutor::fetch(const format::Value &output, size_t number, Plan &plan) {
  if (!aside)
    aside = device.makeCommands();
  Recorder recorder(device, aside, shared.pipelines().layout());
  recorder.begin(nullptr, 0);
  recorder.copyFromDevice(arena, plan.layout.offsets[output.slot()], download, plan.outputAt[number],
                          countOf(output, callSizes) * sizeof(float));
  recorder.end();
  device.run(std::span(&aside, 1));
  plan.fetched[number] = true;
}

std::span<const float> VulkanExecutor::output(const format::Value &value) {
  if (!current)
    throw Error("nothing has been computed yet");
  for (uint32_t i = 0; i < current->outputs()->size(); ++i)
    if (current->outputs()->Get(i) == &value) {
      Plan &plan = plans.at(current);
      if (!plan.fetched[i])
        fetch(value, i, plan);
      const uint8_t *data = download.data() + plan.outputAt[i];
      return {reinterpret_cast<const float *>(data), countOf(value, callSizes)};
    }
  throw Error(fmt::format("'{}' is not an output of the last call", value.name()->string_view()));
}

//===- Commands ------------------------------------------------------------===//

/// What abi/vulkan.h has a step's kernel get for a part of it.
std::vector<uint32_t> VulkanExecutor::pushedWords(const format::Step &step, const Plan &plan,
                                                  const Part &ofWeights, const Part &ofCaches) const {
  std::vector<uint32_t> words;
  auto pushAddress = [&](int64_t bytes) {
    words.push_back(static_cast<uint32_t>(bytes / static_cast<int64_t>(sizeof(uint32_t))));
  };
  if (step.bindings())
    for (const format::Binding *binding : *step.bindings())
      switch (binding->space()) {
      case format::Space::Arena:
        pushAddress(static_cast<int64_t>(plan.layout.offsets[binding->index()]));
        break;
      case format::Space::Cache:
        pushAddress(cacheWindows.offsetOf(ofCaches, *binding));
        break;
      case format::Space::Weights:
        pushAddress(shared.weights().offsetOf(ofWeights, *binding));
        break;
      }
  std::vector<float> scalars;
  if (step.scalars())
    scalars.assign(step.scalars()->begin(), step.scalars()->end());
  for (const Part &part : {ofWeights, ofCaches})
    if (part.rows) {
      scalars.end()[-2] = static_cast<float>(part.first);
      scalars.end()[-1] = static_cast<float>(part.rows);
    }
  for (float scalar : scalars)
    words.push_back(std::bit_cast<uint32_t>(scalar));
  if (kernelOf(step).device_scratch() != 0)
    pushAddress(static_cast<int64_t>(plan.scratchAt));
  return words;
}

/// A step's kernel, for each part of what it uses. What needs no window takes the one that is bound.
void VulkanExecutor::dispatch(Recorder &recorder, const format::Step &step, const Plan &plan,
                              uint32_t workgroups) {
  for (const Part &ofWeights : shared.weights().partsOf(step))
    for (const Part &ofCaches : cacheWindows.partsOf(step)) {
      if (ofWeights.window >= 0)
        weightWindow = ofWeights.window;
      if (ofCaches.window >= 0)
        cacheWindow = ofCaches.window;
      recorder.dispatch(kernelOf(step).name()->c_str(), shared.pipelines().of(step.kernel()),
                        setFor(weightWindow, cacheWindow), pushedWords(step, plan, ofWeights, ofCaches),
                        workgroups);
    }
}

void VulkanExecutor::record(const format::Entry &entry, Plan &plan, const CallSizes &sizes, bool taps) {
  ++recordings;
  CallSizes recordedFor = plan.most; // S may grow up to what it is there
  recordedFor.tokens() = sizes.tokens();
  recordedFor.second() = sizes.second();
  auto nextBatch = [&] {
    if (plan.batches == plan.commands.size())
      plan.commands.push_back(device.makeCommands());
    return plan.commands[plan.batches++];
  };
  plan.batches = 0;
  Recorder recorder(device, nextBatch(), shared.pipelines().layout());

  recorder.begin(profiling ? plan.queries : nullptr, entry.steps()->size() + 1);
  recorder.copyToDevice(upload, 0, call, 0, sizesBytes);
  for (uint32_t i = 0; i < plan.inputAt.size(); ++i) {
    const format::Value &input = *entry.inputs()->Get(i);
    recorder.copyToDevice(upload, plan.inputAt[i], arena, plan.layout.offsets[input.slot()],
                          countOf(input, sizes) * sizeof(float));
  }
  auto copyTaps = [&](uint32_t done) {
    for (uint32_t i = 0; taps && i < plan.tapAt.size(); ++i)
      if (const format::Tap &tap = *entry.taps()->Get(i); tap.after() == done)
        recorder.copyFromDevice(arena, plan.layout.offsets[tap.value()->slot()], download, plan.tapAt[i],
                                countOf(*tap.value(), sizes) * sizeof(float));
  };

  recorder.noteTime();
  for (uint32_t i = 0; i < entry.steps()->size(); ++i) {
    copyTaps(i);
    if (i > 0 && i % stepsOfBatch == 0 && sizes.tokens() > 1)
      recorder.goOnIn(nextBatch());
    const format::Step &step = *entry.steps()->Get(i);
    const format::Kernel &kernel = kernelOf(step);
    dispatch(recorder, step, plan, piecesOf(kernel, sizes) == 0 ? 0 : workgroupsOf(step, recordedFor));
    recorder.noteTime();
  }
  copyTaps(entry.steps()->size());
  for (uint32_t i = 0; i < plan.outputAt.size(); ++i) {
    const format::Value &output = *entry.outputs()->Get(i);
    if (!plan.fetched[i])
      continue;
    recorder.copyFromDevice(arena, plan.layout.offsets[output.slot()], download, plan.outputAt[i],
                            countOf(output, sizes) * sizeof(float));
  }
  recorder.end();
}

void VulkanExecutor::runAlone(const format::Entry &entry, uint32_t number, CallSizes sizes,
                              std::span<const std::span<uint8_t>> buffers) {
  const format::Step &step = *entry.steps()->Get(number);
  sizes.capacity() = static_cast<int64_t>(cacheCapacity);
  Plan &plan = prepare(entry, sizes, false);
  uint64_t bytes = bufferAlignment;
  for (std::span<uint8_t> buffer : buffers)
    bytes += roundUp(buffer.size(), bufferAlignment);
  grow(upload, bytes, MemoryKind::Upload, "inputs");
  grow(download, bytes, MemoryKind::Download, "outputs");
  current = nullptr; // the arena is no call's any more
  storeSizes(sizes);

  if (!aside)
    aside = device.makeCommands();
  Recorder recorder(device, aside, shared.pipelines().layout());
  recorder.begin(nullptr, 0);
  recorder.copyToDevice(upload, 0, call, 0, sizesBytes);
  auto eachBuffer = [&](auto visit) {
    uint64_t at = bufferAlignment;
    for (uint32_t i = 0; i < buffers.size(); ++i) {
      const format::Binding &binding = *step.bindings()->Get(i);
      if (binding.space() == format::Space::Arena)
        visit(buffers[i], at, arena, plan.layout.offsets[binding.index()]);
      for (const Part &part : cacheWindows.partsOf(step))
        if (binding.space() == format::Space::Cache) {
          auto [from, bytes] = cacheWindows.rangeOf(part, binding, buffers[i].size());
          visit(buffers[i].subspan(from, bytes), at + from, caches[static_cast<size_t>(part.window)],
                static_cast<uint64_t>(cacheWindows.offsetOf(part, binding)) + from);
        }
      at += roundUp(buffers[i].size(), bufferAlignment);
    }
  };
  eachBuffer([&](std::span<uint8_t> buffer, uint64_t at, const Buffer &memory, uint64_t offset) {
    std::memcpy(upload.data() + at, buffer.data(), buffer.size());
    recorder.copyToDevice(upload, at, memory, offset, buffer.size());
  });
  dispatch(recorder, step, plan, workgroupsOf(step, sizes));
  eachBuffer([&](std::span<uint8_t> buffer, uint64_t at, const Buffer &memory, uint64_t offset) {
    recorder.copyFromDevice(memory, offset, download, at, buffer.size());
  });
  recorder.end();
  device.run(std::span(&aside, 1));
  eachBuffer([&](std::span<uint8_t> buffer, uint64_t at, const Buffer &, uint64_t) {
    std::memcpy(buffer.data(), download.data() + at, buffer.size());
  });
}

//===- Times ---------------------------------------------------------------===//

void VulkanExecutor::startProfile() {
  if (device.facts.timestampBits == 0)
    throw Error(fmt::format("the device '{}' has no clock: kernels cannot be timed", device.facts.name));
  Executor::startProfile();
}

void VulkanExecutor::noteTimes(const format::Entry &entry, Plan &plan, const CallSizes &sizes) {
  std::vector<uint64_t> ticks(entry.steps()->size() + 1);
  check(device.vk.GetQueryPoolResults(device.handle, plan.queries, 0, static_cast<uint32_t>(ticks.size()),
                                      ticks.size() * sizeof(uint64_t), ticks.data(), sizeof(uint64_t),
                                      VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
        "cannot read timestamps");
  uint64_t mask =
      device.facts.timestampBits >= 64 ? UINT64_MAX : (uint64_t(1) << device.facts.timestampBits) - 1;
  std::vector<uint64_t> nanoseconds;
  for (size_t i = 0; i + 1 < ticks.size(); ++i)
    nanoseconds.push_back(static_cast<uint64_t>(static_cast<double>((ticks[i + 1] - ticks[i]) & mask) *
                                                static_cast<double>(device.facts.limits.timestampPeriod)));
  profiles[&entry].add(entry, sizes, nanoseconds);
}

} // namespace heddle::vulkan
