//===- WordPiece.h - the longest tokens of one word -------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_WORDPIECE_H
#define HEDDLE_RUNTIME_TEXT_WORDPIECE_H

#include "runtime/text/TokenIndex.h"

namespace heddle {

/// Cuts a word into the longest tokens from left to right; all but the first are spelled with a mark in
/// front. A word that is too long, or not made of tokens throughout, becomes the unknown token as a whole.
class WordPiece {
public:
  /// Both must outlive it. Throws Error on a model without an unknown token.
  WordPiece(const TokenizerModel &model, const TokenIndex &index);

  /// Buffers to be kept from one call to the next.
  using Scratch = std::string;

  /// Appends the tokens of `word`, valid UTF-8, to `out`.
  void encode(std::string_view word, std::vector<int32_t> &out, Scratch &scratch) const;

private:
  uint32_t takeLongest(std::string_view word, size_t &offset, Scratch &scratch) const;

  const TokenizerModel &model;
  const TokenIndex &index;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_WORDPIECE_H
