//===- PreTokenize.cpp - cutting text before the model sees it --------------===//
//
// A step looks at one piece at a time: it finds matches in it, and a split behaviour says how matches and
// what lies between them become new pieces. ByteLevel and Metaspace also rewrite the text. Each piece goes
// through all steps before the next one is cut, so that what is at work stays in the caches.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/PreTokenize.h"
#include "runtime/text/Normalize.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <utility>

namespace heddle {

namespace {

using Kind = PreTokenizerStep::Kind;

/// GPT-2's: contractions, then letters, digits and others with the space before them, then white space, of
/// which the last character is left for the word that follows.
constexpr std::string_view byteLevelPattern =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+)";

} // namespace

//===- The steps ------------------------------------------------------------===//

PreTokenizer::Step PreTokenizer::makeStep(const PreTokenizerStep &description, bool last) {
  Step step;
  step.kind = description.kind;
  switch (description.kind) {
  case Kind::SplitRegex:
    step.regex.emplace(description.pattern);
    step.behavior = description.behavior;
    step.invert = description.invert;
    break;
  case Kind::SplitString:
    step.separator = description.pattern;
    step.behavior = description.behavior;
    step.invert = description.invert;
    break;
  case Kind::Digits:
    step.classify = [](char32_t c) { return isNumeric(c) ? Class::Match : Class::Run; };
    step.behavior = description.individual ? SplitBehavior::Isolated : SplitBehavior::Contiguous;
    break;
  case Kind::Punctuation:
    step.classify = [](char32_t c) { return isPunctuation(c) ? Class::Match : Class::Run; };
    step.behavior = description.behavior;
    break;
  case Kind::Whitespace: // runs of letters and digits, and runs of anything else
    step.classify = [](char32_t c) {
      return isWordCharacter(c) ? Class::Run : isWhiteSpace(c) ? Class::Match : Class::OtherRun;
    };
    step.behavior = SplitBehavior::Removed;
    break;
  case Kind::WhitespaceSplit:
    step.classify = [](char32_t c) { return isWhiteSpace(c) ? Class::Match : Class::Run; };
    step.behavior = SplitBehavior::Removed;
    break;
  case Kind::ByteLevel:
    if (description.useRegex)
      step.regex.emplace(byteLevelPattern);
    step.spacePrefix = description.addPrefixSpace;
    step.letters = !last;
    break;
  case Kind::Metaspace:
    if (description.split)
      step.separator = description.pattern;
    step.behavior = SplitBehavior::MergedWithNext;
    step.mark = description.pattern;
    step.prepend = description.prepend;
    break;
  }
  for (char32_t c = 0; step.classify && c < step.classOfAscii.size(); ++c)
    step.classOfAscii[c] = step.classify(c);
  return step;
}

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerStep> &descriptions)
    : spellsBytes(!descriptions.empty() && descriptions.back().kind == Kind::ByteLevel) {
  for (const PreTokenizerStep &step : descriptions)
    steps.push_back(makeStep(step, &step == &descriptions.back()));
}

std::string_view PreTokenizer::spell(std::string_view piece, std::string &buffer) const {
  if (!spellsBytes)
    return piece;
  buffer.clear();
  appendByteLetters(buffer, piece);
  return buffer;
}

//===- One step at work -----------------------------------------------------===//

PieceReader::Cutter::Cutter(const PreTokenizer::Step &step) : step(step) {
  if (step.regex)
    matches.emplace(*step.regex);
}

void PieceReader::Cutter::start(Piece given) {
  piece = given;
  rewrite();
  end = 0;
  match.reset();
  exhausted = false;
  held.reset();
  if (matches)
    matches->start(piece.text);
}

