//===- GgufMetadata.h - typed access to GGUF's key-value pairs --*- C++ -*-===//
//
// Everything points into the mapped file; nothing is copied but a table of
// StringRefs for each array of strings. Valid as long as the checkpoint.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_GGUFMETADATA_H
#define HEDDLE_FRONTEND_CHECKPOINT_GGUFMETADATA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

/// The value types of the GGUF specification, by their numbers in the file.
enum class GgufType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

/// "uint32", "string" ...: the specification's name of a type.
llvm::StringRef ggufTypeName(GgufType type);

/// Bytes of one value of a fixed-size type; 0 for String and Array.
unsigned ggufTypeBytes(GgufType type);

/// One value. `bytes` holds its payload: a scalar's bytes, a string's text, or
/// the elements of an array of scalars; an array of strings is in `texts`.
struct GgufValue {
  std::string key;
  GgufType type = GgufType::U8;        // Array for arrays
  GgufType elementType = GgufType::U8; // of an array; else the same as `type`
  uint64_t count = 1;                  // elements of an array; else 1
  uint64_t offset = 0;                 // of the value in the file, for messages
  llvm::ArrayRef<uint8_t> bytes;
  std::vector<llvm::StringRef> texts;

  bool isArray() const { return type == GgufType::Array; }

  /// Element `i` (0 for a scalar) as an integer. None if i is out of range, the
  /// type is not an integer type or Bool, or a uint64 does not fit.
  std::optional<int64_t> integer(uint64_t i = 0) const;
  /// Element `i` as a real: floats, and integers rounded to double.
  std::optional<double> real(uint64_t i = 0) const;
  /// Element `i` of type Bool.
  std::optional<bool> flag(uint64_t i = 0) const;
  /// A string, or element `i` of an array of strings. Need not be valid UTF-8.
  std::optional<llvm::StringRef> text(uint64_t i = 0) const;
};

/// The pairs of one file, by their full names, e.g. "tokenizer.ggml.tokens".
class GgufMetadata {
public:
  /// The value of `key`, or null.
  const GgufValue *find(llvm::StringRef key) const;
  /// All values in the order of the file.
  llvm::ArrayRef<GgufValue> values() const { return pairs; }

  /// Scalars by key; none if the key is absent or of another type.
  std::optional<int64_t> integer(llvm::StringRef key) const;
  std::optional<double> real(llvm::StringRef key) const;
  std::optional<bool> flag(llvm::StringRef key) const;
  std::optional<llvm::StringRef> text(llvm::StringRef key) const;
  /// The elements of an array of strings; empty if absent or of another type.
  llvm::ArrayRef<llvm::StringRef> texts(llvm::StringRef key) const;
  /// The array named `key`, or null if it is absent or not an array.
  const GgufValue *array(llvm::StringRef key) const;

  /// Adds a value; false if its key is already there.
  bool add(GgufValue value);

private:
  std::vector<GgufValue> pairs;
  llvm::StringMap<size_t> byKey;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_GGUFMETADATA_H
