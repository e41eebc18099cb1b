//===- Builders.h - small checkpoints made by tests -------------*- C++ -*-===//
#ifndef HEDDLE_TEST_UNIT_CHECKPOINT_BUILDERS_H
#define HEDDLE_TEST_UNIT_CHECKPOINT_BUILDERS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "gtest/gtest.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace heddle::test {

/// Bytes that grow; numbers are little-endian as on the machines tests run on.
struct Bytes {
  std::vector<uint8_t> data;

  Bytes &raw(llvm::StringRef text) {
    data.insert(data.end(), text.bytes_begin(), text.bytes_end());
    return *this;
  }
  template <typename T> Bytes &number(T value) {
    uint8_t bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    data.insert(data.end(), bytes, bytes + sizeof(T));
    return *this;
  }
  /// GGUF's string: a length and the text.
  Bytes &string(llvm::StringRef text) { return number<uint64_t>(text.size()).raw(text); }
  Bytes &append(const Bytes &other) {
    data.insert(data.end(), other.data.begin(), other.data.end());
    return *this;
  }
  Bytes &padTo(size_t alignment) {
    data.resize((data.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
};

/// A GGUF file. The fields may be set to lies before `build`.
struct GgufBuilder {
  uint32_t version = 3;
  uint64_t pairs = 0, tensors = 0, alignment = 32;
  Bytes pairBytes, infoBytes, data;

  template <typename T> GgufBuilder &pair(llvm::StringRef key, uint32_t type, T value) {
    ++pairs;
    pairBytes.string(key).number<uint32_t>(type).number<T>(value);
    return *this;
  }
  GgufBuilder &u32(llvm::StringRef key, uint32_t value) { return pair(key, 4, value); }
  GgufBuilder &f32(llvm::StringRef key, float value) { return pair(key, 6, value); }
  GgufBuilder &text(llvm::StringRef key, llvm::StringRef value) {
    ++pairs;
    pairBytes.string(key).number<uint32_t>(8).string(value);
    return *this;
  }
  template <typename T> GgufBuilder &array(llvm::StringRef key, uint32_t type, std::vector<T> values) {
    ++pairs;
    pairBytes.string(key).number<uint32_t>(9).number<uint32_t>(type).template number<uint64_t>(values.size());
    for (T value : values)
      pairBytes.number<T>(value);
    return *this;
  }
  GgufBuilder &texts(llvm::StringRef key, std::vector<std::string> values) {
    ++pairs;
    pairBytes.string(key).number<uint32_t>(9).number<uint32_t>(8).number<uint64_t>(values.size());
    for (const std::string &value : values)
      pairBytes.string(value);
    return *this;
  }
  /// A tensor's description alone; `extents` innermost first, as in the file.
  GgufBuilder &info(llvm::StringRef name, std::vector<uint64_t> extents, uint32_t type, uint64_t offset) {
    ++tensors;
    infoBytes.string(name).number<uint32_t>(extents.size());
    for (uint64_t extent : extents)
      infoBytes.number(extent);
    infoBytes.number(type).number(offset);
    return *this;
  }
  /// A tensor with its bytes.
  GgufBuilder &tensor(llvm::StringRef name, std::vector<uint64_t> extents, uint32_t type, const Bytes &bytes) {
    data.padTo(alignment);
    info(name, extents, type, data.data.size());
    data.append(bytes);
    return *this;
  }
  Bytes build() const {
    Bytes file;
    file.raw("GGUF").number(version).number(tensors).number(pairs);
    file.append(pairBytes).append(infoBytes).padTo(alignment).append(data);
    return file;
  }
  /// Where the first pair begins.
  static constexpr size_t headerBytes = 24;
};

/// A small "llama" with one tensor of each kind of block.
inline GgufBuilder smallGguf() {
  GgufBuilder file;
  file.text("general.architecture", "llama").text("general.name", "small").u32("llama.attention.head_count", 4);
  file.f32("llama.rope.freq_base", 10000.0f).pair<uint8_t>("llama.flag", 7, 1);
  file.texts("tokenizer.ggml.tokens", {"<s>", "a", ""}).array<float>("tokenizer.ggml.scores", 6, {0.5f, -1.0f, 2.0f});
  file.array<int32_t>("llama.ff", 5, {8, 16});
  Bytes floats, block;
  for (int i = 0; i < 6; ++i)
    floats.number<float>(i);
  block.number<uint16_t>(0x3c00); // 1.0
  for (int i = 0; i < 32; ++i)
    block.number<int8_t>(i - 16);
  file.tensor("plain", {3, 2}, 0, floats).tensor("packed", {32}, 8, block);
  return file;
}

/// A safetensors file from the text of its header and its data.
inline Bytes safetensors(llvm::StringRef header, const Bytes &data = {}) {
  Bytes file;
  return file.number<uint64_t>(header.size()).raw(header).append(data);
}

/// n bytes 0, 1, 2 ...
inline Bytes counting(size_t n) {
  Bytes bytes;
  for (size_t i = 0; i < n; ++i)
    bytes.number<uint8_t>(i);
  return bytes;
}

/// A folder that is removed with the test.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "heddle-test-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(folder); }
  std::string path(const std::string &name = "") const { return name.empty() ? folder : folder + "/" + name; }
  std::string write(const std::string &name, const Bytes &bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data.data()), bytes.data.size());
    return path(name);
  }
  std::string write(const std::string &name, llvm::StringRef text) const {
    Bytes bytes;
    return write(name, bytes.raw(text));
  }

private:
  std::string folder;
};

/// A heap copy of exactly these bytes, so that AddressSanitizer sees any byte too many.
class ExactCopy {
public:
  ExactCopy(llvm::ArrayRef<uint8_t> bytes) : size(bytes.size()), copy(new uint8_t[bytes.size()]) {
    if (size)
      std::memcpy(copy.get(), bytes.data(), size);
  }
  llvm::ArrayRef<uint8_t> bytes() const { return {copy.get(), size}; }

private:
  size_t size;
  std::unique_ptr<uint8_t[]> copy;
};

/// The message of a result that must be an error.
template <typename T> std::string messageOf(llvm::Expected<T> result) {
  if (!result)
    return llvm::toString(result.takeError());
  ADD_FAILURE() << "expected an error";
  return "";
}

} // namespace heddle::test

#endif // HEDDLE_TEST_UNIT_CHECKPOINT_BUILDERS_H
