//===- Buffer.h - a device's memory -----------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_BUFFER_H
#define HEDDLE_RUNTIME_VULKAN_BUFFER_H

#include "runtime/vulkan/Device.h"

#include <optional>

namespace heddle::vulkan {

enum class MemoryKind {
  Device,  ///< where kernels work
  Weights, ///< the same, and written by the processor where it sees such memory
  Upload,  ///< written by the processor, copied from
  Download ///< copied to, read by the processor
};

/// A buffer with memory of its own. Moves; freed with the object.
class Buffer {
public:
  Buffer() = default;
  /// `bytes` (0: none) and 64 more, that kernels may read beyond the end. `name`: for tools, and for the
  /// message when memory is short, which is a DeviceError. The device must outlive it.
  Buffer(Device &device, uint64_t bytes, MemoryKind kind, const std::string &name);
  /// A buffer in `bytes` of the processor's own memory that begin at a page; they are only read, and must
  /// outlive it. For devices that have facts.pageBytes; nothing where the driver will not have these pages.
  static std::optional<Buffer> ofPages(Device &device, const uint8_t *pages, uint64_t bytes,
                                       const std::string &name);
  Buffer(Buffer &&other) noexcept;
  Buffer &operator=(Buffer &&other) noexcept;
  ~Buffer();

  VkBuffer get() const { return buffer; }
  uint64_t size() const { return bytes; }  ///< without the 64
  uint8_t *data() const { return mapped; } ///< null where the processor does not see it, for Device and pages

private:
  VkResult make(Device &device, uint64_t bytes, MemoryKind kind, const uint8_t *pages);

  Device *device = nullptr;
  VkBuffer buffer = nullptr;
  VkDeviceMemory memory = nullptr;
  uint64_t bytes = 0, allocated = 0;
  uint8_t *mapped = nullptr;
};

/// Copies `bytes` (0: nothing).
void copy(Device &device, VkCommandBuffer commands, const Buffer &from, uint64_t fromOffset, const Buffer &to,
          uint64_t toOffset, uint64_t bytes);

/// Fills a buffer from `offset` on, and the 64 bytes behind it, with zeroes, so that what kernels read beside
/// their data is the same in every run.
void clear(Device &device, const Buffer &buffer, uint64_t offset = 0);

/// Bytes that the device's own memory has room for, as far as can be found out.
uint64_t availableMemory(const Instance &instance, const DeviceFacts &facts);

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_BUFFER_H
