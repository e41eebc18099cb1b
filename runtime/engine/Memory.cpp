//===- Memory.cpp - how much memory this process may still take -----------===//

#include "runtime/engine/Memory.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace heddle {

/// The number behind `key` in a file of lines "key: number" or "key number".
static std::optional<uint64_t> lookUp(const std::string &path, std::string_view key) {
  std::ifstream file(path);
  std::string word;
  uint64_t number;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    if (words >> word >> number &&
        (word == key || (word.back() == ':' && word.substr(0, word.size() - 1) == key)))
      return number;
  }
  return std::nullopt;
}

static std::optional<uint64_t> readNumber(const std::string &path) {
  std::ifstream file(path);
  uint64_t number;
  if (file >> number)
    return number;
  return std::nullopt;
}

std::vector<std::string> controlGroupFolders(const std::string &controller) {
  std::ifstream file("/proc/self/cgroup"); // lines "number:controllers:path"
  std::vector<std::string> folders;
  for (std::string line; std::getline(file, line);) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    bool mine = controller.empty() ? names == ",," : names.find("," + controller + ",") != std::string::npos;
    if (!mine)
      continue;
    std::string root = controller.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    std::string path = line.substr(second + 1);
    while (path.size() > 1) {
      folders.push_back(root + path);
      path.resize(path.rfind('/'));
    }
    folders.push_back(root);
  }
  return folders;
}

static uint64_t minus(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

/// What a control group leaves: its limit less what is in use and could not be given back.
static uint64_t leftIn(const std::string &folder, const char *limitFile, const char *usageFile,
                       std::string_view cache) {
  auto limit = readNumber(folder + limitFile), usage = readNumber(folder + usageFile);
  if (!limit || !usage)
    return UINT64_MAX;
  return minus(*limit, minus(*usage, lookUp(folder + "/memory.stat", cache).value_or(0)));
}

uint64_t availableMemory() {
  uint64_t left = UINT64_MAX;
  if (auto kilobytes = lookUp("/proc/meminfo", "MemAvailable"))
    left = *kilobytes * 1024;
  for (const std::string &folder : controlGroupFolders(""))
    left = std::min(left, leftIn(folder, "/memory.max", "/memory.current", "file"));
  for (const std::string &folder : controlGroupFolders("memory"))
    left = std::min(left, leftIn(folder, "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_cache"));
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    if (auto pages = readNumber("/proc/self/statm"))
      left = std::min(left, minus(limit.rlim_cur, *pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))));
  return left;
}

uint64_t peakResident() {
  rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<uint64_t>(usage.ru_maxrss) * 1024 : 0;
}

std::string readableBytes(uint64_t bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit)
    value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes)
                   : fmt::format("{:.{}f} {}", value, value < 10 ? 2 : 1, units[unit]);
}

} // namespace heddle
