//===- Memory.h - how much memory this process may still take ---*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_ENGINE_MEMORY_H
#define HEDDLE_RUNTIME_ENGINE_MEMORY_H

#include <cstdint>
#include <string>
#include <vector>

namespace heddle {

/// Bytes that the machine, the process's limits and its control groups leave. What cannot be found out does
/// not count as a limit.
uint64_t availableMemory();

/// The most memory the process has had resident, in bytes.
uint64_t peakResident();

/// A number of bytes for people: "512 B", "3.2 MiB", "1.25 GiB".
std::string readableBytes(uint64_t bytes);

/// The folders of this process's control group and of its parents: of version 2 for "", else of the named
/// controller of version 1.
std::vector<std::string> controlGroupFolders(const std::string &controller);

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_MEMORY_H
