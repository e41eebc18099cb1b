//===- Bpe.cpp - byte pair encoding of one piece ----------------------------===//
//
// The piece is a linked list of symbols, at first its characters; a tree knows the best pair of neighbours.
// Each join removes a symbol and changes at most two pairs, so the work is O(n log n).
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Bpe.h"
#include "runtime/support/Error.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace heddle {

namespace {

constexpr uint32_t none = TokenIndex::none;

/// The place of each token's score among the different scores, the highest first.
std::vector<uint32_t> rankScores(const std::vector<double> &scores) {
  std::vector<uint32_t> order(scores.size()), ranks(scores.size(), MinTree::none);
  for (size_t id = 0; id < scores.size(); ++id)
    if (std::isnan(scores[id]))
      throw Error("tokenizer: the score of token " + std::to_string(id) + " is not a number");
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
  uint32_t rank = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && scores[order[i]] != scores[order[i - 1]])
      ++rank;
    if (scores[order[i]] != -std::numeric_limits<double>::infinity())
      ranks[order[i]] = rank;
  }
  return ranks;
}

} // namespace

Bpe::Bpe(const TokenizerModel &model, const TokenIndex &index)
    : model(model), index(index), joinOfPair(model.merges.size()) {
  for (uint32_t i = 0; i < model.merges.size(); ++i) {
    const Merge &merge = model.merges[i];
    joinOfPair.set(uint64_t(merge.left) << 32 | merge.right, {i, merge.result});
  }
  if (model.kind == TokenizerKind::ScoreBpe)
    rankOfToken = rankScores(model.scores);
  wholeTokens.assign(model.ignoreMerges ? model.vocabulary.size() : 0, true);
  for (const AddedToken &token : model.addedTokens)
    if (model.ignoreMerges && token.special)
      wholeTokens[token.id] = false;
  for (char32_t c = 0; c < commonCharacters.size(); ++c) {
    std::string character;
    appendUtf8(character, c);
    commonCharacters[c] = index.find(character);
  }
}

uint32_t Bpe::characterId(char32_t codePoint, std::string_view character) const {
  uint32_t id = codePoint < commonCharacters.size() ? commonCharacters[codePoint] : index.find(character);
  bool never = id != none && model.kind == TokenizerKind::ScoreBpe && rankOfToken[id] == MinTree::none;
  return never ? none : id;
}

void Bpe::cut(std::string_view piece, Scratch &scratch) const {
  scratch.symbols.clear();
  bool vanishes = model.kind == TokenizerKind::MergeBpe && !model.byteFallback && !model.unknown;
  bool affixed = !model.subwordPrefix.empty() || !model.wordSuffix.empty();
  forEachCharacter(piece, [&](char32_t c, size_t begin, size_t end) {
    uint32_t here = uint32_t(scratch.symbols.size());
    std::string_view character = piece.substr(begin, end - begin);
    uint32_t id = affixed ? index.find((begin == 0 ? "" : model.subwordPrefix) + std::string(character) +
                                       (end == piece.size() ? model.wordSuffix : ""))
                          : characterId(c, character);
    if (id == none && vanishes) // and its neighbours may be joined
      return;
    scratch.symbols.push_back({id, uint32_t(begin), uint32_t(end), here - 1, here + 1});
  });
  if (!scratch.symbols.empty())
    scratch.symbols.back().next = none; // the first one's `previous` has become `none` by itself
}

/// What the symbol `left` and the next one make.
Bpe::Join Bpe::findJoin(std::string_view piece, const Scratch &scratch, uint32_t left) const {
  const Scratch::Symbol &a = scratch.symbols[left];
  if (a.next == none)
    return {};
  const Scratch::Symbol &b = scratch.symbols[a.next];
  if (model.kind == TokenizerKind::MergeBpe) {
    if (a.id == none || b.id == none)
      return {};
    const Join *join = joinOfPair.find(uint64_t(a.id) << 32 | b.id);
    return join ? *join : Join();
  }
  uint32_t id = index.find(piece.substr(a.begin, b.end - a.begin));
  return {id == none ? MinTree::none : rankOfToken[id], id};
}

void Bpe::join(std::string_view piece, Scratch &scratch) const {
  std::vector<Scratch::Symbol> &symbols = scratch.symbols;
  scratch.ranks.reset(symbols.size());
  auto consider = [&](uint32_t left) {
    Join join = findJoin(piece, scratch, left);
    symbols[left].joined = join.id;
    scratch.ranks.set(left, join.rank);
  };
  for (uint32_t i = 0; i < symbols.size(); ++i)
    consider(i);
  for (MinTree::Entry best; (best = scratch.ranks.least()).value != MinTree::none;) {
    uint32_t place = uint32_t(best.place);
    Scratch::Symbol &left = symbols[place];
    const Scratch::Symbol &right = symbols[left.next];
    scratch.ranks.set(left.next, MinTree::none);
    left.id = left.joined;
    left.end = right.end;
    left.next = right.next;
    if (left.next != none)
      symbols[left.next].previous = place;
    if (left.previous != none)
      consider(left.previous);
    consider(place);
  }
}

bool Bpe::emitBytes(std::string_view character, std::vector<int32_t> &out) const {
  for (char c : character)
    if (index.ofByte(static_cast<unsigned char>(c)) == none)
      return false;
  for (char c : character)
    out.push_back(int32_t(index.ofByte(static_cast<unsigned char>(c))));
  return true;
}

void Bpe::emit(std::string_view piece, const Scratch &scratch, std::vector<int32_t> &out) const {
  bool afterUnknown = false;
  for (uint32_t i = scratch.symbols.empty() ? none : 0; i != none; i = scratch.symbols[i].next) {
    const Scratch::Symbol &symbol = scratch.symbols[i];
    if (symbol.id != none) {
      out.push_back(int32_t(symbol.id));
      afterUnknown = false;
      continue;
    }
    if (model.byteFallback && emitBytes(piece.substr(symbol.begin, symbol.end - symbol.begin), out)) {
      afterUnknown = false;
      continue;
    }
    if (model.unknown && !(afterUnknown && model.fuseUnknown))
      out.push_back(int32_t(*model.unknown));
    afterUnknown = true;
  }
}

void Bpe::encode(std::string_view piece, std::vector<int32_t> &out, Scratch &scratch) const {
  if (piece.empty())
    return;
  if (piece.size() >= none)
    throw Error("a piece of the text passes 4 GiB");
  if (model.ignoreMerges) {
    uint32_t id = index.find(piece);
    if (id != none && wholeTokens[id])
      return out.push_back(int32_t(id));
  }
  cut(piece, scratch);
  join(piece, scratch);
  emit(piece, scratch, out);
}

} // namespace heddle
