//===- Bpe.h - byte pair encoding of one piece ------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_BPE_H
#define HEDDLE_RUNTIME_TEXT_BPE_H

#include "runtime/text/FlatMap.h"
#include "runtime/text/MinTree.h"
#include "runtime/text/TokenIndex.h"

namespace heddle {

/// Both kinds of byte pair encoding: neighbours are joined, the best pair first and the leftmost of equals,
/// until none is left. They differ in what makes a pair good.
class Bpe {
public:
  /// Both must outlive it. Throws Error on a score that is NaN.
  Bpe(const TokenizerModel &model, const TokenIndex &index);

  /// Buffers to be kept from one call to the next.
  struct Scratch {
    struct Symbol {
      uint32_t id;         ///< token, or none for a character that is none
      uint32_t begin, end; ///< bytes of the piece
      uint32_t previous, next;
      uint32_t joined = TokenIndex::none; ///< what it makes with the next one
    };
    std::vector<Symbol> symbols;
    MinTree ranks; ///< by symbol: of what it makes with the next one
  };

  /// Appends the tokens of `piece`, valid UTF-8 below 4 GiB, to `out`.
  void encode(std::string_view piece, std::vector<int32_t> &out, Scratch &scratch) const;

private:
  void cut(std::string_view piece, Scratch &scratch) const;
  uint32_t characterId(char32_t codePoint, std::string_view character) const;
  /// What two neighbours make.
  struct Join {
    uint32_t rank = MinTree::none; ///< small is good; none: they make no token
    uint32_t id = TokenIndex::none;
  };

  Join findJoin(std::string_view piece, const Scratch &scratch, uint32_t left) const;
  void join(std::string_view piece, Scratch &scratch) const;
  void emit(std::string_view piece, const Scratch &scratch, std::vector<int32_t> &out) const;
  bool emitBytes(std::string_view character, std::vector<int32_t> &out) const;

  const TokenizerModel &model;
  const TokenIndex &index;
  FlatMap<Join> joinOfPair;          ///< MergeBpe: left << 32 | right -> place in model.merges, and result
  std::vector<uint32_t> rankOfToken; ///< ScoreBpe: equal scores have equal ranks; MinTree::none: never made
  std::vector<uint32_t> wholeTokens; ///< id -> whether ignoreMerges may choose it (not: special tokens)
  std::array<uint32_t, 0x400> commonCharacters;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_BPE_H
