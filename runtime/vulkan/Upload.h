//===- Upload.h - brings weights to a device --------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_UPLOAD_H
#define HEDDLE_RUNTIME_VULKAN_UPLOAD_H

#include "runtime/vulkan/Buffer.h"

#include <array>

namespace heddle::vulkan {

/// Copies memory to a device's buffers: straight where the processor sees them, else through two staging
/// buffers; while the device empties one, the other is filled.
class Upload {
public:
  explicit Upload(Device &device) : device(device) {}
  ~Upload();
  Upload(const Upload &) = delete;
  Upload &operator=(const Upload &) = delete;

  /// Bytes from `source` to `target` at `offset`. Done for certain after `finish` only.
  void add(const uint8_t *source, uint64_t bytes, const Buffer &target, uint64_t offset);

  /// Returns when all is on the device.
  void finish();

private:
  struct Half {
    Buffer staging;
    VkCommandBuffer commands = nullptr;
    VkFence fence = nullptr;
    uint64_t filled = 0;
    bool recording = false, running = false;
  };

  Half &open();
  void flush();
  void await(Half &half);

  Device &device;
  std::array<Half, 2> halves;
  size_t current = 0;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_UPLOAD_H
