//===- DeviceProgram.cpp - a program on a device --------------------------===//

#include "runtime/vulkan/DeviceProgram.h"

#include "runtime/program/Format.h"
#include "runtime/vulkan/Upload.h"

#include <algorithm>
#include <fmt/format.h>

namespace heddle::vulkan {

DeviceProgram::DeviceProgram(Device &device, const Program &program)
    : device(device), program(program),
      windows(Program::forDevices(program.description()), device.facts.largestBuffer(), device.facts.name) {
  // Says what the device lacks before anything is uploaded.
  chooseShaders(Program::forDevices(program.description()), device.facts);
}

void DeviceProgram::upload() {
  Upload upload(device);
  const uint64_t whole = Program::forDevices(program.description()).weights_bytes();
  for (const WeightWindows::Window &window : windows.windows()) {
    const Buffer &buffer = buffers.emplace_back(device, window.bytes, MemoryKind::Weights,
                                                fmt::format("weights {}", buffers.size()));
    clear(device, buffer, window.bytes - bufferAlignment);
    for (const WeightWindows::Piece &piece : window.pieces) {
      // With what pads it, so that what kernels read behind it is the same in every run.
      uint64_t bytes = std::min(roundUp(piece.bytes, bufferAlignment), whole - piece.from);
      upload.add(program.weights() + piece.from, bytes, buffer, piece.at);
      program.releaseWeights(piece.from, bytes); // the device has them; memory need not hold them twice
    }
  }
  upload.finish();
}

void DeviceProgram::load() {
  if (isLoaded())
    return;
  buffers.clear();
  // Drivers take their time to build pipelines, so that happens while weights travel.
  auto pipelines = std::make_unique<Pipelines>(device, Program::forDevices(program.description()));
  upload();
  kernels = std::move(pipelines);
}

} // namespace heddle::vulkan
