//===- DeviceProgram.cpp - a program on a device --------------------------===//

#include "runtime/vulkan/DeviceProgram.h"

#include "runtime/vulkan/Upload.h"

#include <fmt/format.h>
#include <future>

namespace heddle::vulkan {

DeviceProgram::DeviceProgram(Device &device, const Program &program)
    : device(device), program(program),
      windows(program.description(), device.facts.largestBuffer(), device.facts.name) {
  chooseShaders(program.description(),
                device.facts); // says what the device lacks before anything is uploaded
}

void DeviceProgram::upload() {
  Upload upload(device);
  for (const WeightWindows::Window &window : windows.windows()) {
    buffers.emplace_back(device, window.bytes, MemoryKind::Device, fmt::format("weights {}", buffers.size()));
    for (const WeightWindows::Piece &piece : window.pieces) {
      upload.add(program.weights() + piece.from, piece.bytes, buffers.back(), piece.at);
      program.releaseWeights(piece.from, piece.bytes); // the device has them; memory need not hold them twice
    }
  }
  upload.finish();
}

void DeviceProgram::load() {
  if (isLoaded())
    return;
  // Drivers take their time to build pipelines, so that happens while weights travel.
  auto built = std::async(std::launch::async,
                          [&] { return std::make_unique<Pipelines>(device, program.description()); });
  buffers.clear();
  upload();
  kernels = built.get();
}

} // namespace heddle::vulkan
