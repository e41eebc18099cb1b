//===- PieceEncoding.h - from pieces of a text to its tokens ----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_PIECEENCODING_H
#define HEDDLE_RUNTIME_TEXT_PIECEENCODING_H

#include "runtime/text/PieceCache.h"
#include "runtime/text/PreTokenize.h"

namespace heddle {

/// Makes the tokens of one text. `Encoder` makes them of pieces that are cut; it has `encode` and `Scratch`.
template <typename Encoder> class PieceEncoding {
public:
  /// `textSize`: bytes of the text. All others must outlive it.
  PieceEncoding(const PreTokenizer &preTokenizer, const Encoder &encoder, size_t textSize,
                std::vector<int32_t> &out)
      : preTokenizer(preTokenizer), encoder(encoder), out(out), reader(preTokenizer), cache(textSize),
        open(reader.steps() + 1) {}

  void append(uint32_t id) { out.push_back(int32_t(id)); }
  void append(Piece piece) { reader.read(piece, Visitor{*this}); }

private:
  /// A piece that is being cut and encoded.
  struct Open {
    std::string_view text;
    PieceCache::Place *place = nullptr; ///< where its tokens go then, if they are to be remembered
    size_t before = 0;                  ///< how many tokens stand before them
  };

  /// Short pieces are remembered before they are cut further: a word that comes again is not looked at by the
  /// steps that are left. The first piece may be cut in another way than those of the same text behind it.
  struct Visitor {
    PieceEncoding &work;

    bool begin(Piece piece, size_t depth) {
      bool isWhole = depth > 0 && piece.text.size() == work.open[depth - 1].text.size();
      bool canRemember = !piece.first && !isWhole; // the whole of a piece has been looked for
      PieceCache::Place *place = canRemember ? work.cache.placeOf(piece.text, depth) : nullptr;
      const PieceCache::Entry *known = place ? place->find(piece.text, depth) : nullptr;
      if (known)
        known->append(work.out);
      else
        work.open[depth] = {piece.text, place, work.out.size()};
      return !known;
    }

    void take(Piece piece) {
      work.encoder.encode(work.preTokenizer.spell(piece.text, work.spelled), work.out, work.scratch);
    }

    void end(size_t depth) {
      const Open &done = work.open[depth];
      if (done.place)
        done.place->add(done.text, depth, std::span(work.out).subspan(done.before));
    }
  };

  const PreTokenizer &preTokenizer;
  const Encoder &encoder;
  std::vector<int32_t> &out;
  PieceReader reader;
  PieceCache cache;
  std::vector<Open> open; ///< by depth
  typename Encoder::Scratch scratch = {};
  std::string spelled;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_PIECEENCODING_H
