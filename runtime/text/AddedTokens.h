//===- AddedTokens.h - tokens found before anything else --------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_ADDEDTOKENS_H
#define HEDDLE_RUNTIME_TEXT_ADDEDTOKENS_H

#include "runtime/text/TokenizerModel.h"
#include "runtime/text/Trie.h"

namespace heddle {

/// A stretch of text: an added token, or text between such.
struct Segment {
  size_t begin, end;
  std::optional<uint32_t> id;
};

/// Finds added tokens in a text: from left to right, of several that begin at one place the longest.
class AddedTokenFinder {
public:
  /// `contents[i]` is what tokens[i] looks like in the text to be searched; empty ones are never found.
  AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string> &contents);

  /// The whole of `text` as segments, none empty. Without `special`, special tokens remain text.
  std::vector<Segment> split(std::string_view text, bool special) const;

private:
  /// The longest token that begins at `offset`, as an index into `tokens`, or Trie::none; its end is stored
  /// in `end`.
  uint32_t match(std::string_view text, size_t offset, size_t &end) const;

  /// The first place from `offset` on where a token may begin, or the end of `text`.
  size_t skip(std::string_view text, size_t offset) const;

  std::vector<AddedToken> tokens;
  Trie trie;                           ///< of places in `tokens`
  std::array<uint8_t, 256> roles = {}; ///< by byte: whether a token has it first, or second
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_ADDEDTOKENS_H
