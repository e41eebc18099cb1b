//===- ReadTokenizerJson.cpp - tokenizer.json and its companions ----------===//
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"
#include "frontend/tokenizer/Pipeline.h"
#include "frontend/tokenizer/TokenizerConfig.h"
#include "frontend/tokenizer/VocabularyBuilder.h"
#include "llvm/ADT/STLExtras.h"
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

using namespace llvm;
using namespace heddle;

namespace {

/// `number` as Hugging Face's JSON reader rounds it: its digits as an integer, scaled by a power of ten. The
/// last bit decides between cuts of the same tokens in another order.
double roundLikeReference(double number) {
  std::array<char, 64> buffer;
  auto result = std::to_chars(buffer.begin(), buffer.end(), number, std::chars_format::scientific);
  auto [mantissa, power] = StringRef(buffer.data(), result.ptr - buffer.data()).split('e');
  bool negative = mantissa.consume_front("-");
  auto [whole, fraction] = mantissa.split('.');
  uint64_t digits;
  int exponent;
  power.consume_front("+");
  if ((whole + fraction).str().size() > 19 || StringRef((whole + fraction).str()).getAsInteger(10, digits) ||
      power.getAsInteger(10, exponent))
    return number; // none of infinity
  exponent -= int(fraction.size());
  double scale = std::pow(10.0, std::abs(exponent)), rounded = double(digits);
  if (!std::isfinite(scale))
    return number;
  rounded = exponent < 0 ? rounded / scale : rounded * scale;
  return negative ? -rounded : rounded;
}

class JsonTokenizerReader {
public:
  explicit JsonTokenizerReader(const TokenizerFiles &files)
      : files(files), file(files.folder.str() + "/tokenizer.json"),
        configFile(files.folder.str() + "/tokenizer_config.json") {}

  Expected<TokenizerModel> run() {
    Expected<json::Object> root = parseJsonObject(files.tokenizer, file);
    if (!root)
      return root.takeError();
    Expected<json::Object> config = readTokenizerConfig(files, configFile);
    if (!config)
      return config.takeError();
    if (Error error = readVocabulary(*root, *config))
      return std::move(error);
    using ReadPart = Error (*)(const json::Value *, TokenizerModel &, StringRef);
    const std::pair<const char *, ReadPart> parts[] = {{"normalizer", readNormalizer},
                                                       {"pre_tokenizer", readPreTokenizer},
                                                       {"decoder", readDecoder},
                                                       {"post_processor", readPostProcessor}};
    for (auto [key, read] : parts)
      if (Error error = read(root->get(key), model, file))
        return std::move(error);
    readConfig(*config);
    return std::move(model);
  }

private:
  Error wrong(const Twine &where, const Twine &expected, const json::Value *found, const Twine &remedy = "") {
    return readError(file, where, expected, found ? jsonExcerpt(*found) : "nothing", remedy);
  }

  Error readVocabulary(const json::Object &root, const json::Object &config) {
    const json::Object *part = root.getObject("model");
    if (!part)
      return wrong("model", "an object", root.get("model"));
    StringRef type = part->getString("type").value_or(part->get("merges") ? "BPE" : "");
    if (type != "BPE" && type != "WordPiece" && type != "WordLevel" && type != "Unigram")
      return wrong("model, key \"type\"", "\"BPE\", \"WordPiece\", \"WordLevel\" or \"Unigram\"",
                   part->get("type"), "other models cannot be compiled yet");
    if (Error error = type == "Unigram" ? readScoredTokens(*part) : readTokens(*part))
      return error;
    if (Error error = readAddedTokens(root))
      return error;
    if (Error error = readAddedTokensDecoder(config))
      return error;
    model.vocabulary = vocabulary.finish();
    if (type == "Unigram")
      return readUnigram(*part);
    if (Error error = readUnknown(*part))
      return error;
    return type == "BPE" ? readBpe(*part) : readWordPiece(*part, /*whole=*/type == "WordLevel");
  }

