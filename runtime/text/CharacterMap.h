//===- CharacterMap.h - SentencePiece's normalization maps ------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_CHARACTERMAP_H
#define HEDDLE_RUNTIME_TEXT_CHARACTERMAP_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// A precompiled map from characters, or few together, to what stands in their place: a double array trie
/// followed by the replacements, each ended by a zero byte.
class CharacterMap {
public:
  /// Takes the map apart. Throws Error unless it holds a trie and behind it UTF-8.
  explicit CharacterMap(std::string_view bytes);

  /// Valid UTF-8 with each grapheme below six bytes replaced, if it begins with something in the map, or else
  /// its characters one by one. Throws Error when the text would pass `limit` bytes.
  std::string apply(std::string_view text, size_t limit) const;

private:
  std::optional<std::string_view> find(std::string_view text) const;
  uint32_t unit(size_t place) const { return place < units.size() ? units[place] : 0; }

  std::vector<uint32_t> units;
  std::string replacements;
  std::array<bool, 128> unchanged; ///< ASCII that is not in the map, nor begins anything in it
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_CHARACTERMAP_H
