//===- TokenIndex.cpp - from a token's spelling to its id -------------------===//

#include "runtime/text/TokenIndex.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <xxhash.h>

namespace heddle {

namespace {

uint32_t hashOf(std::string_view text) { return uint32_t(XXH3_64bits(text.data(), text.size())); }

} // namespace

std::optional<unsigned char> byteOfToken(std::string_view token) {
  unsigned char byte;
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
    return std::nullopt;
  auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  if (error != std::errc() || end != token.data() + 5)
    return std::nullopt;
  return byte;
}

TokenIndex::TokenIndex(const StringTable &vocabulary)
    : vocabulary(vocabulary), slots(std::bit_ceil(vocabulary.size() * 2 + 1)) {
  byteIds.fill(none);
  for (uint32_t id = 0; id < vocabulary.size(); ++id) {
    std::string_view token = vocabulary[id];
    if (token.empty())
      continue;
    maxLength = std::max(maxLength, token.size());
    uint32_t hash = hashOf(token);
    Slot &slot = slots[slotOf(token, hash)];
    if (slot.id == none)
      slot = {hash, id};
    if (std::optional<unsigned char> byte = byteOfToken(token))
      byteIds[*byte] = id;
  }
}

size_t TokenIndex::slotOf(std::string_view token, uint32_t hash) const {
  size_t slot = hash & (slots.size() - 1);
  while (slots[slot].id != none && (slots[slot].hash != hash || vocabulary[slots[slot].id] != token))
    slot = (slot + 1) & (slots.size() - 1);
  return slot;
}

uint32_t TokenIndex::find(std::string_view token) const {
  if (token.empty() || token.size() > maxLength)
    return none;
  return slots[slotOf(token, hashOf(token))].id;
}

} // namespace heddle
