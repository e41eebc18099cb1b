//===- TokenizerModel.h - a tokenizer as plain data -------------*- C++ -*-===//
//
// What the compiler reads from a tokenizer.json or from a GGUF's metadata, and
// what a compiled program carries. The terms are those of Hugging Face's
// tokenizers, in the order in which text passes through them:
//
//   added tokens -> normalizers -> pre-tokenizer steps -> model -> prefix and suffix
//
// and back through the decoder steps. Nothing here works on text: Tokenizer.h does.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_TEXT_TOKENIZERMODEL_H
#define HEDDLE_RUNTIME_TEXT_TOKENIZERMODEL_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// Strings in one block of memory, numbered from 0: a vocabulary of 150,000 tokens costs two allocations.
class StringTable {
public:
  size_t size() const { return ends.size(); }
  std::string_view operator[](size_t index) const {
    size_t begin = index == 0 ? 0 : ends[index - 1];
    return std::string_view(bytes).substr(begin, ends[index] - begin);
  }
  /// Adds a string at the end. Throws Error when the table would pass 4 GiB.
  void add(std::string_view text);
  void reserve(size_t count, size_t totalBytes);

  std::string bytes;
  std::vector<uint32_t> ends; ///< ends[i]: where string i ends in `bytes`; never decreasing
};

/// How the model turns a piece of text into tokens. Values are stored in programs: only ever add at the end.
enum class TokenizerKind : uint8_t {
  MergeBpe = 0,  ///< pairs are joined in the order of the list `merges`
  ScoreBpe = 1,  ///< pairs are joined by the score of the token they make (SentencePiece)
  WordPiece = 2, ///< the longest tokens of a word, from left to right (BERT)
  Unigram = 3,   ///< the tokens whose scores have the greatest sum (SentencePiece)
};

/// A rewriting of text before it is cut.
struct Normalizer {
  enum class Kind : uint8_t {
    Nfc = 0,
    Nfd = 1,
    Nfkc = 2,
    Nfkd = 3,
    Lowercase = 4,
    StripAccents = 5,
    ReplaceString = 6,         ///< each `pattern` becomes `content`
    ReplaceRegex = 7,          ///< each match of `pattern` becomes `content`
    Prepend = 8,               ///< `content` in front of text that is not empty
    Strip = 9,                 ///< white space off the ends chosen by `left`, `right`
    ByteLevel = 10,            ///< bytes become the 256 letters of GPT-2's alphabet
    CleanText = 11,            ///< white space becomes spaces, control characters and U+FFFD go
    SpaceIdeographs = 12,      ///< a space on each side of a Chinese character
    StripNonspacingMarks = 13, ///< as StripAccents, but only marks of category Mn
    Precompiled = 14,          ///< SentencePiece's map of characters, whose bytes are `content`
  };
  Kind kind = Kind::Nfc;
  std::string pattern, content;
  bool left = false, right = false;

  bool operator==(const Normalizer &) const = default;
};

/// What becomes of the text between two cuts.
enum class SplitBehavior : uint8_t {
  Removed = 0,
  Isolated = 1,
  MergedWithPrevious = 2,
  MergedWithNext = 3,
  Contiguous = 4, ///< as isolated, with neighbours that are both matches left together
};

/// When Metaspace puts its mark before a piece that has none.
enum class PrependScheme : uint8_t { Never = 0, First = 1, Always = 2 };

/// One step that cuts pieces into smaller ones.
struct PreTokenizerStep {
  enum class Kind : uint8_t {
    SplitRegex = 0,  ///< at matches of `pattern`, by `behavior` and `invert`
    SplitString = 1, ///< the same for a literal string
    Digits = 2,      ///< numeric characters; each alone if `individual`
    Punctuation = 3, ///< punctuation, by `behavior`
    Whitespace = 4,  ///< words, runs of other signs; white space goes
    WhitespaceSplit = 5,
    ByteLevel = 6, ///< GPT-2: `addPrefixSpace`, its regex if `useRegex`, then bytes become letters
    Metaspace = 7, ///< spaces become `pattern`, `prepend`, cut before each if `split`
  };
  Kind kind = Kind::ByteLevel;
  std::string pattern;
  SplitBehavior behavior = SplitBehavior::Isolated;
  PrependScheme prepend = PrependScheme::Never;
  bool invert = false, individual = false, addPrefixSpace = false, useRegex = false, split = false;

