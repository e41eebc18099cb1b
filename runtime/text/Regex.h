//===- Regex.h - compiled regular expressions -------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_REGEX_H
#define HEDDLE_RUNTIME_TEXT_REGEX_H

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// A part of a text, in bytes.
struct TextRange {
  size_t begin, end;
};

/// A PCRE2 pattern over UTF-8 with Unicode properties; ^ and $ also match at line ends.
/// Compiled once, to machine code where the platform allows; immutable.
class Regex {
public:
  /// Throws Error naming the pattern and the place in it that PCRE2 does not understand.
  explicit Regex(std::string_view pattern);

  /// All matches in valid UTF-8, left to right, none overlapping; an empty one never touches the one before.
  /// Throws Error when one match takes more than 10 million steps and 16 a byte of the text.
  std::vector<TextRange> findAll(std::string_view text) const;

private:
  struct Free {
    void operator()(void *code) const;
  };
  std::unique_ptr<void, Free> code;
  std::string pattern;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_REGEX_H
