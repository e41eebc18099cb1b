//===- Safetensors.cpp - reads and writes tensors in files ----------------===//

#include "runtime/support/Safetensors.h"

#include "runtime/support/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace heddle {

using nlohmann::json;

static constexpr uint64_t longestHeader = 100 << 20;
static constexpr size_t deepestHeader = 8;
static constexpr size_t mostAxes = 16;

/// Bytes of an element; 0 for a type that is not known.
static uint64_t widthOf(std::string_view type) {
  if (type == "F64" || type == "I64" || type == "U64")
    return 8;
  if (type == "F32" || type == "I32" || type == "U32")
    return 4;
  if (type == "F16" || type == "BF16" || type == "I16" || type == "U16")
    return 2;
  if (type == "I8" || type == "U8" || type == "BOOL" || type == "F8_E4M3" || type == "F8_E5M2")
    return 1;
  return 0;
}

static uint64_t unsignedOf(const json &value, const std::string &name) {
  if (!value.is_number_unsigned())
    throw Error(fmt::format("tensor '{}': expected a whole number in its header", name));
  return value.get<uint64_t>();
}

static TensorEntry parseEntry(const std::string &name, const json &row, uint64_t dataBytes) {
  if (!row.is_object() || !row.contains("dtype") || !row.contains("shape") || !row.contains("data_offsets") ||
      !row["dtype"].is_string() || !row["shape"].is_array() || !row["data_offsets"].is_array() ||
      row["data_offsets"].size() != 2 || row["shape"].size() > mostAxes)
    throw Error(fmt::format("tensor '{}': its header must have a dtype, a shape and two data_offsets", name));
  TensorEntry entry;
  entry.type = row["dtype"].get<std::string>();
  entry.begin = unsignedOf(row["data_offsets"][0], name);
  entry.end = unsignedOf(row["data_offsets"][1], name);
  uint64_t bytes = widthOf(entry.type);
  if (bytes == 0)
    throw Error(fmt::format("tensor '{}' has the unknown dtype '{}'", name, entry.type));
  for (const json &extent : row["shape"]) {
    entry.shape.push_back(unsignedOf(extent, name));
    if (__builtin_mul_overflow(bytes, entry.shape.back(), &bytes))
      throw Error(fmt::format("tensor '{}': its shape is too large", name));
  }
  if (entry.begin > entry.end || entry.end > dataBytes)
    throw Error(fmt::format("tensor '{}' lies at bytes {} to {}, the file has {}: it is cut off or damaged",
                            name, entry.begin, entry.end, dataBytes));
  if (entry.end - entry.begin != bytes)
    throw Error(
        fmt::format("tensor '{}' has {} bytes, its shape says {}", name, entry.end - entry.begin, bytes));
  return entry;
}

static void checkOverlap(const TensorTable &table) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto &[name, entry] : table)
    if (entry.begin != entry.end)
      ranges.emplace_back(entry.begin, entry.end);
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second)
      throw Error(fmt::format("two tensors overlap at byte {}", ranges[i].first));
}

TensorTable parseSafetensors(std::span<const uint8_t> header, uint64_t dataBytes) {
  bool tooDeep = false;
  auto watchDepth = [&](int depth, json::parse_event_t, json &) {
    tooDeep |= depth > static_cast<int>(deepestHeader);
    return !tooDeep;
  };
  // A header nests three deep; the limit keeps brackets without end from using up the stack.
  json root = json::parse(header.begin(), header.end(), watchDepth, /*allow_exceptions=*/false);
  if (tooDeep || root.is_discarded() || !root.is_object())
    throw Error("the header is no JSON object");
  TensorTable table;
  for (const auto &[name, row] : root.items())
    if (name != "__metadata__")
      table.emplace(name, parseEntry(name, row, dataBytes));
  checkOverlap(table);
  return table;
}

static uint64_t littleEndian(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i)
    value = value << 8 | bytes[i];
  return value;
}

SafetensorsReader::SafetensorsReader(const std::string &path) : path(path) {
  InputFile file(path);
  if (file.size() < 8)
    throw Error(fmt::format("'{}' is no safetensors file: it has {} bytes", path, file.size()));
  mapping = Mapping::file(file, 0, file.size());
  uint64_t headerBytes = littleEndian(mapping.data());
  if (headerBytes > longestHeader || headerBytes > file.size() - 8)
    throw Error(fmt::format("'{}' is no safetensors file: its header would have {} bytes, the file has {}",
                            path, headerBytes, file.size()));
  data = mapping.data() + 8 + headerBytes;
  try {
    table = parseSafetensors({mapping.data() + 8, headerBytes}, file.size() - 8 - headerBytes);
  } catch (const Error &error) {
    throw Error(fmt::format("'{}': {}", path, error.what()));
  }
}

