//===- PieceCache.h - tokens of pieces that come again ----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_PIECECACHE_H
#define HEDDLE_RUNTIME_TEXT_PIECECACHE_H

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>
#include <xxhash.h>

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
    if (slots.empty() || piece.empty() || piece.size() > sizeof Slot().room)
      return encode();
    Slot &slot = slots[XXH3_64bits(piece.data(), piece.size()) & (slots.size() - 1)];
    size_t before = out.size();
    if (slot.size == piece.size() && std::memcmp(slot.room, piece.data(), piece.size()) == 0) {
      out.resize(before + slot.count);
      std::memcpy(out.data() + before, slot.ids(), slot.count * sizeof(int32_t));
      return;
    }
    encode();
    size_t count = out.size() - before;
    if (piece.size() + count * sizeof(int32_t) > sizeof slot.room)
      return;
    slot.size = uint8_t(piece.size());
    slot.count = uint8_t(count);
    std::memcpy(slot.room, piece.data(), piece.size());
    std::memcpy(slot.ids(), out.data() + before, count * sizeof(int32_t));
  }

private:
  struct alignas(64) Slot {      // one line of the processor's cache
    uint8_t size = 0, count = 0; ///< bytes of the piece (0: empty), and its tokens
    char room[62];               ///< the piece from the front, the tokens up to the end
    char *ids() { return room + sizeof room - count * sizeof(int32_t); }
  };
  static constexpr size_t most = 1 << 15;
  std::vector<Slot> slots;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_PIECECACHE_H
