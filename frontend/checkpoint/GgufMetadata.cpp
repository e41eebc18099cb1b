//===- GgufMetadata.cpp - typed access to GGUF's key-value pairs ----------===//
#include "frontend/checkpoint/GgufMetadata.h"
#include "llvm/Support/Endian.h"
#include <limits>

using namespace llvm;
using namespace heddle;

namespace {
struct TypeFacts {
  StringRef name;
  unsigned bytes;
};
} // namespace

// In the order of the enumeration.
static constexpr TypeFacts typeFacts[] = {
    {"uint8", 1},   {"int8", 1}, {"uint16", 2}, {"int16", 2}, {"uint32", 4}, {"int32", 4},   {"float32", 4},
    {"bool", 1}, {"string", 0}, {"array", 0},  {"uint64", 8}, {"int64", 8}, {"float64", 8},
};

StringRef heddle::ggufTypeName(GgufType type) { return typeFacts[static_cast<size_t>(type)].name; }

unsigned heddle::ggufTypeBytes(GgufType type) { return typeFacts[static_cast<size_t>(type)].bytes; }

template <typename T> static T element(const GgufValue &value, uint64_t i) {
  return support::endian::read<T, endianness::little>(value.bytes.data() + i * sizeof(T));
}

std::optional<int64_t> GgufValue::integer(uint64_t i) const {
  if (i >= count)
    return std::nullopt;
  switch (elementType) {
  case GgufType::U8:
  case GgufType::Bool:
    return element<uint8_t>(*this, i);
  case GgufType::I8:
    return element<int8_t>(*this, i);
  case GgufType::U16:
    return element<uint16_t>(*this, i);
  case GgufType::I16:
    return element<int16_t>(*this, i);
  case GgufType::U32:
    return element<uint32_t>(*this, i);
  case GgufType::I32:
    return element<int32_t>(*this, i);
  case GgufType::I64:
    return element<int64_t>(*this, i);
  case GgufType::U64: {
    uint64_t number = element<uint64_t>(*this, i);
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return std::nullopt;
    return static_cast<int64_t>(number);
  }
  default:
    return std::nullopt;
  }
}

std::optional<double> GgufValue::real(uint64_t i) const {
  if (i >= count || elementType == GgufType::Bool)
    return std::nullopt;
  if (elementType == GgufType::F32)
    return element<float>(*this, i);
  if (elementType == GgufType::F64)
    return element<double>(*this, i);
  if (elementType == GgufType::U64)
    return static_cast<double>(element<uint64_t>(*this, i));
  if (std::optional<int64_t> number = integer(i))
    return static_cast<double>(*number);
  return std::nullopt;
}

std::optional<bool> GgufValue::flag(uint64_t i) const {
  if (i >= count || elementType != GgufType::Bool)
    return std::nullopt;
  return bytes[i] != 0;
}

std::optional<StringRef> GgufValue::text(uint64_t i) const {
  if (i >= count || elementType != GgufType::String)
    return std::nullopt;
  if (isArray())
    return texts[i];
  return StringRef(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

const GgufValue *GgufMetadata::find(StringRef key) const {
  auto found = byKey.find(key);
  return found == byKey.end() ? nullptr : &pairs[found->second];
}

static const GgufValue *scalar(const GgufValue *value) { return value && !value->isArray() ? value : nullptr; }

std::optional<int64_t> GgufMetadata::integer(StringRef key) const {
  const GgufValue *value = scalar(find(key));
  return value ? value->integer() : std::nullopt;
}

std::optional<double> GgufMetadata::real(StringRef key) const {
  const GgufValue *value = scalar(find(key));
  return value ? value->real() : std::nullopt;
}

std::optional<bool> GgufMetadata::flag(StringRef key) const {
  const GgufValue *value = scalar(find(key));
  return value ? value->flag() : std::nullopt;
}

std::optional<StringRef> GgufMetadata::text(StringRef key) const {
  const GgufValue *value = scalar(find(key));
  return value ? value->text() : std::nullopt;
}

ArrayRef<StringRef> GgufMetadata::texts(StringRef key) const {
  const GgufValue *value = array(key);
  return value ? ArrayRef<StringRef>(value->texts) : ArrayRef<StringRef>();
}

const GgufValue *GgufMetadata::array(StringRef key) const {
  const GgufValue *value = find(key);
  return value && value->isArray() ? value : nullptr;
}

bool GgufMetadata::add(GgufValue value) {
  if (!byKey.try_emplace(value.key, pairs.size()).second)
    return false;
  pairs.push_back(std::move(value));
  return true;
}
