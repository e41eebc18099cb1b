//===- ReadGgufTokenizer.cpp - a tokenizer from GGUF's metadata -----------===//
#include "frontend/checkpoint/ReadError.h"
#include "frontend/tokenizer/GgufPreTokenizers.h"
#include "frontend/tokenizer/OnigurumaPattern.h"
#include "frontend/tokenizer/Pipeline.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include "frontend/tokenizer/VocabularyBuilder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/StringSaver.h"
#include <cmath>
#include <limits>

using namespace llvm;
using namespace heddle;

namespace {

/// GGUF's "tokenizer.ggml.token_type".
enum TokenType : int32_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

constexpr const char *subwordPrefix = "##";
constexpr const char *mark = "\xE2\x96\x81"; // stands for a space in SentencePiece's tokens

class GgufTokenizerReader {
public:
  GgufTokenizerReader(const GgufTokenizerSource &source, StringRef file) : source(source), file(file) {}

  Expected<TokenizerModel> run() {
    if (Error error = readTokens())
      return std::move(error);
    if (Error error = readKind())
      return std::move(error);
    if (Error error = readSpecialTokens())
      return std::move(error);
    addEndsOfTurns();
    stripBehindTokens();
    model.chatTemplate = source.chatTemplate;
    return std::move(model);
  }

private:
  Error wrong(StringRef key, const Twine &expected, const Twine &found, const Twine &remedy = "") {
    return readError(file, "key '" + key + "'", expected, found, remedy);
  }

  Error readTokens() {
    size_t count = source.tokens.size();
    if (count == 0)
      return wrong("tokenizer.ggml.tokens", "an array of strings", "none", "the file has no tokenizer");
    for (auto [key, size] : {std::pair("tokenizer.ggml.scores", source.scores.size()),
                             std::pair("tokenizer.ggml.token_type", source.types.size())})
      if (size != 0 && size != count)
        return wrong(key, Twine(count) + " elements, one a token", Twine(size));
    for (size_t id = 0; id < count; ++id)
      if (!vocabulary.add(int64_t(id), spelling(id)))
        return wrong("tokenizer.ggml.tokens", "at most 16,777,216 tokens", Twine(count));
    model.vocabulary = vocabulary.finish();
    for (size_t id = 0; id < source.types.size(); ++id)
      addTyped(uint32_t(id), source.types[id]);
    return Error::success();
  }

  /// Control tokens and the user's own are found in the text before all else.
  void addTyped(uint32_t id, int32_t type) {
    if (type != Control && type != UserDefined && type != Unknown)
      return;
    AddedToken token;
    token.id = id;
    token.content = spelling(id).str();
    token.special = type != UserDefined;
    model.addedTokens.push_back(std::move(token));
  }

  Error readKind() {
    if (source.model == "gpt2")
      return readByteLevel();
    if (source.model == "llama" || source.model == "t5")
      return readSentencePiece();
    if (source.model == "bert")
      return readWordPiece();
    return wrong("tokenizer.ggml.model", "\"gpt2\", \"llama\", \"t5\", \"bert\" or \"none\"",
                 "\"" + source.model + "\"", "other tokenizers cannot be compiled yet");
  }

  /// The token as its model spells it. WordPiece's lie in the file with a mark where a word begins, without
  /// one where it goes on; but not control tokens, nor, in older files, any in brackets.
  StringRef spelling(size_t id) {
    StringRef token = source.tokens[id];
    bool control = !source.types.empty() && source.types[id] == Control;
    if (source.model != "bert" || control || token.consume_front(mark) ||
        (token.starts_with("[") && token.ends_with("]")))
      return token;
    return saver.save(Twine(subwordPrefix) + token);
  }

  Error readWordPiece() {
    model.kind = TokenizerKind::WordPiece;
    model.subwordPrefix = subwordPrefix;
    model.maxWordCharacters = 100; // the file does not say
    bool lowercase = source.lowercase.value_or(true);
    addBertNormalizer({true, true, source.stripAccents.value_or(lowercase), lowercase}, model);
    addBertPreTokenizer(model);
    addWordPieceDecoder(subwordPrefix, /*cleanUp=*/true, model);
    return Error::success();
  }

