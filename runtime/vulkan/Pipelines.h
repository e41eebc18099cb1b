//===- Pipelines.h - a program's kernels, ready to run ----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_PIPELINES_H
#define HEDDLE_RUNTIME_VULKAN_PIPELINES_H

#include "runtime/program/Program.h"
#include "runtime/vulkan/PipelineCache.h"

#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace heddle::vulkan {

/// Of each kernel the first shader that the device can run, by number. Throws DeviceError, saying what it
/// lacks, when there is none of a kernel.
std::vector<uint32_t> chooseShaders(const format::Program &program, const DeviceFacts &facts);

class Pipelines {
public:
  /// Begins to build all pipelines, on several threads of low priority: those that a text's first call needs
  /// before those for one token more. The device must outlive it, the program need not.
  Pipelines(Device &device, const format::Program &program);
  ~Pipelines();
  Pipelines(const Pipelines &) = delete;
  Pipelines &operator=(const Pipelines &) = delete;

  /// Builds it where nobody has begun to, or waits until it is built. Throws DeviceError when the driver
  /// refuses one.
  VkPipeline of(uint32_t kernel);

  /// Pieces of the kernel's grid that a workgroup has in hand at a time.
  uint32_t piecesOf(uint32_t kernel) const { return sources[kernel].width.pieces; }

  /// Shared by all: HEDDLE_BINDS storage buffers, HEDDLE_PUSH_WORDS words of push constants.
  VkPipelineLayout layout() const { return pipelineLayout; }
  VkDescriptorSetLayout setLayout() const { return bindings; }

  /// Where they are kept on disk; empty: nowhere.
  const std::filesystem::path &cacheFile() const { return cache->path(); }

private:
  /// What a pipeline is made of.
  struct Source {
    std::string name;
    std::vector<uint32_t> spirv;
    Width width;
    uint32_t subgroup; ///< as format::Shader
    bool isWidened;    ///< its width is a specialization constant
  };
  struct Slot {
    bool begun = false; ///< somebody builds it, or has
    VkPipeline pipeline = nullptr;
  };

  void makeLayouts();
  void buildAll();
  void build(uint32_t kernel, std::unique_lock<std::mutex> &lock);
  VkPipeline make(const Source &source);
  void destroy();

  Device &device;
  std::vector<Source> sources; // by kernel
  std::vector<uint32_t> order; // kernels, as they are built
  VkDescriptorSetLayout bindings = nullptr;
  VkPipelineLayout pipelineLayout = nullptr;
  std::optional<PipelineCache> cache;

  std::vector<std::thread> builders;
  std::mutex mutex; // of what follows
  std::condition_variable changed;
  std::vector<Slot> slots; // by kernel
  size_t built = 0;
  std::exception_ptr failure;
  size_t next = 0; // of `order`, for the builders
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_PIPELINES_H
