//===- DeviceProgram.h - a program on a device ------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_DEVICEPROGRAM_H
#define HEDDLE_RUNTIME_VULKAN_DEVICEPROGRAM_H

#include "runtime/vulkan/Buffer.h"
#include "runtime/vulkan/Pipelines.h"
#include "runtime/vulkan/Windows.h"

#include <memory>

namespace heddle::vulkan {

class Upload;

/// What all executors of a program share: its weights and its pipelines.
class DeviceProgram {
public:
  /// Plans only: nothing is on the device yet. Throws DeviceError when the device cannot run the program.
  /// Both must outlive it.
  DeviceProgram(Device &device, const Program &program);

  /// Brings the weights to the device, but for those that it can use where they lie, and begins to build the
  /// pipelines, once. Throws DeviceError.
  void load();
  bool isLoaded() const { return kernels != nullptr; }

  Device &getDevice() const { return device; }
  const WeightWindows &weights() const { return windows; }
  const Buffer &weightBuffer(int window) const { return buffers[static_cast<size_t>(window)]; }
  Pipelines &pipelines() const { return *kernels; } ///< of a loaded one

private:
  void upload();
  void copy(const WeightWindows::Window &window, const Buffer &buffer, Upload &upload);

  Device &device;
  const Program &program;
  WeightWindows windows;
  std::vector<Buffer> buffers;
  std::unique_ptr<Pipelines> kernels;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_DEVICEPROGRAM_H