  Error readByteLevel() {
    const GgufPreTokenizer *pre = findGgufPreTokenizer(source.pre);
    if (!pre)
      return wrong("tokenizer.ggml.pre", "the name of a pre-tokenizer that is known",
                   "\"" + source.pre + "\"",
                   "known are " + ggufPreTokenizerNames() + " and others that work alike");
    model.kind = TokenizerKind::MergeBpe;
    model.ignoreMerges = pre->ignoreMerges;
    addBosByDefault = pre->addBos;
    if (pre->nfc)
      model.normalizers.push_back({Normalizer::Kind::Nfc, "", "", false, false});
    for (const char *pattern : pre->patterns) {
      Expected<std::string> translated = translateOniguruma(pattern);
      if (!translated)
        return translated.takeError();
      PreTokenizerStep split;
      split.kind = PreTokenizerStep::Kind::SplitRegex;
      split.pattern = std::move(*translated);
      model.preTokenizer.push_back(std::move(split));
    }
    model.preTokenizer.emplace_back().kind = PreTokenizerStep::Kind::ByteLevel;
    model.decoder.emplace_back().kind = DecoderStep::Kind::ByteLevel;
    return readMerges();
  }

  Error readMerges() {
    if (source.merges.empty())
      return wrong("tokenizer.ggml.merges", "an array of strings", "none");
    for (size_t i = 0; i < source.merges.size(); ++i) {
      StringRef text = source.merges[i];
      size_t space = text.find(' ', 1);
      std::optional<Merge> merge;
      if (space != StringRef::npos)
        merge = vocabulary.merge(text.take_front(space), text.drop_front(space + 1));
      if (!merge)
        return wrong("tokenizer.ggml.merges", "two tokens that make a third at index " + Twine(i),
                     "\"" + text + "\"");
      model.merges.push_back(*merge);
    }
    return Error::success();
  }

  Error readSentencePiece() {
    if (source.scores.empty())
      return wrong("tokenizer.ggml.scores", "an array of numbers", "none");
    bool unigram = source.model == "t5";
    model.kind = unigram ? TokenizerKind::Unigram : TokenizerKind::ScoreBpe;
    model.byteFallback = true;
    model.scores.assign(source.scores.begin(), source.scores.end());
    addBosByDefault = !unigram;
    addEosByDefault = unigram;
    for (size_t id = 0; id < model.scores.size(); ++id) {
      int32_t type = source.types.empty() ? int32_t(Normal) : source.types[id];
      if (std::isnan(model.scores[id]))
        return wrong("tokenizer.ggml.scores", "a number at index " + Twine(id), "not a number");
      if (type == Control || type == Unknown || type == Byte) // no text is ever joined to these
        model.scores[id] = -std::numeric_limits<float>::infinity();
    }
    bool prefix = source.addSpacePrefix.value_or(true);
    if (!source.characterMap.empty())
      model.normalizers.push_back(
          {Normalizer::Kind::Precompiled, "", source.characterMap.str(), false, false});
    if (source.removeExtraSpaces.value_or(unigram)) {
      model.normalizers.push_back({Normalizer::Kind::Strip, "", "", /*left=*/false, /*right=*/true});
      model.normalizers.push_back({Normalizer::Kind::ReplaceRegex, " {2,}", mark, false, false});
    }
    if (unigram) {
      PreTokenizerStep &words = model.preTokenizer.emplace_back();
      words.kind = PreTokenizerStep::Kind::Metaspace;
      words.pattern = mark;
      words.prepend = prefix ? PrependScheme::Always : PrependScheme::Never;
      words.split = true;
    } else {
      if (prefix)
        model.normalizers.push_back({Normalizer::Kind::Prepend, "", mark, false, false});
      model.normalizers.push_back({Normalizer::Kind::ReplaceString, " ", mark, false, false});
    }
    model.decoder.push_back({DecoderStep::Kind::Replace, mark, " "});
    model.decoder.emplace_back().kind = DecoderStep::Kind::ByteFallback;
    model.decoder.emplace_back().kind = DecoderStep::Kind::Fuse;
    if (prefix)
      model.decoder.push_back({DecoderStep::Kind::Strip, "", " ", PrependScheme::Never, /*start=*/1});
    return Error::success();
  }

  Error readId(StringRef key, std::optional<int64_t> id, std::optional<uint32_t> &out) {
    if (!id || *id == -1 || *id == UINT32_MAX) // -1 in 32 bits says that there is none
      return Error::success();
    if (*id < 0 || uint64_t(*id) >= source.tokens.size())
      return wrong(key, "a token below " + Twine(source.tokens.size()), Twine(*id));
    out = uint32_t(*id);
    return Error::success();
  }

