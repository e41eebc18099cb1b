//===- Utf8.h - walking UTF-8 -----------------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_UTF8_H
#define HEDDLE_RUNTIME_TEXT_UTF8_H

#include <cstdint>
#include <string>
#include <string_view>

namespace heddle {

/// What stands at one place in bytes that should be UTF-8.
struct Utf8Step {
  enum class State { Valid, Invalid, Truncated };
  State state;
  uint8_t length; ///< Valid: of the character; else of the longest beginning of one, at least 1
  char32_t codePoint;
};

constexpr std::string_view replacementCharacter = "\xEF\xBF\xBD"; ///< U+FFFD

/// Reads the character at `offset`, which must be inside `text`.
Utf8Step readUtf8(std::string_view text, size_t offset);

/// Offset of the first byte that is not UTF-8, or npos.
size_t findInvalidUtf8(std::string_view text);

/// Adds a code point (a Unicode scalar value) to `out`.
void appendUtf8(std::string &out, char32_t codePoint);

/// Adds `text` to `out` with U+FFFD for each longest beginning of a character that does not go on.
void appendLossy(std::string &out, std::string_view text);

/// How many bytes at the end of `text` are the beginning of a character that may yet be completed.
size_t incompleteSuffix(std::string_view text);

/// Calls `visit(codePoint, begin, end)` for each character of valid UTF-8.
template <typename Visit> void forEachCharacter(std::string_view text, Visit visit) {
  for (size_t i = 0; i < text.size();) {
    if (uint8_t(text[i]) < 0x80) {
      visit(char32_t(text[i]), i, i + 1);
      ++i;
      continue;
    }
    Utf8Step step = readUtf8(text, i);
    visit(step.codePoint, i, i + step.length);
    i += step.length;
  }
}

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_UTF8_H