  Error readTokens(const json::Object &part) {
    const json::Object *vocab = part.getObject("vocab");
    if (!vocab)
      return wrong("model, key \"vocab\"", "an object of tokens and ids", part.get("vocab"));
    for (const auto &[token, id] : *vocab) {
      std::optional<int64_t> number = id.getAsInteger();
      if (!number || !vocabulary.add(*number, token))
        return wrong("model, vocab, token \"" + token.str() + "\"", VocabularyBuilder::rule, &id);
    }
    return Error::success();
  }

  /// Unigram's vocabulary: [["token", score], ..], the first with id 0.
  Error readScoredTokens(const json::Object &part) {
    const json::Array *vocab = part.getArray("vocab");
    if (!vocab)
      return wrong("model, key \"vocab\"", "a list of tokens and scores", part.get("vocab"));
    for (const json::Value &value : *vocab) {
      const json::Array *pair = value.getAsArray();
      std::optional<StringRef> token = pair && pair->size() == 2 ? (*pair)[0].getAsString() : std::nullopt;
      std::optional<double> score = token ? (*pair)[1].getAsNumber() : std::nullopt;
      if (!score || !vocabulary.add(int64_t(model.scores.size()), *token))
        return wrong("model, vocab, entry " + Twine(model.scores.size()), "a token and its score", &value);
      model.scores.push_back(roundLikeReference(*score));
    }
    return Error::success();
  }

  /// One entry of "added_tokens", or of the other file's "added_tokens_decoder".
  Error readAddedToken(const json::Object &object, std::optional<int64_t> id, const json::Value &found,
                       StringRef where) {
    std::optional<StringRef> content = object.getString("content");
    if (!id || !content || !vocabulary.replace(*id, *content))
      return wrong(where, "\"content\" and " + StringRef(VocabularyBuilder::rule), &found);
    AddedToken token;
    token.id = uint32_t(*id);
    token.content = content->str();
    token.special = object.getBoolean("special").value_or(false);
    token.lstrip = object.getBoolean("lstrip").value_or(false);
    token.rstrip = object.getBoolean("rstrip").value_or(false);
    token.singleWord = object.getBoolean("single_word").value_or(false);
    token.normalized = object.getBoolean("normalized").value_or(!token.special);
    model.addedTokens.push_back(std::move(token));
    return Error::success();
  }

  Error readAddedTokens(const json::Object &root) {
    const json::Array *list = root.getArray("added_tokens");
    if (!list)
      return Error::success();
    for (const json::Value &value : *list) {
      const json::Object *object = value.getAsObject();
      if (!object)
        return wrong("added_tokens", "an object", &value);
      if (Error error = readAddedToken(*object, object->getInteger("id"), value, "added_tokens"))
        return error;
    }
    return Error::success();
  }

  /// Tokens that only tokenizer_config.json knows, in the order of their ids.
  Error readAddedTokensDecoder(const json::Object &config) {
    const json::Object *decoder = config.getObject("added_tokens_decoder");
    std::vector<std::pair<int64_t, const json::Value *>> entries;
    if (decoder)
      for (const auto &[key, value] : *decoder) {
        int64_t id;
        if (!StringRef(key).getAsInteger(10, id))
          entries.emplace_back(id, &value);
      }
    llvm::sort(entries, less_first());
    for (auto [id, value] : entries) {
      const json::Object *object = value->getAsObject();
      if (!object || any_of(model.addedTokens, [&](const AddedToken &token) { return token.id == id; }))
        continue;
      if (Error error = readAddedToken(*object, id, *value, "tokenizer_config.json, added_tokens_decoder"))
        return error;
    }
    return Error::success();
  }

  Error readUnknown(const json::Object &part) {
    std::optional<StringRef> unknown = part.getString("unk_token");
    if (!unknown || unknown->empty())
      return Error::success();
    model.unknown = vocabulary.find(*unknown);
    if (!model.unknown)
      return wrong("model, key \"unk_token\"", "a token of the vocabulary", part.get("unk_token"));
    return Error::success();
  }

