//===- Recorder.h - records the commands of a call --------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_RECORDER_H
#define HEDDLE_RUNTIME_VULKAN_RECORDER_H

#include "runtime/vulkan/Buffer.h"
#include "runtime/vulkan/Hazards.h"

namespace heddle::vulkan {

/// Puts copies and kernels into a command buffer, with a barrier wherever one depends on another.
class Recorder {
public:
  /// `memories`: how many pieces of memory the accesses tell apart.
  Recorder(Device &device, VkCommandBuffer commands, VkPipelineLayout layout, size_t memories)
      : device(device), commands(commands), layout(layout), hazards(memories) {}

  /// `queries`, if any, gets the time before the first kernel and after each: `count` of them. Kernels do not
  /// overlap then.
  void begin(VkQueryPool queries, uint32_t count);
  void end();

  /// Notes the time before the first kernel.
  void startClock();

  /// Copies that write, or read, the piece of memory `memory`.
  void copyToDevice(const Buffer &from, uint64_t fromOffset, const Buffer &to, uint64_t toOffset,
                    uint64_t bytes, size_t memory);
  void copyFromDevice(const Buffer &from, uint64_t fromOffset, const Buffer &to, uint64_t toOffset,
                      uint64_t bytes, size_t memory);

  void dispatch(const char *name, VkPipeline pipeline, VkDescriptorSet set, std::span<const uint32_t> pushed,
                uint32_t workgroups, std::span<const Access> accesses);

private:
  void order(std::span<const Access> accesses);
  void noteTime();

  Device &device;
  VkCommandBuffer commands;
  VkPipelineLayout layout;
  Hazards hazards;
  VkQueryPool queries = nullptr;
  uint32_t times = 0;
  VkPipeline boundPipeline = nullptr;
  VkDescriptorSet boundSet = nullptr;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_RECORDER_H
