//===- FileMap.cpp - files and memory, mapped -----------------------------===//

#include "runtime/support/FileMap.h"

#include "runtime/support/Error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace heddle {

/// What to call a file in messages: "/proc/self/exe" tells nobody anything.
static std::string nameFor(const std::string &path) {
  char target[4096];
  ssize_t length = path == "/proc/self/exe" ? readlink(path.c_str(), target, sizeof target) : -1;
  return length > 0 ? std::string(target, static_cast<size_t>(length)) : path;
}

InputFile::InputFile(const std::string &path)
    : name(nameFor(path)), handle(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (handle < 0)
    throw Error(fmt::format("cannot open '{}': {}", name, std::strerror(errno)));
  struct stat status;
  if (fstat(handle, &status) != 0 || S_ISDIR(status.st_mode)) {
    close(handle);
    throw Error(fmt::format("cannot read '{}': it is not a file", name));
  }
  length = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() { close(handle); }

void InputFile::readAt(uint64_t offset, void *target, size_t size) const {
  auto *bytes = static_cast<char *>(target);
  while (size > 0) {
    ssize_t got = pread(handle, bytes, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      throw Error(fmt::format("'{}' ends before byte {}: it is cut off or damaged", name, offset + size));
    bytes += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
}

Mapping Mapping::zeroes(uint64_t bytes, bool hugePages) {
  if (bytes == 0)
    return Mapping();
  void *start =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED)
    throw Error(fmt::format("the system refuses {} bytes of memory: {}", bytes, std::strerror(errno)));
  if (hugePages)
    madvise(start, bytes, MADV_HUGEPAGE); // a wish: kernels without large pages say no
  return Mapping(start, bytes);
}

Mapping Mapping::file(const InputFile &file, uint64_t offset, uint64_t bytes) {
  if (bytes == 0)
    return Mapping();
  void *start = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.descriptor(), static_cast<off_t>(offset));
  if (start == MAP_FAILED)
    throw Error(fmt::format("cannot map {} bytes of '{}': {}", bytes, file.path(), std::strerror(errno)));
  return Mapping(start, bytes);
}

Mapping Mapping::writableFile(int descriptor, uint64_t bytes) {
  void *start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (start == MAP_FAILED)
    throw Error(fmt::format("cannot map {} bytes of a file: {}", bytes, std::strerror(errno)));
  return Mapping(start, bytes);
}

Mapping::Mapping(Mapping &&other) noexcept
    : start(std::exchange(other.start, nullptr)), length(std::exchange(other.length, 0)) {}

Mapping &Mapping::operator=(Mapping &&other) noexcept {
  std::swap(start, other.start);
  std::swap(length, other.length);
  return *this;
}

Mapping::~Mapping() {
  if (start)
    munmap(start, length);
}

void Mapping::release(uint64_t offset, uint64_t bytes) const {
  auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t begin = (offset + page - 1) / page * page, end = (offset + bytes) / page * page;
  if (begin < end)
    madvise(start + begin, end - begin, MADV_DONTNEED);
}

std::string readText(const std::string &path, uint64_t limit) {
  int handle = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0)
    throw Error(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t got = read(handle, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got > 0 && text.size() + static_cast<size_t>(got) <= limit) {
      text.append(buffer, static_cast<size_t>(got));
      continue;
    }
    int problem = errno;
    close(handle);
    if (got < 0)
      throw Error(fmt::format("cannot read '{}': {}", path, std::strerror(problem)));
    if (got > 0)
      throw Error(fmt::format("'{}' is longer than {} bytes", path, limit));
    return text;
  }
}

} // namespace heddle
