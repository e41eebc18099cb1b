//===- PipelineCache.h - compiled shaders, kept on disk ---------*- C++ -*-===//
//
// A driver's pipeline cache in a file of the user's cache folder. Its name says of which device, driver and
// shaders it is; a file that is damaged, or of another device after all, counts as none and is replaced.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_VULKAN_PIPELINECACHE_H
#define HEDDLE_RUNTIME_VULKAN_PIPELINECACHE_H

#include "runtime/vulkan/Device.h"

#include <filesystem>
#include <vector>

namespace heddle::vulkan {

class PipelineCache {
public:
  /// The cache for the shaders of this hash, read from disk if it is there.
  PipelineCache(Device &device, uint64_t shaders);
  ~PipelineCache();
  PipelineCache(const PipelineCache &) = delete;
  PipelineCache &operator=(const PipelineCache &) = delete;

  VkPipelineCache get() const { return handle; }

  /// Writes it to disk unless that is how it was read. Where that cannot be done, nothing happens.
  void save();

  /// The file; empty where the user has no cache folder.
  const std::filesystem::path &path() const { return file; }

  /// Whether the file was there, and sound.
  bool wasRead() const { return !loaded.empty(); }

private:
  Device &device;
  std::filesystem::path file;
  std::vector<uint8_t> loaded; ///< what the driver was given
  VkPipelineCache handle = nullptr;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_PIPELINECACHE_H
