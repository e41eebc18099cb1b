//===- PieceCache.h - tokens of pieces that come again ----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_PIECECACHE_H
#define HEDDLE_RUNTIME_TEXT_PIECECACHE_H

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

namespace heddle {

/// Remembers the tokens of short pieces while one text is encoded: most words of a long text come again. A
/// piece may put another one out, so that the memory is bounded.
class PieceCache {
public:
  /// `textSize`: bytes of the text. Short ones are not worth it.
  explicit PieceCache(size_t textSize)
      : slots(textSize < 2048 ? 0 : std::bit_ceil(std::min(textSize / 32, most))) {}

  /// Appends the tokens of `piece` to `out`: what `encode()` appends, or appended for the same piece before.
  template <typename Encode> void append(std::string_view piece, std::vector<int32_t> &out, Encode encode) {
    if (slots.empty() || piece.empty() || piece.size() > sizeof Slot().bytes)
      return encode();
    Slot &slot = slots[std::hash<std::string_view>()(piece) & (slots.size() - 1)];
    if (slot.size == piece.size() && std::memcmp(slot.bytes, piece.data(), piece.size()) == 0) {
      out.insert(out.end(), slot.ids, slot.ids + slot.count);
      return;
    }
    size_t before = out.size();
    encode();
    size_t count = out.size() - before;
    if (count > std::size(slot.ids))
      return;
    slot.size = uint8_t(piece.size());
    slot.count = uint8_t(count);
    std::memcpy(slot.bytes, piece.data(), piece.size());
    std::copy(out.begin() + before, out.end(), slot.ids);
  }

private:
  struct Slot {
    uint8_t size = 0, count = 0; ///< of `bytes` and `ids`; size 0: empty
    char bytes[38];
    int32_t ids[6];
  };
  static constexpr size_t most = 1 << 15;
  std::vector<Slot> slots;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_PIECECACHE_H
