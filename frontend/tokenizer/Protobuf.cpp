//===- Protobuf.cpp - fields of a protocol buffer -------------------------===//
#include "frontend/tokenizer/Protobuf.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace heddle;

std::optional<StringRef> ProtobufReader::take(uint64_t size) {
  if (size > rest.size())
    return std::nullopt;
  StringRef taken = rest.take_front(size);
  rest = rest.drop_front(size);
  return taken;
}

/// Seven bits a byte, the lowest first, the highest bit set in all but the last.
std::optional<uint64_t> ProtobufReader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    uint8_t byte = uint8_t(rest.front());
    rest = rest.drop_front();
    value |= uint64_t(byte & 0x7F) << shift;
    if (byte < 0x80)
      return value;
  }
  return std::nullopt;
}

std::optional<uint64_t> ProtobufReader::fixed(unsigned size) {
  std::optional<StringRef> bytes = take(size);
  if (!bytes)
    return std::nullopt;
  return size == 4 ? support::endian::read32le(bytes->data()) : support::endian::read64le(bytes->data());
}

std::optional<ProtobufField> ProtobufReader::next() {
  if (rest.empty() || broken)
    return std::nullopt;
  broken = true; // until the field is whole
  std::optional<uint64_t> key = varint(), bits;
  if (!key || *key >> 3 == 0 || *key >> 3 > UINT32_MAX)
    return std::nullopt;
  ProtobufField field;
  field.number = uint32_t(*key >> 3);
  switch (*key & 7) {
  case 0:
    bits = varint();
    break;
  case 1:
    bits = fixed(8);
    break;
  case 2:
    field.isBytes = true;
    if ((bits = varint())) {
      std::optional<StringRef> bytes = take(*bits);
      if (!bytes)
        return std::nullopt;
      field.bytes = *bytes;
    }
    break;
  case 5:
    bits = fixed(4);
    break;
  }
  if (!bits)
    return std::nullopt;
  field.bits = *bits;
  broken = false;
  return field;
}
