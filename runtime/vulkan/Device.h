//===- Device.h - a device that is open -------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_DEVICE_H
#define HEDDLE_RUNTIME_VULKAN_DEVICE_H

#include "runtime/vulkan/DeviceFacts.h"

#include <functional>
#include <span>
#include <string>

namespace heddle::vulkan {

/// A device with its one queue. One thread at a time, but for the functions of `vk`.
class Device {
public:
  /// Throws DeviceError when it cannot be opened. The instance must outlive it.
  Device(const Instance &instance, const DeviceFacts &facts);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const DeviceFacts facts;
  VkDevice handle = nullptr;
  DeviceFunctions vk;

  /// A command buffer that lives as long as the device; beginning it again resets it.
  VkCommandBuffer makeCommands();

  /// Begins and ends a command buffer; it may be submitted any number of times.
  void begin(VkCommandBuffer commands);
  void end(VkCommandBuffer commands);

  VkFence makeFence(); ///< to be destroyed by the caller

  /// Hands commands to the device in one submission of as many batches, in order. It signals `fence` when all
  /// are done. Throws DeviceError when it is lost.
  void submit(std::span<const VkCommandBuffer> commands, VkFence fence);

  /// Waits for the fence and resets it. Throws DeviceError when the device is lost.
  void wait(VkFence fence);

  /// Submits, and returns when all is done.
  void run(std::span<const VkCommandBuffer> commands);

  /// Records commands, runs them, and waits.
  void runOnce(const std::function<void(VkCommandBuffer)> &record);

  /// Copies and kernels behind this see what copies and kernels before it have written, and do not overwrite
  /// what those still read.
  void barrier(VkCommandBuffer commands);

  /// Names an object for tools.
  void name(VkObjectType type, uint64_t object, const std::string &name);

  /// How often commands have been submitted, and memory been allocated.
  uint64_t submissions = 0, allocations = 0;

  /// Bytes of memory allocated now.
  uint64_t bytes = 0;

private:
  VkQueue queue = nullptr;
  VkCommandPool pool = nullptr;
  VkFence fence = nullptr;
  VkCommandBuffer once = nullptr;
  std::vector<VkSubmitInfo> batches; ///< of the submission; here so that none is allocated
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_DEVICE_H
