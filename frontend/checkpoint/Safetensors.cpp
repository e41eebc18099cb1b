//===- Safetensors.cpp - the safetensors format ---------------------------===//
#include "frontend/checkpoint/Safetensors.h"
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace heddle;

static constexpr uint64_t lengthBytes = 8;             // the uint64 before the header
static constexpr uint64_t longestHeader = 100'000'000; // as the reference implementation

static std::optional<StorageType> typeNamed(StringRef dtype) {
  return StringSwitch<std::optional<StorageType>>(dtype)
      .Case("F64", StorageType::F64)
      .Case("F32", StorageType::F32)
      .Case("F16", StorageType::F16)
      .Case("BF16", StorageType::BF16)
      .Case("F8_E4M3", StorageType::F8_E4M3)
      .Case("I64", StorageType::I64)
      .Case("I32", StorageType::I32)
      .Case("I16", StorageType::I16)
      .Case("I8", StorageType::I8)
      .Case("U8", StorageType::U8)
      .Case("BOOL", StorageType::Bool)
      .Default(std::nullopt);
}

/// The JSON between the length and the data.
static Expected<StringRef> headerText(ArrayRef<uint8_t> bytes, StringRef file) {
  if (bytes.size() < lengthBytes)
    return readError(file, "byte 0", "the header's length in 8 bytes", Twine(bytes.size()) + " bytes in all",
                     damagedRemedy);
  if (isLfsPointer(StringRef(reinterpret_cast<const char *>(bytes.data()), bytes.size())))
    return readError(file, "byte 0", "a safetensors file", "text", pointerRemedy);
  uint64_t length = support::endian::read64le(bytes.data());
  uint64_t room = bytes.size() - lengthBytes;
  if (length > longestHeader)
    return readError(file, "byte 0", "a header of at most " + Twine(longestHeader) + " bytes", Twine(length),
                     "this does not look like a safetensors file");
  if (length > room)
    return readError(file, "byte 0", "a header of " + Twine(length) + " bytes",
                     "only " + Twine(room) + " bytes after its length", damagedRemedy);
  StringRef text(reinterpret_cast<const char *>(bytes.data()) + lengthBytes, length);
  if (!text.starts_with("{"))
    return readError(file, "byte 8", "a header that begins with '{'",
                     text.empty() ? Twine("an empty one") : "'" + text.take_front(1) + "'",
                     "this does not look like a safetensors file");
  return text;
}

namespace {
/// Turns one entry of the header into a tensor.
class EntryReader {
public:
  EntryReader(StringRef name, ArrayRef<uint8_t> data, uint64_t dataStart, StringRef file)
      : data(data), dataStart(dataStart), where(("header: tensor '" + name + "'").str()) {
    tensor.name = name.str();
    tensor.file = file.str();
  }

  Expected<StoredTensor> read(const json::Value &value) {
    const json::Object *entry = value.getAsObject();
    if (!entry)
      return wrong("an object", jsonKind(value));
    for (const auto &[key, unused] : *entry)
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        return wrong("the keys 'dtype', 'shape', 'data_offsets'", "'" + key.str() + "'");
    if (Error error = readType(entry->get("dtype")))
      return error;
    if (Error error = readShape(entry->get("shape")))
      return error;
    if (Error error = readRange(entry->get("data_offsets")))
      return error;
    return std::move(tensor);
  }

private:
  Error wrong(const Twine &expected, const Twine &found, const Twine &remedy = damagedRemedy) {
    return readError(tensor.file, where, expected, found, remedy);
  }

  Error readType(const json::Value *value) {
    if (!value || value->kind() != json::Value::String)
      return wrong("'dtype', a string", value ? jsonKind(*value) : "none");
    StringRef dtype = *value->getAsString();
    std::optional<StorageType> type = typeNamed(dtype);
    if (!type)
      return wrong("a dtype of F64, F32, F16, BF16, F8_E4M3, I64, I32, I16, I8, U8, BOOL", "'" + dtype + "'",
                   "this type is not supported: store the tensor as one of those");
    tensor.type = *type;
    return Error::success();
  }

  Error readShape(const json::Value *value) {
    const json::Array *shape = value ? value->getAsArray() : nullptr;
    if (!shape)
      return wrong("'shape', a list", value ? jsonKind(*value) : "none");
    for (const json::Value &extent : *shape) {
      std::optional<int64_t> number = extent.getAsInteger();
      if (!number || *number < 0)
        return wrong("extents from 0 to 2^63 - 1 in 'shape'", jsonExcerpt(extent));
      tensor.shape.push_back(*number);
    }
    return Error::success();
  }

