//===- PreTokenize.h - cutting text before the model sees it ----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_PRETOKENIZE_H
#define HEDDLE_RUNTIME_TEXT_PRETOKENIZE_H

#include "runtime/text/Regex.h"
#include "runtime/text/TokenizerModel.h"

#include <array>
#include <optional>

namespace heddle {

/// The pre-tokenizer steps of a model in their order: each cuts the pieces of the one before.
class PreTokenizer {
public:
  /// Throws Error on a regular expression that does not compile.
  explicit PreTokenizer(const std::vector<PreTokenizerStep> &steps);

  /// A piece as the model wants to see it; `buffer` holds it where it is not as it was. GPT-2's letters for
  /// bytes, where they are the last step, are put here, so that a piece that comes again can be known before.
  std::string_view spell(std::string_view piece, std::string &buffer) const;

private:
  friend class PieceReader;

  /// What a step by characters does with one: it is a match, or joins a run of its own kind.
  enum class Class : uint8_t { Match, Run, OtherRun };

  struct Step {
    PreTokenizerStep::Kind kind;
    std::optional<Regex> regex; ///< finds matches, or
    std::string separator;      ///< is itself one, or
    Class (*classify)(char32_t) = nullptr;
    std::array<Class, 128> classOfAscii; ///< the same for ASCII
    SplitBehavior behavior = SplitBehavior::Isolated;
    bool invert = false;
    bool spacePrefix = false, letters = false; ///< ByteLevel; not `letters`: spell() puts them
    std::string mark;                          ///< Metaspace
    PrependScheme prepend = PrependScheme::Never;
  };
  static Step makeStep(const PreTokenizerStep &step, bool last);

  std::vector<Step> steps;
  bool spellsBytes;
};

/// Part of a text that is tokenized; `first`: it stands at the very start of the whole.
struct Piece {
  std::string_view text;
  bool first = false;
};

/// Cuts texts into pieces.
class PieceReader {
public:
  /// The pre-tokenizer must outlive it.
  explicit PieceReader(const PreTokenizer &preTokenizer);

  /// How many steps there are.
  size_t steps() const { return cutters.size(); }

  /// Shows `piece`, valid UTF-8, and what becomes of it to `visitor`, in the order of the text. A piece stays
  /// valid until its end. It calls
  ///
  ///   - bool begin(Piece, size_t depth): what `depth` steps have made, never empty; false: it needs no more
  ///   - void take(Piece): what all steps have made
  ///   - void end(size_t depth): what `begin` saw last at that depth has gone through all steps
  template <typename Visitor> void read(Piece piece, Visitor &&visitor);

private:
  /// Part of a piece; `match` where the step's pattern matched (or did not, if it is inverted).
  struct Cut {
    size_t begin, end;
    bool match;
  };

  /// A step at work on one piece.
  class Cutter {
  public:
    explicit Cutter(const PreTokenizer::Step &step);
    void start(Piece piece);
    bool next(Piece &part);

  private:
    void rewrite();
    std::optional<TextRange> findMatch();
    bool cutAtMatch(Cut &cut);
    bool cutByCharacter(Cut &cut);
    bool take(Cut &cut);
    bool takeJoined(Cut &cut);

    const PreTokenizer::Step &step;
    std::optional<Regex::Matches> matches;
    Piece piece;
    std::string rewritten, spelled;
    size_t end;                     ///< of the last cut
    std::optional<TextRange> match; ///< found, but not cut yet
    bool exhausted;                 ///< there are no more matches
    std::optional<Cut> held;        ///< read too early
  };

  std::vector<Cutter> cutters; ///< one a step
};

template <typename Visitor> void PieceReader::read(Piece piece, Visitor &&visitor) {
  if (piece.text.empty())
    return;
  size_t depth = 0; // how many cutters are at work
  do {
    if (visitor.begin(piece, depth)) {
      if (depth < cutters.size()) {
        cutters[depth++].start(piece);
      } else {
        visitor.take(piece);
        visitor.end(depth);
      }
    }
    while (depth > 0 && !cutters[depth - 1].next(piece))
      visitor.end(--depth);
  } while (depth > 0);
}

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_PRETOKENIZE_H
