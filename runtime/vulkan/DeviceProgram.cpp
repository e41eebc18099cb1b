//===- DeviceProgram.cpp - a program on a device --------------------------===//

#include "runtime/vulkan/DeviceProgram.h"

#include "runtime/program/Format.h"
#include "runtime/vulkan/Upload.h"

#include <algorithm>
#include <fmt/format.h>

namespace heddle::vulkan {

/// Of the program's weights, if the device can work in them where they lie; else 0.
static uint64_t pageOf(const Device &device, const Program &program) {
  uint64_t page = device.facts.pageBytes;
  return page && reinterpret_cast<uintptr_t>(program.weights()) % page == 0 ? page : 0;
}

DeviceProgram::DeviceProgram(Device &device, const Program &program)
    : device(device), program(program),
      windows(Program::forDevices(program.description()), device.facts.largestBuffer(), device.facts.name,
              pageOf(device, program)) {
  // Says what the device lacks before anything is uploaded.
  chooseShaders(Program::forDevices(program.description()), device.facts);
}

void DeviceProgram::upload() {
  Upload upload(device);
  for (const WeightWindows::Window &window : windows.windows()) {
    std::string name = fmt::format("weights {}", buffers.size());
    std::optional<Buffer> pages;
    if (window.isPages)
      pages = Buffer::ofPages(device, program.weights() + window.pieces.front().from, window.bytes, name);
    if (pages)
      buffers.push_back(std::move(*pages));
    else
      copy(window, buffers.emplace_back(device, window.bytes, MemoryKind::Weights, name), upload);
  }
  upload.finish();
}

void DeviceProgram::copy(const WeightWindows::Window &window, const Buffer &buffer, Upload &upload) {
  const uint64_t whole = Program::forDevices(program.description()).weights_bytes();
  clear(device, buffer, (window.bytes - 1) / bufferAlignment * bufferAlignment);
  for (const WeightWindows::Piece &piece : window.pieces) {
    // With what pads it, so that what kernels read behind it is the same in every run.
    uint64_t bytes = std::min(roundUp(piece.bytes, bufferAlignment), whole - piece.from);
    upload.add(program.weights() + piece.from, bytes, buffer, piece.at);
    program.releaseWeights(piece.from, bytes); // the device has them; memory need not hold them twice
  }
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
