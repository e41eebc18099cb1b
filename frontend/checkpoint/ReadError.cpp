//===- ReadError.cpp - what a reader says when a file is wrong ------------===//
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

/// `part` with control characters as \xNN and invalid UTF-8 replaced, so that a
/// hostile name cannot write to the terminal, nor fill it.
static std::string printable(const Twine &part) {
  constexpr size_t longest = 300;
  std::string text = part.str();
  std::string valid = json::fixUTF8(StringRef(text).take_front(longest));
  std::string result;
  for (char c : valid) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      result += ("\\x" + Twine(hexdigit(byte >> 4, true)) + Twine(hexdigit(byte & 15, true))).str();
    else
      result += c;
  }
  return text.size() > longest ? result + " ..." : result;
}

llvm::Error heddle::readError(const Twine &file, const Twine &where, const Twine &expected, const Twine &found,
                              const Twine &remedy) {
  std::string message = file.str() + ": ";
  if (std::string place = printable(where); !place.empty())
    message += place + ": ";
  message += "expected " + printable(expected) + ", found " + printable(found);
  if (std::string advice = printable(remedy); !advice.empty())
    message += "; " + advice;
  return createStringError(inconvertibleErrorCode(), message);
}
