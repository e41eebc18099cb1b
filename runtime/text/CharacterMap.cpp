//===- CharacterMap.cpp - SentencePiece's normalization maps ----------------===//
//
// The format: the trie's length in bytes, 32 bits, little endian; the trie; the replacements. A unit of the
// trie has its label in bits 0 to 7 (and 31: it is a value instead), whether it has a value in bit 8, the
// distance to its children in bits 10 to 30, times 256 where bit 9 is set.
//
// How a grapheme is looked up follows Hugging Face's tokenizers, not SentencePiece, where they differ.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/CharacterMap.h"
#include "runtime/support/Error.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <cstring>

namespace heddle {

namespace {

constexpr size_t longestGrapheme = 5; ///< in bytes; longer ones are taken apart

size_t offsetOf(uint32_t unit) { return size_t(unit >> 10) << ((unit & 1u << 9) >> 6); }

} // namespace

CharacterMap::CharacterMap(std::string_view bytes) {
  uint32_t size = 0;
  if (bytes.size() >= sizeof size)
    std::memcpy(&size, bytes.data(), sizeof size);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - sizeof size)
    throw Error("tokenizer: a normalization map of " + std::to_string(bytes.size()) +
                " bytes, which do not hold its trie of " + std::to_string(size));
  units.resize(size / 4);
  std::memcpy(units.data(), bytes.data() + sizeof size, size);
  replacements = bytes.substr(sizeof size + size);
  if (findInvalidUtf8(replacements) != std::string_view::npos)
    throw Error("tokenizer: a normalization map whose replacements are not UTF-8");
  for (size_t c = 0; c < unchanged.size(); ++c) {
    char character = char(c);
    unchanged[c] = c != '\r' && !find(std::string_view(&character, 1));
  }
}

/// What stands in the place of the shortest entry that `text` begins with.
std::optional<std::string_view> CharacterMap::find(std::string_view text) const {
  size_t place = offsetOf(unit(0));
  for (char c : text) {
    if (c == 0)
      break;
    place ^= uint8_t(c);
    uint32_t here = unit(place);
    if ((here & (1u << 31 | 0xFF)) != uint8_t(c))
      break;
    place ^= offsetOf(here);
    if ((here >> 8 & 1) == 0)
      continue;
    size_t begin = unit(place) & ~(1u << 31);
    if (begin >= replacements.size() || (replacements[begin] & 0xC0) == 0x80)
      throw Error("tokenizer: a normalization map with a replacement outside of it");
    std::string_view rest = std::string_view(replacements).substr(begin);
    return rest.substr(0, rest.find('\0'));
  }
  return std::nullopt;
}

std::string CharacterMap::apply(std::string_view text, size_t limit) const {
  std::string out;
  out.reserve(text.size());
  auto isPlain = [&](size_t i) { return uint8_t(text[i]) < 0x80 && unchanged[uint8_t(text[i])]; };
  for (size_t i = 0; i < text.size();) {
    if (isPlain(i) && (i + 1 == text.size() || uint8_t(text[i + 1]) < 0x80)) { // surely a grapheme
      out += text[i++];
      continue;
    }
    std::string_view grapheme = text.substr(i, graphemePrefix(text.substr(i)));
    std::optional<std::string_view> whole;
    if (grapheme.size() <= longestGrapheme)
      whole = find(grapheme);
    if (whole)
      out += *whole;
    else
      forEachCharacter(grapheme, [&](char32_t, size_t begin, size_t end) {
        std::string_view character = grapheme.substr(begin, end - begin);
        out += find(character).value_or(character);
      });
    if (out.size() > limit)
      throw Error("the normalized text passes " + std::to_string(limit >> 20) + " MiB");
    i += grapheme.size();
  }
  return out;
}

} // namespace heddle
