//===- Trie.h - strings by their beginnings ---------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TRIE_H
#define HEDDLE_RUNTIME_TEXT_TRIE_H

#include "runtime/text/FlatMap.h"

#include <array>
#include <string_view>

namespace heddle {

/// Strings with a number each, walked byte by byte to find all that a text begins with.
class Trie {
public:
  static constexpr uint32_t none = ~uint32_t(0), root = 0;

  /// `totalBytes`: of all strings that will be added.
  explicit Trie(size_t totalBytes) : edges(totalBytes), values(1, none) { roots.fill(none); }

  /// Gives `text`, which is not empty, a number, over one that it had.
  void add(std::string_view text, uint32_t value) {
    uint32_t node = root;
    for (char c : text) {
      uint32_t next = step(node, c);
      if (next == none) {
        next = uint32_t(values.size());
        values.push_back(none);
        if (node == root)
          roots[uint8_t(c)] = next;
        else
          edges.set(uint64_t(node) * 256 + uint8_t(c), next);
      }
      node = next;
    }
    values[node] = value;
  }

  /// The node behind `node` by a byte, or `none`.
  uint32_t step(uint32_t node, char byte) const {
    if (node == root)
      return roots[uint8_t(byte)];
    const uint32_t *next = edges.find(uint64_t(node) * 256 + uint8_t(byte));
    return next ? *next : none;
  }

  /// The number of the string that ends at a node, or `none`.
  uint32_t valueAt(uint32_t node) const { return values[node]; }

private:
  std::array<uint32_t, 256> roots; ///< byte -> node behind the root
  FlatMap<uint32_t> edges;         ///< node * 256 + byte -> node, for the others
  std::vector<uint32_t> values;    ///< by node
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_TRIE_H
