//===- PipelineCache.cpp - compiled shaders, kept on disk -----------------===//

#include "runtime/vulkan/PipelineCache.h"

#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <unistd.h>
#include <xxhash.h>

namespace heddle::vulkan {

namespace fs = std::filesystem;

/// What a file begins with; then come the hash of the rest, and the rest: the driver's data.
static constexpr char magic[8] = {'H', 'D', 'L', 'P', 'C', '0', '0', '1'};
static constexpr uintmax_t largestFile = 256 << 20;

static fs::path cacheFolder() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  fs::path folder;
  if (cache && fs::path(cache).is_absolute())
    folder = cache;
  else if (home && *home)
    folder = fs::path(home) / ".cache";
  return folder.empty() ? folder : folder / "heddle" / "vulkan";
}

static fs::path fileFor(const DeviceFacts &facts, uint64_t shaders) {
  fs::path folder = cacheFolder();
  if (folder.empty())
    return {};
  std::string uuid;
  for (uint8_t byte : facts.cacheUuid)
    uuid += fmt::format("{:02x}", byte);
  return folder / fmt::format("{:08x}-{:08x}-{:08x}-{}-{:016x}", facts.vendor, facts.device,
                              facts.driverVersion, uuid, shaders);
}

/// Whether data begins as a cache of this device does. Drivers check that too, but not all of them well.
static bool isOf(const std::vector<uint8_t> &data, const DeviceFacts &facts) {
  VkPipelineCacheHeaderVersionOne header;
  if (data.size() < sizeof header)
    return false;
  std::memcpy(&header, data.data(), sizeof header);
  return header.headerSize >= sizeof header && header.headerSize <= data.size() &&
         header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && header.vendorID == facts.vendor &&
         header.deviceID == facts.device &&
         std::memcmp(header.pipelineCacheUUID, facts.cacheUuid.data(), VK_UUID_SIZE) == 0;
}

/// The driver's data in a file; empty unless all of it is sound.
static std::vector<uint8_t> readFile(const fs::path &path, const DeviceFacts &facts) {
  std::error_code error;
  uintmax_t size = fs::file_size(path, error);
  char head[sizeof magic];
  uint64_t hash;
  if (error || size <= sizeof head + sizeof hash || size > largestFile)
    return {};
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> data(size - sizeof head - sizeof hash);
  file.read(head, sizeof head);
  file.read(reinterpret_cast<char *>(&hash), sizeof hash);
  file.read(reinterpret_cast<char *>(data.data()), static_cast<std::streamsize>(data.size()));
  bool sound = file && std::memcmp(head, magic, sizeof head) == 0 &&
               XXH3_64bits(data.data(), data.size()) == hash && isOf(data, facts);
  return sound ? data : std::vector<uint8_t>();
}

/// Under another name first, so that nobody ever sees half a file.
static void writeFile(const fs::path &path, const std::vector<uint8_t> &data) {
  std::error_code error;
  fs::path draft = path;
  draft += fmt::format(".{}", getpid());
  uint64_t hash = XXH3_64bits(data.data(), data.size());
  std::ofstream file(draft, std::ios::binary);
  file.write(magic, sizeof magic);
  file.write(reinterpret_cast<const char *>(&hash), sizeof hash);
  file.write(reinterpret_cast<const char *>(data.data()), static_cast<std::streamsize>(data.size()));
  file.close();
  if (file)
    fs::rename(draft, path, error);
  if (!file || error)
    fs::remove(draft, error);
}

PipelineCache::PipelineCache(Device &device, uint64_t shaders)
    : device(device), file(fileFor(device.facts, shaders)) {
  if (!file.empty()) {
    std::error_code ignored;
    fs::create_directories(file.parent_path(), ignored);
    loaded = readFile(file, device.facts);
  }
  auto info = structure<VkPipelineCacheCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO);
  info.initialDataSize = loaded.size();
  info.pInitialData = loaded.data();
  check(device.vk.CreatePipelineCache(device.handle, &info, nullptr, &handle),
        "cannot make a pipeline cache");
}

PipelineCache::~PipelineCache() { device.vk.DestroyPipelineCache(device.handle, handle, nullptr); }

void PipelineCache::save() {
  size_t size = 0;
  if (file.empty() || device.vk.GetPipelineCacheData(device.handle, handle, &size, nullptr) != VK_SUCCESS)
    return;
  std::vector<uint8_t> data(size);
  if (device.vk.GetPipelineCacheData(device.handle, handle, &size, data.data()) != VK_SUCCESS)
    return;
  data.resize(size);
  if (data != loaded && !data.empty())
    writeFile(file, data);
}

} // namespace heddle::vulkan
