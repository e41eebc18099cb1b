//===- Upload.cpp - brings weights to a device ----------------------------===//

#include "runtime/vulkan/Upload.h"

#include <algorithm>
#include <cstring>

namespace heddle::vulkan {

static constexpr uint64_t stagingBytes = 8 << 20;

Upload::~Upload() {
  for (Half &half : halves)
    if (half.fence) {
      if (half.running)
        device.vk.WaitForFences(device.handle, 1, &half.fence, VK_TRUE, UINT64_MAX);
      device.vk.DestroyFence(device.handle, half.fence, nullptr);
    }
}

void Upload::await(Half &half) {
  if (!half.running)
    return;
  half.running = false;
  device.wait(half.fence);
}

/// The half that is being filled, with room for something.
Upload::Half &Upload::open() {
  if (halves[current].filled == stagingBytes)
    flush();
  Half &half = halves[current];
  if (!half.fence) {
    half.staging = Buffer(device, stagingBytes, MemoryKind::Upload, "staging");
    half.commands = device.makeCommands();
    half.fence = device.makeFence();
  }
  if (!half.recording) {
    await(half);
    device.begin(half.commands);
    half.recording = true;
    half.filled = 0;
  }
  return half;
}

void Upload::flush() {
  Half &half = halves[current];
  if (!half.recording)
    return;
  device.end(half.commands);
  device.submit({&half.commands, 1}, half.fence);
  half.recording = false;
  half.running = true;
  half.filled = 0;
  current = 1 - current;
}

void Upload::add(const uint8_t *source, uint64_t bytes, const Buffer &target, uint64_t offset) {
  if (target.data()) {
    std::memcpy(target.data() + offset, source, bytes);
    return;
  }
  while (bytes > 0) {
    Half &half = open();
    uint64_t piece = std::min(bytes, stagingBytes - half.filled);
    std::memcpy(half.staging.data() + half.filled, source, piece);
    copy(device, half.commands, half.staging, half.filled, target, offset, piece);
    half.filled += piece;
    source += piece;
    offset += piece;
    bytes -= piece;
  }
}

void Upload::finish() {
  flush();
  for (Half &half : halves)
    await(half);
}

} // namespace heddle::vulkan