/// Makes the piece what the step wants to see.
void PieceReader::Cutter::rewrite() {
  if (step.spacePrefix && !piece.text.starts_with(' '))
    piece.text = rewritten = " " + std::string(piece.text);
  if (step.kind != Kind::Metaspace)
    return;
  rewritten = replaceAll(piece.text, " ", step.mark);
  bool prepend =
      step.prepend == PrependScheme::Always || (step.prepend == PrependScheme::First && piece.first);
  if (prepend && !rewritten.starts_with(step.mark))
    rewritten.insert(0, step.mark);
  piece.text = rewritten;
}

std::optional<TextRange> PieceReader::Cutter::findMatch() {
  if (matches) {
    TextRange found;
    return matches->next(found) ? std::optional(found) : std::nullopt;
  }
  size_t at = step.separator.empty() ? std::string_view::npos : piece.text.find(step.separator, end);
  if (at == std::string_view::npos)
    return std::nullopt;
  return TextRange{at, at + step.separator.size()};
}

/// The next match, or what lies before it; all of them cover the piece.
bool PieceReader::Cutter::cutAtMatch(Cut &cut) {
  if (!match && !exhausted) {
    match = findMatch();
    exhausted = !match;
  }
  if (match && match->begin == end) {
    cut = {match->begin, match->end, !step.invert};
    match.reset();
  } else {
    cut = {end, match ? match->begin : piece.text.size(), step.invert};
    if (cut.begin == cut.end)
      return false;
  }
  end = cut.end;
  return true;
}

/// The next character that is a match, or run of others of one class.
bool PieceReader::Cutter::cutByCharacter(Cut &cut) {
  using Class = PreTokenizer::Class;
  std::string_view text = piece.text;
  if (end == text.size())
    return false;
  auto classAt = [&](size_t offset, size_t &next) {
    uint8_t byte = uint8_t(text[offset]);
    if (byte < step.classOfAscii.size()) {
      next = offset + 1;
      return step.classOfAscii[byte];
    }
    Utf8Step character = readUtf8(text, offset);
    next = offset + character.length;
    return step.classify(character.codePoint);
  };
  size_t begin = end, next;
  Class kind = classAt(begin, end);
  while (kind != Class::Match && end < text.size() && classAt(end, next) == kind)
    end = next;
  cut = {begin, end, kind == Class::Match};
  return true;
}

bool PieceReader::Cutter::take(Cut &cut) {
  if (held) {
    cut = *std::exchange(held, std::nullopt);
    return true;
  }
  return step.classify ? cutByCharacter(cut) : cutAtMatch(cut);
}

/// The next cut as the behaviour wants it: some are left out, some joined with those that follow.
bool PieceReader::Cutter::takeJoined(Cut &cut) {
  if (!take(cut))
    return false;
  Cut following;
  switch (step.behavior) {
  case SplitBehavior::Isolated:
    break;
  case SplitBehavior::Removed:
    while (cut.match)
      if (!take(cut))
        return false;
    break;
  case SplitBehavior::Contiguous:
    while (take(following)) {
      if (following.match != cut.match) {
        held = following;
        break;
      }
      cut.end = following.end;
    }
    break;
  case SplitBehavior::MergedWithPrevious:
  case SplitBehavior::MergedWithNext:
    if (cut.match != (step.behavior == SplitBehavior::MergedWithNext) || !take(following))
      break;
    if (following.match == cut.match)
      held = following;
    else
      cut.end = following.end;
    break;
  }
  return true;
}

bool PieceReader::Cutter::next(Piece &part) {
  Cut cut;
  do {
    if (!takeJoined(cut))
      return false;
  } while (cut.begin >= cut.end);
  part = {piece.text.substr(cut.begin, cut.end - cut.begin), piece.first && cut.begin == 0};
  if (step.letters) {
    spelled.clear();
    appendByteLetters(spelled, part.text);
    part.text = spelled;
  }
  return true;
}

//===- All steps ------------------------------------------------------------===//

PieceReader::PieceReader(const PreTokenizer &preTokenizer)
    : cutters(preTokenizer.steps.begin(), preTokenizer.steps.end()) {}

} // namespace heddle