  Error readSpecialTokens() {
    struct Ids {
      int64_t bos, eos, unknown, separator;
    };
    Ids otherwise = {-1, -1, -1, -1};
    if (model.kind == TokenizerKind::ScoreBpe)
      otherwise = {1, 2, 0, -1};
    else if (model.kind == TokenizerKind::Unigram)
      otherwise = {-1, 1, 2, -1};
    else if (model.kind == TokenizerKind::WordPiece)
      otherwise = {101, -1, 100, 102};
    auto byDefault = [&](std::optional<int64_t> id, int64_t otherwise) {
      bool there = otherwise >= 0 && size_t(otherwise) < source.tokens.size();
      return !id && there ? std::optional(otherwise) : id;
    };
    std::optional<uint32_t> separator, maskToken;
    for (auto [key, id, field] :
         {std::tuple("tokenizer.ggml.bos_token_id", byDefault(source.bos, otherwise.bos), &model.bos),
          std::tuple("tokenizer.ggml.eos_token_id", byDefault(source.eos, otherwise.eos), &model.eos),
          std::tuple("tokenizer.ggml.unknown_token_id", byDefault(source.unknown, otherwise.unknown),
                     &model.unknown),
          std::tuple("tokenizer.ggml.seperator_token_id", byDefault(source.separator, otherwise.separator),
                     &separator),
          std::tuple("tokenizer.ggml.mask_token_id", source.mask, &maskToken),
          std::tuple("tokenizer.ggml.padding_token_id", source.padding, &model.pad)})
      if (Error error = readId(key, id, *field))
        return error;
    if (model.kind == TokenizerKind::WordPiece) {
      if (!model.unknown)
        return wrong("tokenizer.ggml.unknown_token_id", "a token", "none");
      if (model.bos)
        model.prefix.push_back(*model.bos);
      if (separator)
        model.suffix.push_back(*separator);
      return Error::success();
    }
    if (model.kind == TokenizerKind::MergeBpe)
      model.unknown.reset(); // a byte that has no token gives none
    for (AddedToken &token : model.addedTokens)
      token.lstrip = token.id == maskToken; // as all encoders of these kinds have it
    if (source.addBos.value_or(addBosByDefault) && model.bos)
      model.prefix.push_back(*model.bos);
    if (source.addEos.value_or(addEosByDefault) && model.eos)
      model.suffix.push_back(*model.eos);
    if (model.eos)
      model.endIds.push_back(*model.eos);
    for (int64_t end : source.endTokens) {
      std::optional<uint32_t> id;
      if (Error error = readId("tokenizer.ggml.eot_token_id", end, id))
        return error;
      if (id && !is_contained(model.endIds, *id))
        model.endIds.push_back(*id);
    }
    return Error::success();
  }

  /// Many files name the end of a text alone, though in a chat the model ends its turn with another token.
  void addEndsOfTurns() {
    bool channels = vocabulary.find("<|return|>").has_value(); // then <|end|> ends no more than one of them
    for (const AddedToken &token : model.addedTokens)
      if (token.special &&
          is_contained({"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"}, token.content) &&
          !(channels && token.content == "<|end|>") && !is_contained(model.endIds, token.id))
        model.endIds.push_back(token.id);
  }

  /// GGUF does not say which tokens take the white space behind them. Of its tokenizers one has such tokens;
  /// it is known by its placeholders.
  void stripBehindTokens() {
    if (model.kind != TokenizerKind::ScoreBpe || !vocabulary.find("<|placeholder1|>"))
      return;
    for (AddedToken &token : model.addedTokens)
      token.rstrip = !is_contained({"<unk>", "<s>", "<|endoftext|>"}, token.content);
  }

  const GgufTokenizerSource &source;
  StringRef file;
  BumpPtrAllocator allocator;
  StringSaver saver{allocator};
  VocabularyBuilder vocabulary;
  TokenizerModel model;
  bool addBosByDefault = false, addEosByDefault = false;
};

} // namespace

Expected<TokenizerModel> heddle::readGgufTokenizer(const GgufTokenizerSource &source, StringRef file) {
  return GgufTokenizerReader(source, file).run();
}
