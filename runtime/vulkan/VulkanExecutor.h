//===- VulkanExecutor.h - runs entries on a device --------------*- C++ -*-===//
//
// A call is one submission: it copies the call's sizes and inputs to the device, runs
// the steps one after the other, and copies the outputs back that are wanted. An entry's commands
// are recorded once and replayed as long as T and U stay what they were, and S crosses no kernel's
// `beyond`: what else changes is read from memory. So decoding records nothing and allocates nothing.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_VULKAN_VULKANEXECUTOR_H
#define HEDDLE_RUNTIME_VULKAN_VULKANEXECUTOR_H

#include "runtime/engine/Executor.h"
#include "runtime/engine/Layout.h"
#include "runtime/vulkan/DeviceProgram.h"

#include <map>
#include <unordered_map>

namespace heddle::vulkan {

class Recorder;

class VulkanExecutor : public Executor {
public:
  /// As Machine::makeExecutor; `shared` must be loaded and outlive it.
  VulkanExecutor(const Program &program, DeviceProgram &shared, uint64_t capacity);
  ~VulkanExecutor() override;

  void run(const format::Entry &entry, CallSizes sizes, const CallSizes &most, std::span<const Input> inputs,
           const TapSink *taps = nullptr, Wanted wanted = Wanted::Values) override;
  std::span<const float> output(const format::Value &value) override;
  void startProfile() override;

  /// Runs one step alone. `buffers`: for each of its bindings what it reads, of the length that the sizes
  /// give; gets what is there then. Weights' are of no account.
  void runAlone(const format::Entry &entry, uint32_t step, CallSizes sizes,
                std::span<const std::span<uint8_t>> buffers);

  uint64_t capacity() const override { return cacheCapacity; }
  uint64_t cacheBytes() const override { return cacheWindows.bytes(); }
  uint64_t arenaBytes() const override { return arena.size(); }
  const Program &getProgram() const override { return program; }

  /// How often commands have been recorded.
  uint64_t recordings = 0;

private:
  /// What recorded commands are good for.
  struct Recorded {
    int64_t tokens = -1, second = -1;
    int64_t sequence = -1; ///< where the copies depend on S
    int64_t running = -1;  ///< steps; as S grows more of them do
    bool taps = false, profiling = false, candidates = false;
    uint64_t generation = 0;
    bool operator==(const Recorded &) const = default;
  };

  /// An entry made ready for calls of at most `most`.
  struct Plan {
    CallSizes most;
    Layout layout;
    uint64_t scratchAt = 0, arenaBytes = 0; ///< in the arena
    std::vector<uint64_t> inputAt;          ///< in the upload buffer
    std::vector<uint64_t> outputAt, tapAt;  ///< in the download buffer
    uint64_t uploadBytes = 0, outputBytes = 0, tapBytes = 0;
    bool copiesSequence = false;           ///< some input, output or tap has an axis S
    std::vector<VkCommandBuffer> commands; ///< the batches
    size_t batches = 0;                    ///< so many of them are in use
    Recorded recorded;
    VkQueryPool queries = nullptr; ///< one more than steps
    std::vector<bool> fetched;     ///< for each output whether `download` has the last call's
  };

  Plan &prepare(const format::Entry &entry, const CallSizes &most, bool taps);
  void layOut(const format::Entry &entry, Plan &plan) const;
  void grow(Buffer &buffer, uint64_t bytes, MemoryKind kind, const char *name);
  const format::Kernel &kernelOf(const format::Step &step) const {
    return *Program::forDevices(program.description()).kernels()->Get(step.kernel());
  }
  int64_t countRunning(const format::Entry &entry, const CallSizes &sizes) const;
  uint32_t workgroupsOf(const format::Step &step, const CallSizes &sizes) const;

  void storeSizes(const CallSizes &sizes);
  std::vector<uint32_t> pushedWords(const format::Step &step, const Plan &plan, const Part &ofWeights,
                                    const Part &ofCaches) const;
  void dispatch(Recorder &recorder, const format::Step &step, const Plan &plan, uint32_t workgroups);
  void record(const format::Entry &entry, Plan &plan, const CallSizes &sizes, bool taps);
  void fetch(const format::Value &output, size_t number, Plan &plan);
  VkDescriptorSet setFor(int weightWindow, int cacheWindow);
  void write(VkDescriptorSet set, int weightWindow, int cacheWindow);
  void noteTimes(const format::Entry &entry, Plan &plan, const CallSizes &sizes);

  const Program &program;
  DeviceProgram &shared;
  Device &device;
  uint64_t cacheCapacity;
  CacheWindows cacheWindows;
  std::vector<Buffer> caches;
  Buffer arena, call, upload, download, nothing;
  uint64_t generation = 1; ///< changes when one of these buffers does
  VkDescriptorPool pool = nullptr;
  std::map<std::pair<int, int>, VkDescriptorSet> sets; ///< by the windows that they bind
  int weightWindow, cacheWindow;                       ///< that the last step bound; -1: none
  std::unordered_map<const format::Entry *, Plan> plans;
  VkCommandBuffer aside = nullptr;        ///< commands beside the entries'
  const format::Entry *current = nullptr; ///< of the last call
  CallSizes callSizes;                    ///< of the last call
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_VULKANEXECUTOR_H
