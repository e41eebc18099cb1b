//===- PreTokenize.cpp - cutting text before the model sees it --------------===//
//
// A step looks at one piece at a time: it finds matches in it, and a split behaviour says how matches and what
// lies between them become new pieces. ByteLevel and Metaspace also rewrite the text.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/PreTokenize.h"
#include "runtime/support/Error.h"
#include "runtime/text/Normalize.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>

namespace heddle {

namespace {

using Kind = PreTokenizerStep::Kind;

/// GPT-2's: contractions, then letters, digits and others with the space before them, then white space, of
/// which the last character is left for the word that follows.
constexpr std::string_view byteLevelPattern =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+)";

/// Part of a piece; `match` where the step's pattern matched (or did not, if it is inverted).
struct Cut {
  size_t begin, end;
  bool match;
};

/// Matches and the gaps between them, in order, covering `size` bytes.
std::vector<Cut> withGaps(const std::vector<TextRange> &matches, size_t size, bool invert) {
  std::vector<Cut> cuts;
  size_t end = 0;
  for (TextRange match : matches) {
    if (match.begin != end)
      cuts.push_back({end, match.begin, invert});
    cuts.push_back({match.begin, match.end, !invert});
    end = match.end;
  }
  if (end != size)
    cuts.push_back({end, size, invert});
  return cuts;
}

/// One cut a character, `match` where `predicate` holds.
template <typename Predicate> std::vector<Cut> byCharacter(std::string_view text, Predicate predicate) {
  std::vector<Cut> cuts;
  forEachCharacter(text, [&](char32_t c, size_t begin, size_t end) {
    bool match = predicate(c);
    if (!match && !cuts.empty() && !cuts.back().match)
      cuts.back().end = end;
    else
      cuts.push_back({begin, end, match});
  });
  return cuts;
}

/// Runs of letters and digits, and runs of anything else that is not white space, as non-matches to be kept.
std::vector<Cut> words(std::string_view text) {
  enum class Class { Space, Word, Other };
  std::vector<Cut> cuts;
  Class last = Class::Space;
  forEachCharacter(text, [&](char32_t c, size_t begin, size_t end) {
    Class current = isWordCharacter(c) ? Class::Word : isWhiteSpace(c) ? Class::Space : Class::Other;
    if (current == last && !cuts.empty())
      cuts.back().end = end;
    else
      cuts.push_back({begin, end, current == Class::Space});
    last = current;
  });
  return cuts;
}

std::vector<TextRange> findString(std::string_view text, std::string_view pattern) {
  std::vector<TextRange> matches;
  if (pattern.empty())
    return matches;
  for (size_t at = 0; (at = text.find(pattern, at)) != std::string_view::npos; at += pattern.size())
    matches.push_back({at, at + pattern.size()});
  return matches;
}

/// Joins or drops cuts as `behavior` says.
std::vector<Cut> behave(std::vector<Cut> cuts, SplitBehavior behavior) {
  std::vector<Cut> out;
  bool previous = false;
  switch (behavior) {
  case SplitBehavior::Isolated:
    return cuts;
  case SplitBehavior::Removed:
    std::erase_if(cuts, [](const Cut &cut) { return cut.match; });
    return cuts;
  case SplitBehavior::Contiguous:
    for (const Cut &cut : cuts) {
      if (!out.empty() && cut.match == out.back().match)
        out.back().end = cut.end;
      else
        out.push_back(cut);
    }
    return out;
  case SplitBehavior::MergedWithPrevious:
    for (const Cut &cut : cuts) {
      if (cut.match && !previous && !out.empty())
        out.back().end = cut.end;
      else
        out.push_back(cut);
      previous = cut.match;
    }
    return out;
  case SplitBehavior::MergedWithNext:
    for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
      if (cut->match && !previous && !out.empty())
        out.back().begin = cut->begin;
      else
        out.push_back(*cut);
      previous = cut->match;
    }
    std::reverse(out.begin(), out.end());
    return out;
  }
  return cuts;
}

