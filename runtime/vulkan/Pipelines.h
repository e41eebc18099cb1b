//===- Pipelines.h - a program's kernels, ready to run ----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_PIPELINES_H
#define HEDDLE_RUNTIME_VULKAN_PIPELINES_H

#include "runtime/program/Program.h"
#include "runtime/vulkan/Device.h"

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace heddle::vulkan {

/// Of each kernel the first shader that the device can run, by number. Throws DeviceError, saying what it
/// lacks, when there is none of a kernel.
std::vector<uint32_t> chooseShaders(const format::Program &program, const DeviceFacts &facts);

class Pipelines {
public:
  /// Builds all pipelines, on several threads. Throws DeviceError when the driver refuses one. The device
  /// must outlive it.
  Pipelines(Device &device, const format::Program &program);
  ~Pipelines();
  Pipelines(const Pipelines &) = delete;
  Pipelines &operator=(const Pipelines &) = delete;

  VkPipeline of(uint32_t kernel) const { return pipelines[kernel]; }

  /// Pieces of the kernel's grid that a workgroup has in hand at a time.
  uint32_t piecesOf(uint32_t kernel) const { return pieces[kernel]; }

  /// Shared by all: HEDDLE_BINDS storage buffers, HEDDLE_PUSH_WORDS words of push constants.
  VkPipelineLayout layout() const { return pipelineLayout; }
  VkDescriptorSetLayout setLayout() const { return bindings; }

  /// Where they are kept on disk; empty: nowhere.
  const std::filesystem::path &cacheFile() const { return file; }

private:
  void makeLayouts();
  void buildAll(const format::Program &program, std::span<const uint32_t> shaders, VkPipelineCache cache);
  VkPipeline build(const format::Kernel &kernel, const format::Shader &shader, uint32_t invocations,
                   VkPipelineCache cache);
  void destroy();

  Device &device;
  VkDescriptorSetLayout bindings = nullptr;
  VkPipelineLayout pipelineLayout = nullptr;
  std::vector<VkPipeline> pipelines;
  std::vector<uint32_t> pieces; // by kernel
  std::filesystem::path file;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_PIPELINES_H
