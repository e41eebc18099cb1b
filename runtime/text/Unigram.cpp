//===- Unigram.cpp - the most probable tokens of one piece ------------------===//
//
// One pass from left to right keeps the best way to each place; of equal ways the first found stays. It takes
// at most the longest token's steps a character.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Unigram.h"
#include "runtime/support/Error.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace heddle {

namespace {

constexpr uint32_t none = TokenIndex::none;
constexpr double unknownPenalty = 10; ///< how far an unknown character is below the worst token

} // namespace

Unigram::Unigram(const TokenizerModel &model, const TokenIndex &index)
    : model(model), index(index), trie(model.vocabulary.bytes.size()) {
  double lowest = std::numeric_limits<double>::infinity();
  for (uint32_t id = 0; id < model.scores.size(); ++id) {
    double score = model.scores[id];
    if (std::isnan(score))
      throw Error("tokenizer: the score of token " + std::to_string(id) + " is not a number");
    if (score == -std::numeric_limits<double>::infinity() || model.vocabulary[id].empty())
      continue;
    lowest = std::min(lowest, score);
    trie.add(model.vocabulary[id], id);
  }
  unknownScore = lowest - unknownPenalty;
}

void Unigram::findBest(std::string_view piece, std::vector<Node> &nodes) const {
  nodes.assign(piece.size() + 1, {0, none, none});
  auto consider = [&](size_t begin, size_t end, double score, uint32_t id) {
    Node &node = nodes[end];
    score += nodes[begin].score;
    if (node.begin == none || score > node.score)
      node = {score, uint32_t(begin), id};
  };
  forEachCharacter(piece, [&](char32_t, size_t begin, size_t next) {
    bool alone = false;
    uint32_t node = Trie::root;
    for (size_t end = begin; end < piece.size();) {
      node = trie.step(node, piece[end++]);
      if (node == none)
        break;
      uint32_t id = trie.valueAt(node);
      if (id == none)
        continue;
      consider(begin, end, model.scores[id], id);
      alone |= end == next;
    }
    if (!alone)
      consider(begin, next, unknownScore, none);
  });
}

/// Neighbouring unknown characters.
void Unigram::emitUnknown(std::string_view text, std::vector<int32_t> &out) const {
  if (uint32_t id = index.find(text); id != none) // the unknown token written out
    return out.push_back(int32_t(id));
  bool bytes = model.byteFallback;
  for (char c : text)
    bytes = bytes && index.ofByte(uint8_t(c)) != none;
  if (!bytes) {
    if (model.unknown)
      out.push_back(int32_t(*model.unknown));
    return;
  }
  for (char c : text)
    out.push_back(int32_t(index.ofByte(uint8_t(c))));
}

void Unigram::encode(std::string_view piece, std::vector<int32_t> &out, Scratch &scratch) const {
  if (piece.empty())
    return;
  if (piece.size() >= none)
    throw Error("a piece of the text passes 4 GiB");
  std::vector<Node> &nodes = scratch.nodes;
  findBest(piece, nodes);
  scratch.ends.clear();
  for (uint32_t end = uint32_t(piece.size()); end > 0; end = nodes[end].begin)
    scratch.ends.push_back(end);
  auto known = [&](uint32_t end) { return nodes[end].id != none && nodes[end].id != model.unknown; };
  for (auto end = scratch.ends.rbegin(); end != scratch.ends.rend();) {
    uint32_t begin = nodes[*end].begin;
    if (known(*end)) {
      out.push_back(int32_t(nodes[*end++].id));
      continue;
    }
    auto run = std::find_if(end, scratch.ends.rend(), known);
    emitUnknown(piece.substr(begin, *std::prev(run) - begin), out);
    end = run;
  }
}

} // namespace heddle
