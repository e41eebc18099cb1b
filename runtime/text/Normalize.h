//===- Normalize.h - the rewriting of text before it is cut -----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_NORMALIZE_H
#define HEDDLE_RUNTIME_TEXT_NORMALIZE_H

#include "runtime/text/CharacterMap.h"
#include "runtime/text/Regex.h"
#include "runtime/text/TokenizerModel.h"

#include <optional>

namespace heddle {

/// Each occurrence of `pattern` in `text` replaced; an empty pattern replaces nothing.
std::string replaceAll(std::string_view text, std::string_view pattern, std::string_view content);

/// Each match of `regex` replaced.
std::string replaceMatches(std::string_view text, const Regex &regex, std::string_view content);

/// The normalizers of a model in their order.
class NormalizerChain {
public:
  /// Throws Error on a regular expression that does not compile, and on a map that is none.
  explicit NormalizerChain(const std::vector<Normalizer> &steps);

  bool empty() const { return steps.empty(); }

  /// Valid UTF-8 in, valid UTF-8 out. Throws Error when the text would pass 1 GiB.
  std::string apply(std::string_view text) const;

private:
  struct Step {
    Normalizer normalizer;
    std::optional<Regex> regex;
    std::optional<CharacterMap> map;
  };
  std::vector<Step> steps;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_NORMALIZE_H
