//===- TokenIndex.h - from a token's spelling to its id ---------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TOKENINDEX_H
#define HEDDLE_RUNTIME_TEXT_TOKENINDEX_H

#include "runtime/text/TokenizerModel.h"

#include <array>

namespace heddle {

/// Finds strings of a vocabulary, which must outlive it. Of equal strings the first is found.
class TokenIndex {
public:
  static constexpr uint32_t none = ~uint32_t(0);

  explicit TokenIndex(const StringTable &vocabulary);

  /// The id of `token`, or `none`; always `none` for an empty string.
  uint32_t find(std::string_view token) const;

  /// The id of the token <0xNN>, or `none`.
  uint32_t ofByte(unsigned char byte) const { return byteIds[byte]; }

  /// Bytes of the longest token.
  size_t longest() const { return maxLength; }

private:
  struct Slot {
    uint32_t hash = 0, id = none; ///< the hash saves most looks at the strings
  };
  size_t slotOf(std::string_view token, uint32_t hash) const;

  const StringTable &vocabulary;
  std::vector<Slot> slots;
  std::array<uint32_t, 256> byteIds;
  size_t maxLength = 0;
};

/// The byte that a token of the form <0xNN> stands for.
std::optional<unsigned char> byteOfToken(std::string_view token);

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_TOKENINDEX_H