  Error readRange(const json::Value *value) {
    const json::Array *range = value ? value->getAsArray() : nullptr;
    if (!range || range->size() != 2)
      return wrong("'data_offsets', a list of two numbers", value ? jsonExcerpt(*value) : "none");
    std::optional<int64_t> begin = (*range)[0].getAsInteger(), end = (*range)[1].getAsInteger();
    if (!begin || !end || *begin < 0 || *end < *begin)
      return wrong("'data_offsets' as [begin, end] with 0 <= begin <= end", jsonExcerpt(*value));
    if (static_cast<uint64_t>(*end) > data.size())
      return wrong("data up to offset " + Twine(*end), "only " + Twine(data.size()) + " bytes after the header",
                   damagedRemedy);
    std::optional<uint64_t> bytes = storedBytes(tensor.shape, tensor.type);
    uint64_t length = *end - *begin;
    if (!bytes || *bytes != length)
      return wrong((bytes ? Twine(*bytes) : Twine("a number of")) + " bytes that fit shape x " +
                       blockFacts(tensor.type).name,
                   Twine(length) + " in 'data_offsets'");
    tensor.bytes = data.slice(*begin, length);
    tensor.offset = dataStart + *begin;
    return Error::success();
  }

  ArrayRef<uint8_t> data; // what follows the header
  uint64_t dataStart;     // where that begins in the file
  std::string where;
  StoredTensor tensor;
};
} // namespace

/// `__metadata__` maps strings to strings; nothing in it is used.
static Error checkMetadata(const json::Value &value, StringRef file) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return readError(file, "header: '__metadata__'", "an object", jsonKind(value), damagedRemedy);
  for (const auto &[key, entry] : *object)
    if (entry.kind() != json::Value::String)
      return readError(file, "header: '__metadata__': '" + key.str() + "'", "a string", jsonKind(entry),
                       damagedRemedy);
  return Error::success();
}

/// The format has no gaps: each tensor begins where the one before ends.
static Error checkCoverage(ArrayRef<StoredTensor> tensors, uint64_t dataStart, uint64_t fileSize, StringRef file) {
  uint64_t end = dataStart;
  StringRef before;
  for (const StoredTensor &tensor : tensors) {
    if (tensor.offset < end)
      return readError(file, "header: tensor '" + tensor.name + "'", "data of its own",
                       "data that overlaps that of '" + before + "'", damagedRemedy);
    if (tensor.offset > end)
      return readError(file, "header: tensor '" + tensor.name + "'", "data at byte " + Twine(end),
                       "data at byte " + Twine(tensor.offset) + ", after a gap", damagedRemedy);
    end = tensor.offset + tensor.bytes.size();
    before = tensor.name;
  }
  if (end != fileSize)
    return readError(file, "byte " + Twine(end), "the end of the file after the last tensor",
                     Twine(fileSize - end) + " more bytes", damagedRemedy);
  return Error::success();
}

Expected<std::vector<StoredTensor>> heddle::parseSafetensors(ArrayRef<uint8_t> bytes, StringRef file) {
  Expected<StringRef> text = headerText(bytes, file);
  if (!text)
    return text.takeError();
  Expected<json::Object> header = parseJsonObject(*text, file, "header");
  if (!header)
    return header.takeError();

  uint64_t dataStart = lengthBytes + text->size();
  std::vector<StoredTensor> tensors;
  for (const auto &[key, value] : *header) {
    if (key == "__metadata__") {
      if (Error error = checkMetadata(value, file))
        return error;
      continue;
    }
    EntryReader reader(key, bytes.drop_front(dataStart), dataStart, file);
    Expected<StoredTensor> tensor = reader.read(value);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }

  // Empty tensors share their offset with a neighbour and come before it.
  llvm::sort(tensors, [](const StoredTensor &a, const StoredTensor &b) {
    return std::tuple(a.offset, a.bytes.size(), StringRef(a.name)) <
           std::tuple(b.offset, b.bytes.size(), StringRef(b.name));
  });
  if (Error error = checkCoverage(tensors, dataStart, bytes.size(), file))
    return error;
  return tensors;
}