std::vector<Cut> cutPiece(std::string_view text, const PreTokenizerStep &step, const std::optional<Regex> &regex) {
  switch (step.kind) {
  case Kind::SplitRegex:
    return behave(withGaps(regex->findAll(text), text.size(), step.invert), step.behavior);
  case Kind::SplitString:
    return behave(withGaps(findString(text, step.pattern), text.size(), step.invert), step.behavior);
  case Kind::Digits:
    return behave(byCharacter(text, isNumeric),
                  step.individual ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
  case Kind::Punctuation:
    return behave(byCharacter(text, isPunctuation), step.behavior);
  case Kind::Whitespace:
    return behave(words(text), SplitBehavior::Removed);
  case Kind::WhitespaceSplit:
    return behave(byCharacter(text, isWhiteSpace), SplitBehavior::Removed);
  case Kind::ByteLevel:
    return regex ? withGaps(regex->findAll(text), text.size(), false) : std::vector<Cut>{{0, text.size(), false}};
  case Kind::Metaspace:
    return step.split ? behave(withGaps(findString(text, step.pattern), text.size(), false),
                               SplitBehavior::MergedWithNext)
                      : std::vector<Cut>{{0, text.size(), false}};
  }
  return {};
}

/// The piece as the step wants to see it; `scratch` holds it where it is not as it was.
std::string_view prepare(std::string_view piece, const PreTokenizerStep &step, bool first, std::string &scratch) {
  if (step.kind == Kind::ByteLevel && step.addPrefixSpace && !piece.starts_with(' '))
    return scratch = " " + std::string(piece);
  if (step.kind != Kind::Metaspace)
    return piece;
  scratch = replaceAll(piece, " ", step.pattern);
  bool prepend = step.prepend == PrependScheme::Always || (step.prepend == PrependScheme::First && first);
  if (prepend && !scratch.starts_with(step.pattern))
    scratch.insert(0, step.pattern);
  return scratch;
}

bool rewrites(const PreTokenizerStep &step) {
  return step.kind == Kind::ByteLevel || step.kind == Kind::Metaspace;
}

/// Adds the cuts of `piece`, which begins at `offset` of the text, to a step's result.
void keepInPlace(const std::vector<Cut> &cuts, size_t offset, Pieces &out) {
  for (const Cut &cut : cuts)
    if (cut.begin < cut.end)
      out.ranges.push_back({offset + cut.begin, offset + cut.end});
}

/// The same for a step that makes a new text.
void keepRewritten(const std::vector<Cut> &cuts, std::string_view piece, bool byteLevel, Pieces &out) {
  for (const Cut &cut : cuts) {
    std::string_view part = piece.substr(cut.begin, cut.end - cut.begin);
    size_t begin = out.text.size();
    if (byteLevel)
      appendByteLetters(out.text, part);
    else
      out.text += part;
    if (!part.empty())
      out.ranges.push_back({begin, out.text.size()});
  }
}

} // namespace

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerStep> &descriptions) {
  for (const PreTokenizerStep &step : descriptions) {
    std::optional<Regex> regex;
    if (step.kind == Kind::SplitRegex)
      regex.emplace(step.pattern);
    if (step.kind == Kind::ByteLevel && step.useRegex)
      regex.emplace(byteLevelPattern);
    steps.push_back({step, std::move(regex)});
  }
}

Pieces PreTokenizer::apply(std::string text, bool first) const {
  Pieces pieces{std::move(text), {}};
  if (!pieces.text.empty())
    pieces.ranges.push_back({0, pieces.text.size()});
  std::string scratch;
  for (const auto &[step, regex] : steps) {
    Pieces next;
    for (size_t i = 0; i < pieces.ranges.size(); ++i) {
      bool veryFirst = first && pieces.ranges[i].begin == 0;
      std::string_view piece = prepare(pieces[i], step, veryFirst, scratch);
      std::vector<Cut> cuts = cutPiece(piece, step, regex);
      if (rewrites(step))
        keepRewritten(cuts, piece, step.kind == Kind::ByteLevel, next);
      else
        keepInPlace(cuts, pieces.ranges[i].begin, next);
    }
    if (!rewrites(step))
      next.text = std::move(pieces.text);
    pieces = std::move(next);
  }
  return pieces;
}

} // namespace heddle
