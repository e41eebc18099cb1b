//===- Detokenize.h - tokens back to bytes ----------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_DETOKENIZE_H
#define HEDDLE_RUNTIME_TEXT_DETOKENIZE_H

#include "runtime/text/Regex.h"
#include "runtime/text/TokenizerModel.h"

#include <optional>

namespace heddle {

/// A model's decoder steps, arranged for one token after the other. Steps before ByteLevel or Fuse see single
/// tokens; those behind them see the joined text, of which only the beginning may be stripped.
class Detokenizer {
public:
  /// The model must outlive it. Throws Error on steps that need the whole text at once.
  explicit Detokenizer(const TokenizerModel &model);

  /// Where a decoding stands.
  struct State {
    bool first = true;           ///< no token yet
    bool owesSpace = false;      ///< a token that ends a word was the last
    std::vector<uint32_t> strip; ///< how much each strip of the joined text may still take
    std::string byteRun;         ///< bytes of byte tokens, until it is known whether they are UTF-8
  };
  State begin() const;

  /// Appends the bytes of a token, which need not be UTF-8, to `out`. With `wholeRuns` the bytes of
  /// neighbouring byte tokens wait for the run's end, and become one U+FFFD each if they are not UTF-8
  /// together.
  void push(State &state, std::string_view token, bool wholeRuns, std::string &out) const;

  /// Ends a run of byte tokens.
  void finish(State &state, std::string &out) const;

private:
  struct Step {
    DecoderStep description;
    std::optional<Regex> regex; ///< of ReplaceRegex
  };
  std::string apply(const Step &step, std::string text, State &state) const;
  void append(State &state, std::string_view text, std::string &out) const;

  std::vector<Step> perToken;
  std::vector<DecoderStep> joined;
  bool byteLevel = false, spaced = false;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_DETOKENIZE_H
