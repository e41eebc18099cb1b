//===- Protobuf.h - fields of a protocol buffer -----------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_PROTOBUF_H
#define HEDDLE_FRONTEND_TOKENIZER_PROTOBUF_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/bit.h"
#include <optional>

namespace heddle {

/// A field of a message: its number, and its value as the wire has it.
struct ProtobufField {
  uint32_t number = 0;
  bool isBytes = false;  // a string, bytes, or a message within; else a number
  llvm::StringRef bytes; // a view into the message
  uint64_t bits = 0;     // a varint, or the 32 or 64 bits of a fixed field

  int64_t integer() const { return int64_t(bits); }
  float real() const { return llvm::bit_cast<float>(uint32_t(bits)); }
};

/// Takes the fields off a message that nobody vouches for.
class ProtobufReader {
public:
  explicit ProtobufReader(llvm::StringRef message) : rest(message) {}

  /// The next field; none at the end, and where the bytes are no field: then `damaged` is true.
  std::optional<ProtobufField> next();

  bool damaged() const { return broken; }

private:
  std::optional<uint64_t> varint();
  std::optional<uint64_t> fixed(unsigned size);
  std::optional<llvm::StringRef> take(uint64_t size);

  llvm::StringRef rest;
  bool broken = false;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_PROTOBUF_H