  bool operator==(const PreTokenizerStep &) const = default;
};

/// A token that is found in the text before anything else happens to it.
struct AddedToken {
  uint32_t id = 0;
  std::string content;
  bool special = false;    ///< left out of decoded text on request; can be written as plain text on request
  bool lstrip = false;     ///< takes the white space on its left along
  bool rstrip = false;     ///< and on its right
  bool singleWord = false; ///< not inside a word
  bool normalized = false; ///< is looked for in normalized text rather than in what was typed

  bool operator==(const AddedToken &) const = default;
};

/// Two tokens that become one.
struct Merge {
  uint32_t left = 0, right = 0, result = 0;

  bool operator==(const Merge &) const = default;
};

/// One step on the way back from tokens to text.
struct DecoderStep {
  enum class Kind : uint8_t {
    ByteLevel = 0,    ///< letters become bytes; joins all tokens
    Metaspace = 1,    ///< `pattern` becomes a space; `prepend`: but one at the very start goes
    ByteFallback = 2, ///< <0xNN> becomes a byte
    Fuse = 3,         ///< joins all tokens; later steps see one text
    Replace = 4,      ///< each `pattern` becomes `content`
    Strip = 5,        ///< up to `start` / `stop` times the character `content` off the ends
    WordPiece = 6,    ///< a space before each token but the first, or `pattern` off its front
    CleanUp = 7,      ///< no space before punctuation and contractions within a token
    ReplaceRegex = 8, ///< each match of `pattern` becomes `content`
    WordSuffix = 9,   ///< `pattern` at the end of a token becomes a space before the next one
  };
  Kind kind = Kind::Fuse;
  std::string pattern, content;
  PrependScheme prepend = PrependScheme::Never;
  uint32_t start = 0, stop = 0;

  bool operator==(const DecoderStep &) const = default;
};

/// A whole tokenizer. Token ids are indices into `vocabulary`, which also holds the added tokens' contents;
/// an id that no token has is an empty string there.
struct TokenizerModel {
  TokenizerKind kind = TokenizerKind::MergeBpe;
  StringTable vocabulary;
  std::vector<Merge> merges;      ///< MergeBpe: first come, first joined
  std::vector<double> scores;     ///< ScoreBpe, Unigram: one a token; minus infinity: is never made
  std::string subwordPrefix;      ///< WordPiece, MergeBpe: in front of tokens that go on with a word ("##")
  std::string wordSuffix;         ///< MergeBpe: behind tokens that end a word ("</w>")
  uint32_t maxWordCharacters = 0; ///< WordPiece: longer words are unknown
  bool ignoreMerges = false;      ///< a piece that is a token is that token
  bool byteFallback = false;      ///< unknown characters become <0xNN> tokens
  bool fuseUnknown = false;       ///< neighbouring unknown characters become one unknown token

  std::vector<AddedToken> addedTokens;
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizerStep> preTokenizer;
  std::vector<DecoderStep> decoder; ///< empty: spaces between tokens

  std::vector<uint32_t> prefix, suffix; ///< what encode puts around a text when it is asked to (BOS, EOS)
  std::optional<uint32_t> bos, eos, unknown, pad;
  std::vector<uint32_t> endIds; ///< tokens that end an answer; `eos` is among them if it is set
  std::string chatTemplate;     ///< Jinja source; empty: a base model
};

/// Throws Error unless the parts agree: every id is in the vocabulary, every string of it is where it should
/// be.
void validate(const TokenizerModel &model);

/// The bytes a program carries. Throws Error when the model refers to tokens that it does not have.
std::string serialize(const TokenizerModel &model);

/// Reads what `serialize` wrote. Every length, id and enumerator is checked; throws Error naming the place.
TokenizerModel parseTokenizerModel(std::span<const uint8_t> bytes);

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_TOKENIZERMODEL_H