const TensorEntry &SafetensorsReader::find(const std::string &name) const {
  auto found = table.find(name);
  if (found == table.end())
    throw Error(fmt::format("'{}' has no tensor '{}'", path, name));
  return found->second;
}

std::vector<int64_t> SafetensorsReader::integers(const std::string &name) const {
  const TensorEntry &entry = find(name);
  if (entry.type == "I64") {
    std::vector<int64_t> numbers((entry.end - entry.begin) / 8);
    if (!numbers.empty())
      std::memcpy(numbers.data(), data + entry.begin, entry.end - entry.begin);
    return numbers;
  }
  if (entry.type != "I32")
    throw Error(fmt::format("'{}': tensor '{}' must be I64, not {}", path, name, entry.type));
  std::vector<int32_t> narrow((entry.end - entry.begin) / 4);
  if (!narrow.empty())
    std::memcpy(narrow.data(), data + entry.begin, entry.end - entry.begin);
  return {narrow.begin(), narrow.end()};
}

std::vector<float> SafetensorsReader::floats(const std::string &name) const {
  const TensorEntry &entry = find(name);
  if (entry.type != "F32")
    throw Error(fmt::format("'{}': tensor '{}' must be F32, not {}", path, name, entry.type));
  std::vector<float> numbers((entry.end - entry.begin) / 4);
  if (!numbers.empty())
    std::memcpy(numbers.data(), data + entry.begin, entry.end - entry.begin);
  return numbers;
}

SafetensorsWriter::~SafetensorsWriter() {
  if (!temporary.empty())
    unlink(temporary.c_str());
}

void SafetensorsWriter::declare(const std::string &name, const char *type, uint64_t width,
                                const std::vector<uint64_t> &shape) {
  uint64_t bytes = width;
  bool overflow = false;
  for (uint64_t extent : shape)
    overflow |= __builtin_mul_overflow(bytes, extent, &bytes);
  // Starts at a multiple of 8, so that integers are aligned.
  uint64_t begin = (dataBytes + 7) & ~uint64_t(7);
  if (overflow || bytes > (uint64_t(1) << 50) || begin > (uint64_t(1) << 50))
    throw Error(fmt::format("tensor '{}' would be too large to write", name));
  table[name] = {type, shape, begin, begin + bytes};
  dataBytes = begin + bytes;
}

void SafetensorsWriter::create() {
  json root = json::object();
  for (const auto &[name, entry] : table)
    root[name] = {{"dtype", entry.type}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  std::string header = root.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');

  std::string pattern = path + ".XXXXXX";
  int handle = mkstemp(pattern.data());
  if (handle < 0)
    throw Error(fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
  temporary = pattern;
  fchmod(handle, 0644);
  uint64_t total = 8 + header.size() + dataBytes;
  // Really takes the room: a full disk is an error now rather than a signal later.
  int problem = posix_fallocate(handle, 0, static_cast<off_t>(total));
  if (problem == 0)
    mapping = Mapping::writableFile(handle, total);
  close(handle);
  if (problem != 0)
    throw Error(fmt::format("cannot write {} bytes to '{}': {}", total, path, std::strerror(problem)));
  for (int i = 0; i < 8; ++i)
    mapping.data()[i] = static_cast<uint8_t>(header.size() >> (8 * i));
  std::memcpy(mapping.data() + 8, header.data(), header.size());
  data = mapping.data() + 8 + header.size();
}

std::span<float> SafetensorsWriter::floats(const std::string &name) {
  const TensorEntry &entry = table.at(name);
  return {reinterpret_cast<float *>(data + entry.begin), (entry.end - entry.begin) / 4};
}

std::span<int64_t> SafetensorsWriter::integers(const std::string &name) {
  const TensorEntry &entry = table.at(name);
  return {reinterpret_cast<int64_t *>(data + entry.begin), (entry.end - entry.begin) / 8};
}

void SafetensorsWriter::finish() {
  mapping = Mapping();
  if (rename(temporary.c_str(), path.c_str()) != 0)
    throw Error(fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
  temporary.clear();
}

} // namespace heddle
