//===- GgufCursor.h - a checked way through a GGUF file ---------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_GGUFCURSOR_H
#define HEDDLE_FRONTEND_CHECKPOINT_GGUFCURSOR_H

#include "frontend/checkpoint/GgufMetadata.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/Support/Endian.h"

namespace heddle {

/// Reads forward, never past the end. Each function names what it reads, for
/// the message "FILE: byte N: expected WHAT, found only K bytes".
class GgufCursor {
public:
  GgufCursor(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef file) : bytes(bytes), file(file) {}

  uint64_t offset() const { return at; }
  uint64_t remaining() const { return bytes.size() - at; }

  /// A little-endian number.
  template <typename T> llvm::Error number(T &value, const llvm::Twine &what) {
    llvm::ArrayRef<uint8_t> payload;
    if (llvm::Error error = take(sizeof(T), payload, what))
      return error;
    value = llvm::support::endian::read<T, llvm::endianness::little>(payload.data());
    return llvm::Error::success();
  }

  /// A uint64 length and that many bytes.
  llvm::Error string(llvm::StringRef &value, const llvm::Twine &what) {
    uint64_t length;
    if (llvm::Error error = number(length, "the length of " + what))
      return error;
    llvm::ArrayRef<uint8_t> payload;
    if (llvm::Error error = take(length, payload, what))
      return error;
    value = {reinterpret_cast<const char *>(payload.data()), payload.size()};
    return llvm::Error::success();
  }

  /// A count of things that take at least `least` bytes each in the file, so
  /// that whoever reserves memory for them cannot be made to reserve much.
  llvm::Error count(uint64_t &value, uint64_t least, const llvm::Twine &what) {
    uint64_t begin = at;
    if (llvm::Error error = number(value, "the number of " + what))
      return error;
    if (value > remaining() / least)
      return wrong(begin, "at most " + llvm::Twine(remaining() / least) + " " + what + " in the bytes that follow",
                   llvm::Twine(value), damagedRemedy);
    return llvm::Error::success();
  }

  /// `length` bytes as they are.
  llvm::Error take(uint64_t length, llvm::ArrayRef<uint8_t> &payload, const llvm::Twine &what) {
    if (length > remaining())
      return wrong(at, what + " in " + llvm::Twine(length) + " bytes",
                   "only " + llvm::Twine(remaining()) + " bytes before the end of the file", damagedRemedy);
    payload = bytes.slice(at, length);
    at += length;
    return llvm::Error::success();
  }

  /// An error at byte `place`.
  llvm::Error wrong(uint64_t place, const llvm::Twine &expected, const llvm::Twine &found,
                    const llvm::Twine &remedy = "") const {
    return readError(file, "byte " + llvm::Twine(place), expected, found, remedy);
  }

private:
  llvm::ArrayRef<uint8_t> bytes;
  llvm::StringRef file;
  uint64_t at = 0;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_GGUFCURSOR_H
