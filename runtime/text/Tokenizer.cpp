//===- Tokenizer.cpp - text to tokens and back ------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/support/Error.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/Bpe.h"
#include "runtime/text/Detokenize.h"
#include "runtime/text/Normalize.h"
#include "runtime/text/PieceEncoding.h"
#include "runtime/text/Unigram.h"
#include "runtime/text/Utf8.h"
#include "runtime/text/WordPiece.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace heddle {

namespace {

/// The added tokens that are looked for in what was typed, or those looked for in normalized text.
AddedTokenFinder makeFinder(const TokenizerModel &model, const NormalizerChain *normalizers) {
  std::vector<AddedToken> tokens;
  std::vector<std::string> contents;
  for (const AddedToken &token : model.addedTokens) {
    if (token.normalized != bool(normalizers) || findInvalidUtf8(token.content) != std::string_view::npos)
      continue;
    tokens.push_back(token);
    contents.push_back(normalizers ? normalizers->apply(token.content) : token.content);
  }
  return AddedTokenFinder(std::move(tokens), contents);
}

TokenizerModel validated(TokenizerModel model) {
  validate(model);
  return model;
}

/// What makes tokens of a piece; each kind has `encode` and `Scratch`.
using PieceEncoder = std::variant<Bpe, WordPiece, Unigram>;

PieceEncoder makeEncoder(const TokenizerModel &model, const TokenIndex &index) {
  if (model.kind == TokenizerKind::WordPiece)
    return PieceEncoder(std::in_place_type<WordPiece>, model, index);
  if (model.kind == TokenizerKind::Unigram)
    return PieceEncoder(std::in_place_type<Unigram>, model, index);
  return PieceEncoder(std::in_place_type<Bpe>, model, index);
}

/// Whether some token has a space's mark behind another character.
bool spansWords(const StringTable &vocabulary, std::string_view mark) {
  for (size_t id = 0; id < vocabulary.size(); ++id) {
    std::string_view token = vocabulary[id];
    while (token.starts_with(mark))
      token.remove_prefix(mark.size());
    if (token.find(mark) != std::string_view::npos)
      return true;
  }
  return false;
}

/// The model's steps. SentencePiece's BPE has none: the whole text is one piece. Where no token spans words,
/// it is cut in front of each, which gives the same tokens sooner.
std::vector<PreTokenizerStep> makeSteps(const TokenizerModel &model, const TokenIndex &index) {
  constexpr std::string_view mark = "\xE2\x96\x81";
  std::vector<PreTokenizerStep> steps = model.preTokenizer;
  bool isBpe = model.kind == TokenizerKind::MergeBpe || model.kind == TokenizerKind::ScoreBpe;
  if (!isBpe || !steps.empty() || model.ignoreMerges || index.find(mark) == TokenIndex::none ||
      spansWords(model.vocabulary, mark))
    return steps;
  PreTokenizerStep &words = steps.emplace_back();
  words.kind = PreTokenizerStep::Kind::SplitRegex;
  words.pattern = "\xE2\x96\x81+[^\xE2\x96\x81]*";
  return steps;
}

std::vector<bool> specialIds(const TokenizerModel &model) {
  std::vector<bool> special(model.vocabulary.size());
  for (const AddedToken &token : model.addedTokens)
    if (token.special)
      special[token.id] = true;
  return special;
}

void appendEscaped(std::string &out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < text.size();) {
    Utf8Step step = readUtf8(text, i);
    unsigned char c = static_cast<unsigned char>(text[i]);
    bool control = c < 0x20 || c == 0x7F || (step.codePoint >= 0x80 && step.codePoint < 0xA0);
    if (c == '\n' || c == '\t' || c == '\r' || c == '\\') {
      out += {'\\', c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : '\\'};
    } else if (step.state == Utf8Step::State::Valid && !control) {
      out += text.substr(i, step.length);
    } else {
      for (char byte : text.substr(i, step.length))
        out += {'\\', 'x', digits[uint8_t(byte) >> 4], digits[uint8_t(byte) & 15]};
    }
    i += step.length;
  }
}

} // namespace

/// The model and everything that is made from it once.
struct Tokenizer::Impl {
  explicit Impl(TokenizerModel &&given)
      : model(validated(std::move(given))), index(model.vocabulary), normalizers(model.normalizers),
        preTokenizer(makeSteps(model, index)), encoder(makeEncoder(model, index)), detokenizer(model),
        typedTokens(makeFinder(model, nullptr)), normalizedTokens(makeFinder(model, &normalizers)),
        special(specialIds(model)) {}

  /// Whether `id` is a token that decoding shows.
  bool shown(int32_t id, bool skipSpecial) const {
    return id >= 0 && size_t(id) < model.vocabulary.size() && !(skipSpecial && special[id]);
  }

  /// Appends the tokens of text without typed added tokens. `first`: it begins the whole text.
  template <typename Encoder>
  void encodeText(std::string_view text, bool first, bool parseSpecial, PieceEncoding<Encoder> &work) const {
    std::string normalized;
    if (!normalizers.empty())
      text = normalized = normalizers.apply(text);
    for (const Segment &segment : normalizedTokens.split(text, parseSpecial)) {
      if (segment.id)
        work.append(*segment.id);
      else
        work.append(
            Piece{text.substr(segment.begin, segment.end - segment.begin), first && segment.begin == 0});
    }
  }

