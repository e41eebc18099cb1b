//===- Safetensors.h - reads and writes tensors in files --------*- C++ -*-===//
//
// The format: eight bytes, the length of a JSON header, little end first; the header, which gives each tensor
// a type, a shape and a range of the bytes that follow.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_SUPPORT_SAFETENSORS_H
#define HEDDLE_RUNTIME_SUPPORT_SAFETENSORS_H

#include "runtime/support/FileMap.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace heddle {

/// A tensor's place in a file; begin and end count from the end of the header.
struct TensorEntry {
  std::string type; ///< "I64", "F32", ...
  std::vector<uint64_t> shape;
  uint64_t begin = 0, end = 0;
};

/// The tensors of a file. Every range lies within the file and fits its shape; ranges do not overlap.
using TensorTable = std::map<std::string, TensorEntry>;

/// Reads a header: `header` is the JSON, `dataBytes` what follows it. Throws Error on anything unsound.
TensorTable parseSafetensors(std::span<const uint8_t> header, uint64_t dataBytes);

/// A file of tensors, mapped.
class SafetensorsReader {
public:
  /// Throws Error naming the file when it is not sound.
  explicit SafetensorsReader(const std::string &path);

  const TensorTable &tensors() const { return table; }

  /// Throws Error when there is no such tensor.
  const TensorEntry &find(const std::string &name) const;

  /// The numbers of an I64 or I32 tensor. Throws Error when it is of another type.
  std::vector<int64_t> integers(const std::string &name) const;

  /// The numbers of an F32 tensor. Throws Error when it is of another type.
  std::vector<float> floats(const std::string &name) const;

private:
  std::string path;
  Mapping mapping;
  const uint8_t *data = nullptr;
  TensorTable table;
};

/// Writes a file of tensors: declare them all, `create`, fill them, `finish`. The file appears under its name
/// only when it is whole; an unfinished one vanishes with the object.
class SafetensorsWriter {
public:
  explicit SafetensorsWriter(std::string path) : path(std::move(path)) {}
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter &) = delete;
  SafetensorsWriter &operator=(const SafetensorsWriter &) = delete;

  /// Declares a tensor of 4-byte floats or 8-byte integers.
  void declareFloats(const std::string &name, std::vector<uint64_t> shape) { declare(name, "F32", 4, shape); }
  void declareIntegers(const std::string &name, std::vector<uint64_t> shape) {
    declare(name, "I64", 8, shape);
  }

  /// Makes the file at its full size, of zeroes. Throws Error when it cannot be made or the disk is full.
  void create();

  bool has(const std::string &name) const { return table.count(name) != 0; }
  std::span<float> floats(const std::string &name);
  std::span<int64_t> integers(const std::string &name);

  /// Gives the file its name. Throws Error when that fails.
  void finish();

private:
  void declare(const std::string &name, const char *type, uint64_t width, const std::vector<uint64_t> &shape);

  std::string path, temporary;
  TensorTable table;
  uint64_t dataBytes = 0;
  Mapping mapping;
  uint8_t *data = nullptr;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_SUPPORT_SAFETENSORS_H
