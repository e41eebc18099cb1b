//===- PreTokenize.h - cutting text before the model sees it ----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_PRETOKENIZE_H
#define HEDDLE_RUNTIME_TEXT_PRETOKENIZE_H

#include "runtime/text/Regex.h"
#include "runtime/text/TokenizerModel.h"

#include <optional>

namespace heddle {

/// A text and the pieces it is cut into; none is empty, and they need not cover it.
struct Pieces {
  std::string text;
  std::vector<TextRange> ranges;

  std::string_view operator[](size_t i) const {
    return std::string_view(text).substr(ranges[i].begin, ranges[i].end - ranges[i].begin);
  }
};

/// The pre-tokenizer steps of a model in their order: each cuts the pieces of the one before.
class PreTokenizer {
public:
  /// Throws Error on a regular expression that does not compile.
  explicit PreTokenizer(const std::vector<PreTokenizerStep> &steps);

  /// Cuts valid UTF-8. `first`: it stands at the very start of what is tokenized.
  Pieces apply(std::string text, bool first) const;

private:
  struct Step {
    PreTokenizerStep step;
    std::optional<Regex> regex;
  };
  std::vector<Step> steps;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_PRETOKENIZE_H
