//===- Regex.h - compiled regular expressions -------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_REGEX_H
#define HEDDLE_RUNTIME_TEXT_REGEX_H

#include <memory>
#include <string>
#include <string_view>

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

  class Matches;

private:
  struct Free {
    void operator()(void *code) const;
  };
  std::unique_ptr<void, Free> code;
  std::string pattern;
  bool isMachineCode = false, matchesEmpty = false;
};

/// Finds the matches of a pattern, which must outlive it, in one text after another.
class Regex::Matches {
public:
  explicit Matches(const Regex &regex);

  /// Begins with a text of valid UTF-8.
  void start(std::string_view text);

  /// The next match, left to right, none overlapping; an empty one never touches the one before. False: there
  /// is none. Throws Error when one match takes more than 10 million steps and 16 a byte of the text.
  bool next(TextRange &match);

private:
  int run(size_t offset) const;
  bool find(size_t offset, TextRange &found) const;

  struct Free {
    void operator()(void *block) const;
  };
  struct FreeContext {
    void operator()(void *context) const;
  };
  const Regex *regex;
  std::unique_ptr<void, Free> block;          ///< PCRE2's, for the bounds of a match
  std::unique_ptr<void, FreeContext> context; ///< and for its limit
  std::string_view text;
  size_t from = 0;                     ///< where the next search begins
  size_t end = std::string_view::npos; ///< of the last match
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_REGEX_H
