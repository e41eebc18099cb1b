//===- Unigram.h - the most probable tokens of one piece --------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_UNIGRAM_H
#define HEDDLE_RUNTIME_TEXT_UNIGRAM_H

#include "runtime/text/TokenIndex.h"
#include "runtime/text/Trie.h"

namespace heddle {

/// Of all ways to cut a piece into tokens, the one whose scores have the greatest sum. Where no token is a
/// single character, an unknown one stands in, at a score below all others; neighbouring ones are one token.
class Unigram {
public:
  /// Both must outlive it. Throws Error on a score that is NaN.
  Unigram(const TokenizerModel &model, const TokenIndex &index);

  /// The best way to a place in the piece.
  struct Node {
    double score;
    uint32_t begin; ///< of its last token; `none`: no way found yet
    uint32_t id;    ///< that token; `none`: an unknown character
  };

  /// Buffers to be kept from one call to the next.
  struct Scratch {
    std::vector<Node> nodes; ///< by end in the piece
    std::vector<uint32_t> ends;
  };

  /// Appends the tokens of `piece`, valid UTF-8 below 4 GiB, to `out`.
  void encode(std::string_view piece, std::vector<int32_t> &out, Scratch &scratch) const;

private:
  void findBest(std::string_view piece, std::vector<Node> &nodes) const;
  void emitUnknown(std::string_view text, std::vector<int32_t> &out) const;

  const TokenizerModel &model;
  const TokenIndex &index;
  Trie trie;
  double unknownScore = 0;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_UNIGRAM_H