  Error readUnigram(const json::Object &part) {
    model.kind = TokenizerKind::Unigram;
    model.byteFallback = part.getBoolean("byte_fallback").value_or(false);
    std::optional<int64_t> unknown = part.getInteger("unk_id");
    if (unknown && (*unknown < 0 || uint64_t(*unknown) >= model.scores.size()))
      return wrong("model, key \"unk_id\"", "a token below " + Twine(model.scores.size()),
                   part.get("unk_id"));
    if (unknown)
      model.unknown = uint32_t(*unknown);
    // Added tokens that the model does not know are made by no cut; special ones are found before.
    model.scores.resize(model.vocabulary.size(), -std::numeric_limits<double>::infinity());
    for (const AddedToken &token : model.addedTokens)
      if (token.special)
        model.scores[token.id] = -std::numeric_limits<double>::infinity();
    return Error::success();
  }

  /// `whole`: words are tokens or unknown. No token begins with a byte that UTF-8 does not have, so none goes
  /// on.
  Error readWordPiece(const json::Object &part, bool whole) {
    model.kind = TokenizerKind::WordPiece;
    if (!model.unknown)
      return wrong("model, key \"unk_token\"", "a token of the vocabulary", part.get("unk_token"));
    if (whole) {
      model.subwordPrefix = "\xFF";
      model.maxWordCharacters = UINT32_MAX;
      return Error::success();
    }
    model.subwordPrefix = part.getString("continuing_subword_prefix").value_or("##").str();
    int64_t longest = part.getInteger("max_input_chars_per_word").value_or(100);
    if (longest < 0 || longest > UINT32_MAX)
      return wrong("model, key \"max_input_chars_per_word\"", "a count",
                   part.get("max_input_chars_per_word"));
    model.maxWordCharacters = uint32_t(longest);
    return Error::success();
  }

  Error readBpe(const json::Object &bpe) {
    model.kind = TokenizerKind::MergeBpe;
    model.subwordPrefix = bpe.getString("continuing_subword_prefix").value_or("").str();
    model.wordSuffix = bpe.getString("end_of_word_suffix").value_or("").str();
    model.ignoreMerges = bpe.getBoolean("ignore_merges").value_or(false);
    model.byteFallback = bpe.getBoolean("byte_fallback").value_or(false);
    model.fuseUnknown = bpe.getBoolean("fuse_unk").value_or(false);
    const json::Array *merges = bpe.getArray("merges");
    if (!merges)
      return wrong("model, key \"merges\"", "a list", bpe.get("merges"));
    model.merges.reserve(merges->size());
    for (const json::Value &merge : *merges)
      if (Error error = readMerge(merge))
        return error;
    return Error::success();
  }

  /// ["left", "right"], or in older files "left right".
  Error readMerge(const json::Value &value) {
    StringRef left, right;
    if (std::optional<StringRef> text = value.getAsString()) {
      std::tie(left, right) = text->split(' ');
    } else if (const json::Array *pair = value.getAsArray(); pair && pair->size() == 2) {
      left = (*pair)[0].getAsString().value_or("");
      right = (*pair)[1].getAsString().value_or("");
    }
    std::optional<Merge> merge = vocabulary.merge(left, right, model.subwordPrefix);
    if (!merge)
      return wrong("model, merge " + Twine(model.merges.size()), "two tokens that make a third", &value);
    model.merges.push_back(*merge);
    return Error::success();
  }

  /// A token's spelling: a string, or an object with "content".
  static StringRef spelling(const json::Object &config, StringRef key) {
    if (const json::Object *object = config.getObject(key))
      return object->getString("content").value_or("");
    return config.getString(key).value_or("");
  }

  void readConfig(const json::Object &config) {
    model.bos = vocabulary.find(spelling(config, "bos_token"));
    model.eos = vocabulary.find(spelling(config, "eos_token"));
    model.pad = vocabulary.find(spelling(config, "pad_token"));
    if (model.eos)
      model.endIds.push_back(*model.eos);
    model.chatTemplate = readChatTemplate(files, config);
  }

  const TokenizerFiles &files;
  std::string file, configFile;
  VocabularyBuilder vocabulary;
  TokenizerModel model;
};

} // namespace

Expected<TokenizerModel> heddle::readTokenizerJson(const TokenizerFiles &files) {
  return JsonTokenizerReader(files).run();
}
