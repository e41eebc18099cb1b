//===- Recorder.h - records the commands of a call --------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_RECORDER_H
#define HEDDLE_RUNTIME_VULKAN_RECORDER_H

#include "runtime/vulkan/Buffer.h"

#include <optional>
#include <span>

namespace heddle::vulkan {

/// Puts copies and kernels into a command buffer, each kernel behind a barrier. Some kernels could overlap,
/// since they use different pieces of the arena; but all of them bind it whole, and to synchronisation
/// validation a buffer is one piece of memory.
class Recorder {
public:
  Recorder(Device &device, VkCommandBuffer commands, VkPipelineLayout layout)
      : device(device), commands(commands), layout(layout) {}

  /// `queries`, if any, gets `count` times.
  void begin(VkQueryPool queries, uint32_t count);
  void end();

  /// What follows goes to another command buffer, to be submitted behind this one.
  void goOnIn(VkCommandBuffer next);

  /// Notes the time when all that came before is done, if there are queries.
  void noteTime();

  /// Copies to the device, before kernels that read what is copied; and back, behind those that wrote it.
  void copyToDevice(const Buffer &from, uint64_t fromOffset, const Buffer &to, uint64_t toOffset,
                    uint64_t bytes);
  void copyFromDevice(const Buffer &from, uint64_t fromOffset, const Buffer &to, uint64_t toOffset,
                      uint64_t bytes);

  void dispatch(const char *name, VkPipeline pipeline, VkDescriptorSet set, std::span<const uint32_t> pushed,
                uint32_t workgroups);

private:
  enum class Kind { CopyToDevice, Kernel, CopyFromDevice };
  void follow(Kind kind);

  Device &device;
  VkCommandBuffer commands;
  VkPipelineLayout layout;
  std::optional<Kind> before;
  VkQueryPool queries = nullptr;
  uint32_t times = 0;
  VkPipeline boundPipeline = nullptr;
  VkDescriptorSet boundSet = nullptr;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_RECORDER_H
