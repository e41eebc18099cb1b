//===- Normalize.cpp - the rewriting of text before it is cut ---------------===//

#include "runtime/text/Normalize.h"
#include "runtime/support/Error.h"
#include "runtime/text/Unicode.h"

namespace heddle {

namespace {

constexpr size_t maxText = size_t(1) << 30;

void checkSize(size_t size) {
  if (size > maxText)
    throw Error("the normalized text passes 1 GiB");
}

std::string strip(std::string_view text, bool left, bool right) {
  if (left)
    text.remove_prefix(whiteSpacePrefix(text));
  if (right)
    text.remove_suffix(whiteSpaceSuffix(text));
  return std::string(text);
}

std::string byteLetters(std::string_view text) {
  std::string out;
  appendByteLetters(out, text);
  return out;
}

} // namespace

std::string replaceAll(std::string_view text, std::string_view pattern, std::string_view content) {
  std::string out;
  size_t end = 0;
  if (!pattern.empty()) {
    for (size_t at; (at = text.find(pattern, end)) != std::string_view::npos; end = at + pattern.size()) {
      out += text.substr(end, at - end);
      out += content;
      checkSize(out.size());
    }
  }
  out += text.substr(end);
  return out;
}

std::string replaceMatches(std::string_view text, const Regex &regex, std::string_view content) {
  std::string out;
  size_t end = 0;
  Regex::Matches matches(regex);
  matches.start(text);
  for (TextRange match; matches.next(match);) {
    out += text.substr(end, match.begin - end);
    out += content;
    checkSize(out.size());
    end = match.end;
  }
  out += text.substr(end);
  return out;
}

NormalizerChain::NormalizerChain(const std::vector<Normalizer> &normalizers) {
  for (const Normalizer &normalizer : normalizers) {
    Step &step = steps.emplace_back(Step{normalizer, std::nullopt, std::nullopt});
    if (normalizer.kind == Normalizer::Kind::ReplaceRegex)
      step.regex.emplace(normalizer.pattern);
    if (normalizer.kind == Normalizer::Kind::Precompiled)
      step.map.emplace(normalizer.content);
  }
}

std::string NormalizerChain::apply(std::string_view text) const {
  std::string current(text);
  for (const auto &[step, regex, map] : steps) {
    switch (step.kind) {
    case Normalizer::Kind::Nfc:
      current = toNormalForm(current, NormalForm::Nfc);
      break;
    case Normalizer::Kind::Nfd:
      current = toNormalForm(current, NormalForm::Nfd);
      break;
    case Normalizer::Kind::Nfkc:
      current = toNormalForm(current, NormalForm::Nfkc);
      break;
    case Normalizer::Kind::Nfkd:
      current = toNormalForm(current, NormalForm::Nfkd);
      break;
    case Normalizer::Kind::Lowercase:
      current = toLowercase(current);
      break;
    case Normalizer::Kind::StripAccents:
      current = stripMarks(current);
      break;
    case Normalizer::Kind::ReplaceString:
      current = replaceAll(current, step.pattern, step.content);
      break;
    case Normalizer::Kind::ReplaceRegex:
      current = replaceMatches(current, *regex, step.content);
      break;
    case Normalizer::Kind::Prepend:
      if (!current.empty())
        current.insert(0, step.content);
      break;
    case Normalizer::Kind::Strip:
      current = strip(current, step.left, step.right);
      break;
    case Normalizer::Kind::ByteLevel:
      current = byteLetters(current);
      break;
    case Normalizer::Kind::CleanText:
      current = cleanText(current);
      break;
    case Normalizer::Kind::SpaceIdeographs:
      current = spaceIdeographs(current);
      break;
    case Normalizer::Kind::StripNonspacingMarks:
      current = stripNonspacingMarks(current);
      break;
    case Normalizer::Kind::Precompiled:
      current = map->apply(current, maxText);
      break;
    }
    checkSize(current.size());
  }
  return current;
}

} // namespace heddle
