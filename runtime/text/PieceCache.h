//===- PieceCache.h - tokens of pieces that come again ----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_PIECECACHE_H
#define HEDDLE_RUNTIME_TEXT_PIECECACHE_H

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
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
      : places(textSize < 2048 ? 0 : std::bit_ceil(std::min(textSize / 64, most))) {}

  /// A piece and its tokens.
  class alignas(64) Entry { // one line of the processor's cache
  public:
    bool holds(std::string_view piece, size_t depth) const {
      return size == piece.size() && pieceDepth == depth && std::memcmp(room, piece.data(), size) == 0;
    }

    /// Appends the tokens of the piece that it holds.
    void append(std::vector<int32_t> &out) const {
      for (size_t left = count; left > 0; --left) {
        int32_t id;
        std::memcpy(&id, room + sizeof room - left * sizeof id, sizeof id);
        out.push_back(id);
      }
    }

  private:
    friend class PieceCache;

    uint8_t size = 0, count = 0, pieceDepth = 0; ///< bytes of the piece (0: there is none), and its tokens
    char room[61];                               ///< the piece from the front, the tokens up to the end
  };

  /// Where pieces with the same hash are: the last two stay.
  class Place {
  public:
    /// Null: the piece is not there.
    const Entry *find(std::string_view piece, size_t depth) const {
      if (newer.holds(piece, depth))
        return &newer;
      return older.holds(piece, depth) ? &older : nullptr;
    }

    /// Adds a piece that is not there, if there is room for it and its tokens.
    void add(std::string_view piece, size_t depth, std::span<const int32_t> ids) {
      if (piece.size() + ids.size_bytes() > sizeof newer.room)
        return;
      older = newer;
      newer.size = uint8_t(piece.size());
      newer.count = uint8_t(ids.size());
      newer.pieceDepth = uint8_t(depth);
      std::memcpy(newer.room, piece.data(), piece.size());
      std::memcpy(newer.room + sizeof newer.room - ids.size_bytes(), ids.data(), ids.size_bytes());
    }

  private:
    Entry newer, older;
  };

  /// Where a piece is, if it is remembered, that `depth` steps of the pre-tokenizer have made and the others
  /// have yet to cut. Null: there is no place for it.
  Place *placeOf(std::string_view piece, size_t depth) {
    if (places.empty() || piece.empty() || piece.size() > sizeof Entry::room || depth > UINT8_MAX)
      return nullptr;
    return &places[(XXH3_64bits(piece.data(), piece.size()) + depth) & (places.size() - 1)];
  }

private:
  static constexpr size_t most = 1 << 14;
  std::vector<Place> places;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_PIECECACHE_H
