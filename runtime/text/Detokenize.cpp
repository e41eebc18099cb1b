//===- Detokenize.cpp - tokens back to bytes --------------------------------===//

#include "runtime/text/Detokenize.h"
#include "runtime/support/Error.h"
#include "runtime/text/Normalize.h"
#include "runtime/text/TokenIndex.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <utility>

namespace heddle {

namespace {

using Kind = DecoderStep::Kind;

/// Letters of GPT-2's alphabet as bytes; a token with any other character stands for itself.
std::string bytesOfLetters(std::string_view token) {
  std::string bytes;
  for (size_t i = 0; i < token.size();) {
    Utf8Step step = readUtf8(token, i);
    std::optional<unsigned char> byte = byteOfLetter(step.codePoint);
    if (step.state != Utf8Step::State::Valid || !byte)
      return std::string(token);
    bytes += char(*byte);
    i += step.length;
  }
  return bytes;
}

/// Takes up to `count` copies of `content` off the front.
std::string_view stripFront(std::string_view text, std::string_view content, uint32_t &count) {
  while (count > 0 && !content.empty() && text.starts_with(content)) {
    text.remove_prefix(content.size());
    --count;
  }
  return text;
}

std::string strip(std::string_view text, const DecoderStep &step) {
  uint32_t count = step.start;
  text = stripFront(text, step.content, count);
  for (count = step.stop; count > 0 && !step.content.empty() && text.ends_with(step.content); --count)
    text.remove_suffix(step.content.size());
  return std::string(text);
}

/// Marks as spaces; those of the first token go, if the way in puts one there.
std::string metaspace(std::string_view token, const DecoderStep &step, bool first) {
  return replaceAll(token, step.pattern, first && step.prepend != PrependScheme::Never ? "" : " ");
}

/// A token that goes on with a word joins it; any other but the first begins a new one.
std::string wordPiece(std::string_view token, const DecoderStep &step, bool first) {
  if (first)
    return std::string(token);
  if (token.starts_with(step.pattern))
    return std::string(token.substr(step.pattern.size()));
  return " " + std::string(token);
}

/// What English puts no space before.
std::string cleanUp(std::string text) {
  static constexpr std::pair<std::string_view, std::string_view> rules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (auto [pattern, content] : rules)
    text = replaceAll(text, pattern, content);
  return text;
}

} // namespace

Detokenizer::Detokenizer(const TokenizerModel &model) : spaced(model.decoder.empty()) {
  bool whole = false;
  for (const DecoderStep &step : model.decoder) {
    if (step.kind == Kind::ByteLevel || step.kind == Kind::Fuse) {
      if (step.kind == Kind::ByteLevel && whole)
        throw Error("tokenizer: the decoder has \"ByteLevel\" behind \"Fuse\", which is not supported");
      byteLevel |= step.kind == Kind::ByteLevel;
      whole = true;
    } else if (!whole) {
      std::optional<Regex> &regex = perToken.emplace_back(Step{step, std::nullopt}).regex;
      if (step.kind == Kind::ReplaceRegex)
        regex.emplace(step.pattern);
    } else if (step.kind == Kind::Strip && step.stop == 0) {
      joined.push_back(step);
    } else {
      throw Error("tokenizer: the decoder may only strip the beginning of the text behind \"Fuse\"");
    }
  }
}

Detokenizer::State Detokenizer::begin() const {
  State state;
  for (const DecoderStep &step : joined)
    state.strip.push_back(step.start);
  return state;
}

void Detokenizer::append(State &state, std::string_view text, std::string &out) const {
  for (size_t i = 0; i < joined.size(); ++i) {
    text = stripFront(text, joined[i].content, state.strip[i]);
    if (!text.empty())
      state.strip[i] = 0;
  }
  out += text;
}

/// The text of one token after a step other than ByteFallback.
std::string Detokenizer::apply(const Step &step, std::string text, State &state) const {
  const DecoderStep &description = step.description;
  switch (description.kind) {
  case Kind::Replace:
    return replaceAll(text, description.pattern, description.content);
  case Kind::ReplaceRegex:
    return findInvalidUtf8(text) == std::string_view::npos
               ? replaceMatches(text, *step.regex, description.content)
               : text;
  case Kind::Strip:
    return strip(text, description);
  case Kind::Metaspace:
    return metaspace(text, description, state.first);
  case Kind::WordPiece:
    return wordPiece(text, description, state.first);
  case Kind::CleanUp:
    return cleanUp(std::move(text));
  case Kind::WordSuffix:
    if (std::exchange(state.owesSpace, text.ends_with(description.pattern)))
      text.insert(0, " ");
    if (state.owesSpace)
      text.resize(text.size() - description.pattern.size());
    return text;
  case Kind::ByteLevel:
  case Kind::ByteFallback:
  case Kind::Fuse:
    break;
  }
  return text;
}

void Detokenizer::push(State &state, std::string_view token, bool wholeRuns, std::string &out) const {
  std::string text(token);
  std::optional<unsigned char> byte;
  if (spaced && !state.first)
    text.insert(0, " ");
  for (const Step &step : perToken) {
    if (step.description.kind != Kind::ByteFallback)
      text = apply(step, std::move(text), state);
    else if ((byte = byteOfToken(text)))
      break; // what follows could only change text
  }
  state.first = false;
  if (byte) {
    state.byteRun += char(*byte);
    if (!wholeRuns)
      append(state, std::exchange(state.byteRun, {}), out);
    return;
  }
  finish(state, out);
  append(state, byteLevel ? bytesOfLetters(text) : text, out);
}

void Detokenizer::finish(State &state, std::string &out) const {
  std::string run = std::exchange(state.byteRun, {});
  if (findInvalidUtf8(run) == std::string_view::npos)
    return append(state, run, out);
  for (size_t i = 0; i < run.size(); ++i)
    append(state, replacementCharacter, out);
}

} // namespace heddle
