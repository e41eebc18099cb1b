//===- Tokenizer.h - text to tokens and back --------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TOKENIZER_H
#define HEDDLE_RUNTIME_TEXT_TOKENIZER_H

#include "runtime/text/TokenizerModel.h"

#include <memory>

namespace heddle {

/// A tokenizer ready for use. Immutable: any number of threads may use one.
class Tokenizer {
public:
  /// Builds the look-up tables and compiles the regular expressions. Throws Error on a model that cannot work.
  explicit Tokenizer(TokenizerModel model);
  Tokenizer(Tokenizer &&) noexcept;
  Tokenizer &operator=(Tokenizer &&) noexcept;
  ~Tokenizer();

  /// Tokens of `text`, which must be UTF-8 (Error names the first byte that is not).
  /// `addSpecial` puts the model's prefix and suffix around them (BOS and EOS, where it has them);
  /// with `parseSpecial` special tokens written in the text become those tokens, else they are text.
  /// Takes time about linear in the length of the text.
  std::vector<int32_t> encode(std::string_view text, bool addSpecial = true, bool parseSpecial = true) const;

  /// The text of `ids`, always valid UTF-8: what cannot be decoded becomes U+FFFD. Ids outside the vocabulary
  /// decode to nothing. `skipSpecial` leaves special tokens out.
  std::string decode(std::span<const int32_t> ids, bool skipSpecial = true) const;

  /// One token's text for people: decoded on its own, with \n, \t, \r, \\ and \xNN for control characters and
  /// for bytes that are no UTF-8.
  std::string piece(int32_t id) const;

  /// The id of the token spelled exactly so in the vocabulary (before decoding: "Ġthe", "▁the"), if any.
  std::optional<int32_t> find(std::string_view token) const;

  /// The token as it is spelled in the vocabulary; empty outside it. For a template's `bos_token`.
  std::string_view spelling(int32_t id) const;

  /// Whether this token ends an answer.
  bool isEnd(int32_t id) const;

  /// Whether this is an added token marked special.
  bool isSpecial(int32_t id) const;

  size_t vocabularySize() const;
  const TokenizerModel &model() const;

private:
  friend class StreamDecoder;
  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// Decodes tokens as they are generated. What it returns is always whole characters: bytes of one that is not
/// complete yet are held back. The concatenation equals Tokenizer::decode of all ids, save that broken runs of
/// byte tokens (<0xNN>) may give another number of U+FFFD.
class StreamDecoder {
public:
  /// The tokenizer must outlive the decoder. `continuing`: the tokens go on with a text, so that a space at their
  /// start is a space (decoders that strip the very first space do not).
  explicit StreamDecoder(const Tokenizer &tokenizer, bool skipSpecial = true, bool continuing = false);
  StreamDecoder(StreamDecoder &&) noexcept;
  ~StreamDecoder();

  /// The text that became certain with this token; often empty.
  std::string push(int32_t id);

  /// What was held back, with U+FFFD for a character that never came to its end. The decoder is fresh afterwards.
  std::string finish();

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_TOKENIZER_H
