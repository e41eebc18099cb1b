//===- FileMap.h - files and memory, mapped ---------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_SUPPORT_FILEMAP_H
#define HEDDLE_RUNTIME_SUPPORT_FILEMAP_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace heddle {

/// An open file, for reading. Closed with the object.
class InputFile {
public:
  /// Throws Error naming the file when it cannot be opened, or is a folder.
  explicit InputFile(const std::string &path);
  ~InputFile();
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;

  /// Reads exactly `size` bytes at `offset`; throws Error when the file ends before.
  void readAt(uint64_t offset, void *target, size_t size) const;

  uint64_t size() const { return length; }
  int descriptor() const { return handle; }
  const std::string &path() const { return name; }

private:
  std::string name;
  int handle;
  uint64_t length = 0;
};

/// A range of memory from mmap. Moves, and is unmapped with the object.
class Mapping {
public:
  Mapping() = default;
  /// `bytes` of zeroes, page-aligned, that take memory only where they are touched. `hugePages` asks for
  /// large ones. Throws Error when the system refuses.
  static Mapping zeroes(uint64_t bytes, bool hugePages);
  /// A part of a file, read-only and shared; `offset` must be a multiple of the page size. The caller has
  /// checked that the part lies within the file.
  static Mapping file(const InputFile &file, uint64_t offset, uint64_t bytes);
  /// The first `bytes` of an open file, shared: what is written there is in the file. The caller has seen to
  /// it that the file is so long.
  static Mapping writableFile(int descriptor, uint64_t bytes);

  Mapping(Mapping &&other) noexcept;
  Mapping &operator=(Mapping &&other) noexcept;
  ~Mapping();

  uint8_t *data() const { return start; }
  uint64_t size() const { return length; }

  /// Gives back the memory of whole pages in a part of a file; they are read again when they are looked at.
  void release(uint64_t offset, uint64_t bytes) const;

private:
  Mapping(void *start, uint64_t length) : start(static_cast<uint8_t *>(start)), length(length) {}

  uint8_t *start = nullptr;
  uint64_t length = 0;
};

/// The whole of a file, or of standard input for "-". Throws Error when it cannot be read or is beyond
/// `limit`.
std::string readText(const std::string &path, uint64_t limit = uint64_t(4) << 30);

} // namespace heddle

#endif // HEDDLE_RUNTIME_SUPPORT_FILEMAP_H