  /// Appends the tokens of a text.
  void encode(std::string_view text, bool parseSpecial, std::vector<int32_t> &out) const {
    std::visit(
        [&](const auto &encoder) {
          PieceEncoding work(preTokenizer, encoder, text.size(), out);
          for (const Segment &segment : typedTokens.split(text, parseSpecial)) {
            if (segment.id)
              work.append(*segment.id);
            else
              encodeText(text.substr(segment.begin, segment.end - segment.begin), segment.begin == 0,
                         parseSpecial, work);
          }
        },
        encoder);
  }

  const TokenizerModel model;
  TokenIndex index;
  NormalizerChain normalizers;
  PreTokenizer preTokenizer;
  PieceEncoder encoder;
  Detokenizer detokenizer;
  AddedTokenFinder typedTokens, normalizedTokens;
  std::vector<bool> special;
};

Tokenizer::Tokenizer(TokenizerModel model) : impl(std::make_unique<Impl>(std::move(model))) {}
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool addSpecial, bool parseSpecial) const {
  size_t invalid = findInvalidUtf8(text);
  if (invalid != std::string_view::npos)
    throw Error("the text is not UTF-8: the first invalid byte is at offset " + std::to_string(invalid));
  const TokenizerModel &model = impl->model;
  std::vector<int32_t> ids;
  if (addSpecial)
    ids.assign(model.prefix.begin(), model.prefix.end());
  impl->encode(text, parseSpecial, ids);
  if (addSpecial)
    ids.insert(ids.end(), model.suffix.begin(), model.suffix.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skipSpecial) const {
  Detokenizer::State state = impl->detokenizer.begin();
  std::string bytes, text;
  for (int32_t id : ids)
    if (impl->shown(id, skipSpecial))
      impl->detokenizer.push(state, impl->model.vocabulary[id], /*wholeRuns=*/true, bytes);
  impl->detokenizer.finish(state, bytes);
  appendLossy(text, bytes);
  return text;
}

std::string Tokenizer::piece(int32_t id) const {
  // As if another token stood before it, so that a space at its beginning is seen.
  Detokenizer::State state;
  state.first = false;
  state.strip.assign(impl->detokenizer.begin().strip.size(), 0);
  std::string bytes, text;
  if (impl->shown(id, /*skipSpecial=*/false))
    impl->detokenizer.push(state, impl->model.vocabulary[id], /*wholeRuns=*/false, bytes);
  appendEscaped(text, bytes);
  return text;
}

std::optional<int32_t> Tokenizer::find(std::string_view token) const {
  uint32_t id = impl->index.find(token);
  return id == TokenIndex::none ? std::nullopt : std::optional<int32_t>(int32_t(id));
}

std::string_view Tokenizer::spelling(int32_t id) const {
  return impl->shown(id, /*skipSpecial=*/false) ? impl->model.vocabulary[id] : std::string_view();
}

bool Tokenizer::isEnd(int32_t id) const {
  const std::vector<uint32_t> &ends = impl->model.endIds;
  return std::find(ends.begin(), ends.end(), uint32_t(id)) != ends.end();
}

bool Tokenizer::isSpecial(int32_t id) const { return impl->shown(id, false) && !impl->shown(id, true); }

size_t Tokenizer::vocabularySize() const { return impl->model.vocabulary.size(); }

const TokenizerModel &Tokenizer::model() const { return impl->model; }

struct StreamDecoder::State {
  const Tokenizer::Impl &tokenizer;
  bool skipSpecial;
  Detokenizer::State decoding;
  std::string held = {}; ///< the beginning of a character
};

StreamDecoder::StreamDecoder(const Tokenizer &tokenizer, bool skipSpecial, bool continuing)
    : state(new State{*tokenizer.impl, skipSpecial, tokenizer.impl->detokenizer.begin()}) {
  if (continuing) {
    state->decoding.first = false;
    std::fill(state->decoding.strip.begin(), state->decoding.strip.end(), 0);
  }
}

StreamDecoder::StreamDecoder(StreamDecoder &&) noexcept = default;
StreamDecoder::~StreamDecoder() = default;

std::string StreamDecoder::push(int32_t id) {
  if (!state->tokenizer.shown(id, state->skipSpecial))
    return {};
  std::string bytes = std::exchange(state->held, {}), text;
  state->tokenizer.detokenizer.push(state->decoding, state->tokenizer.model.vocabulary[id],
                                    /*wholeRuns=*/false, bytes);
  size_t incomplete = incompleteSuffix(bytes);
  state->held = bytes.substr(bytes.size() - incomplete);
  appendLossy(text, std::string_view(bytes).substr(0, bytes.size() - incomplete));
  return text;
}

std::string StreamDecoder::finish() {
  std::string text;
  appendLossy(text, state->held);
  state->held.clear();
  state->decoding = state->tokenizer.detokenizer.begin();
  return text;
}

} // namespace heddle
