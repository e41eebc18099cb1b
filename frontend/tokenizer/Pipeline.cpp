//===- Pipeline.cpp - the parts of a tokenizer.json -----------------------===//
//
// Every part is an object with a "type", and "Sequence" holds others in a list: `forEachPart` flattens those.
// What is not known is an error rather than ignored: tokens that are wrong only sometimes are worse than
// none.
//
//===----------------------------------------------------------------------===//
#include "frontend/tokenizer/Pipeline.h"
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"
#include "frontend/tokenizer/OnigurumaPattern.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Base64.h"

using namespace llvm;
using namespace heddle;

namespace {

/// One object of a part, with where it stands.
struct Part {
  const json::Object &object;
  StringRef file, where;

  StringRef type() const { return object.getString("type").value_or(""); }
  std::string text(StringRef key) const { return object.getString(key).value_or("").str(); }
  bool flag(StringRef key, bool otherwise) const { return object.getBoolean(key).value_or(otherwise); }

  Error wrong(const Twine &key, const Twine &expected, const json::Value *found) const {
    return readError(file,
                     where + (type().empty() ? Twine() : " \"" + type() + "\"") + ", key \"" + key + "\"",
                     expected, found ? jsonExcerpt(*found) : "nothing");
  }
  Error unsupported() const {
    return readError(file, where, "a type that is supported", "\"" + type() + "\"",
                     "this tokenizer cannot be compiled yet");
  }
};

constexpr unsigned deepest = 16;

/// Calls `read` for `value`, or for each member of the sequence that it is, whose list is called `listKey`.
Error forEachPart(const json::Value *value, StringRef listKey, StringRef file, StringRef where,
                  function_ref<Error(const Part &)> read, unsigned depth = 0) {
  if (!value || value->kind() == json::Value::Null)
    return Error::success();
  const json::Object *object = value->getAsObject();
  if (!object)
    return readError(file, where, "an object with a \"type\"", jsonExcerpt(*value));
  Part part{*object, file, where};
  if (part.type() != "Sequence")
    return read(part);
  const json::Array *list = object->getArray(listKey);
  if (!list || depth == deepest)
    return part.wrong(listKey, "a list nested at most " + Twine(deepest) + " deep", object->get(listKey));
  for (const json::Value &member : *list)
    if (Error error = forEachPart(&member, listKey, file, where, read, depth + 1))
      return error;
  return Error::success();
}

/// A "pattern": {"String": ..} or {"Regex": ..}, the latter translated.
Error readPattern(const Part &part, std::string &pattern, bool &isRegex) {
  const json::Object *object = part.object.getObject("pattern");
  std::optional<StringRef> literal, regex;
  if (object) {
    literal = object->getString("String");
    regex = object->getString("Regex");
  }
  if (!literal && !regex)
    return part.wrong("pattern", "an object with \"String\" or \"Regex\"", part.object.get("pattern"));
  isRegex = regex || literal->empty(); // an empty string is found at every place
  pattern = literal.value_or("").str();
  if (!regex)
    return Error::success();
  Expected<std::string> translated = translateOniguruma(*regex);
  if (!translated)
    return readError(part.file, part.where, "a regular expression", "\"" + *regex + "\"",
                     toString(translated.takeError()));
  pattern = std::move(*translated);
  return Error::success();
}

Error readBehavior(const Part &part, SplitBehavior &behavior) {
  std::optional<SplitBehavior> read =
      StringSwitch<std::optional<SplitBehavior>>(part.object.getString("behavior").value_or("Isolated"))
          .Case("Removed", SplitBehavior::Removed)
          .Case("Isolated", SplitBehavior::Isolated)
          .Case("MergedWithPrevious", SplitBehavior::MergedWithPrevious)
          .Case("MergedWithNext", SplitBehavior::MergedWithNext)
          .Case("Contiguous", SplitBehavior::Contiguous)
          .Default(std::nullopt);
  if (!read)
    return part.wrong("behavior", "one of the five behaviors of Split", part.object.get("behavior"));
  behavior = *read;
  return Error::success();
}

/// "prepend_scheme", or the older "add_prefix_space".
Error readPrepend(const Part &part, PrependScheme &prepend) {
  bool older = part.flag("add_prefix_space", true);
  std::optional<PrependScheme> read =
      StringSwitch<std::optional<PrependScheme>>(
          part.object.getString("prepend_scheme").value_or(older ? "always" : "never"))
          .Case("always", PrependScheme::Always)
          .Case("first", PrependScheme::First)
          .Case("never", PrependScheme::Never)
          .Default(std::nullopt);
  if (!read)
    return part.wrong("prepend_scheme", "\"always\", \"first\" or \"never\"",
                      part.object.get("prepend_scheme"));
  prepend = *read;
  return Error::success();
}

std::string replacement(const Part &part) {
  return part.object.getString("replacement").value_or("\xE2\x96\x81").str();
}

/// Precompiled: a map in base64.
Error addPrecompiled(const Part &part, TokenizerModel &model) {
  std::vector<char> bytes;
  std::optional<StringRef> text = part.object.getString("precompiled_charsmap");
  Error error = text ? decodeBase64(*text, bytes) : createStringError("nothing");
  if (error)
    return part.wrong("precompiled_charsmap", "a map in base64 (" + toString(std::move(error)) + ")",
                      part.object.get("precompiled_charsmap"));
  if (!bytes.empty()) // an empty one maps nothing
    model.normalizers.push_back(
        {Normalizer::Kind::Precompiled, "", std::string(bytes.begin(), bytes.end()), false, false});
  return Error::success();
}

Error addNormalizer(const Part &part, TokenizerModel &model) {
  using Kind = Normalizer::Kind;
  if (part.type() == "Precompiled")
    return addPrecompiled(part, model);
  if (part.type() == "BertNormalizer") {
    bool lowercase = part.flag("lowercase", true);
    addBertNormalizer({part.flag("clean_text", true), part.flag("handle_chinese_chars", true),
                       part.flag("strip_accents", lowercase), lowercase},
                      model);
    return Error::success();
  }
  if (part.type() == "Nmt") { // some control characters go, others and signs of no width become spaces
    for (auto [pattern, content] :
         {std::pair("[\\x{1}-\\x{8}\\x{b}\\x{e}-\\x{1f}\\x{7f}\\x{8f}\\x{9f}]", ""),
          std::pair("[\\x{9}\\x{a}\\x{c}\\x{d}\\x{1680}\\x{200b}-\\x{200f}\\x{2028}\\x{2029}"
                    "\\x{2581}\\x{feff}\\x{fffd}]",
                    " ")}) {
      Normalizer &step = model.normalizers.emplace_back();
      step.kind = Kind::ReplaceRegex;
      step.pattern = pattern;
      step.content = content;
    }
    return Error::success();
  }
  std::optional<Kind> kind = StringSwitch<std::optional<Kind>>(part.type())
                                 .Case("NFC", Kind::Nfc)
                                 .Case("NFD", Kind::Nfd)
                                 .Case("NFKC", Kind::Nfkc)
                                 .Case("NFKD", Kind::Nfkd)
                                 .Case("Lowercase", Kind::Lowercase)
                                 .Case("StripAccents", Kind::StripAccents)
                                 .Case("Replace", Kind::ReplaceString)
                                 .Case("Prepend", Kind::Prepend)
                                 .Case("Strip", Kind::Strip)
                                 .Case("ByteLevel", Kind::ByteLevel)
                                 .Default(std::nullopt);
  if (!kind)
    return part.unsupported();
  Normalizer step;
  step.kind = *kind;
  bool isRegex = false;
  if (*kind == Kind::ReplaceString)
    if (Error error = readPattern(part, step.pattern, isRegex))
      return error;
  if (isRegex)
    step.kind = Kind::ReplaceRegex;
  step.content = part.text(*kind == Kind::Prepend ? "prepend" : "content");
  step.left = part.flag("strip_left", true);
  step.right = part.flag("strip_right", true);
  model.normalizers.push_back(std::move(step));
  return Error::success();
}

/// FixedLength: so many characters each, as a regular expression, whose counts end at 65535.
Error addFixedLength(const Part &part, TokenizerModel &model) {
  int64_t length = part.object.getInteger("length").value_or(5);
  if (length < 1 || length > 65535)
    return part.wrong("length", "1 to 65535", part.object.get("length"));
  PreTokenizerStep &step = model.preTokenizer.emplace_back();
  step.kind = PreTokenizerStep::Kind::SplitRegex;
  step.pattern = ("(?s:.{1," + Twine(length) + "})").str();
  return Error::success();
}

Error addPreTokenizer(const Part &part, TokenizerModel &model) {
  using Kind = PreTokenizerStep::Kind;
  if (part.type() == "BertPreTokenizer") {
    addBertPreTokenizer(model);
    return Error::success();
  }
  if (part.type() == "FixedLength")
    return addFixedLength(part, model);
  std::optional<Kind> kind = StringSwitch<std::optional<Kind>>(part.type())
                                 .Case("Split", Kind::SplitString)
                                 .Case("CharDelimiterSplit", Kind::SplitString)
                                 .Case("Digits", Kind::Digits)
                                 .Case("Punctuation", Kind::Punctuation)
                                 .Case("Whitespace", Kind::Whitespace)
                                 .Case("WhitespaceSplit", Kind::WhitespaceSplit)
                                 .Case("ByteLevel", Kind::ByteLevel)
                                 .Case("Metaspace", Kind::Metaspace)
                                 .Default(std::nullopt);
  if (!kind)
    return part.unsupported();
  PreTokenizerStep step;
  step.kind = *kind;
  bool isRegex = false;
  if (part.type() == "Split")
    if (Error error = readPattern(part, step.pattern, isRegex))
      return error;
  if (isRegex)
    step.kind = Kind::SplitRegex;
  if (Error error = readBehavior(part, step.behavior))
    return error;
  if (part.type() == "CharDelimiterSplit") {
    step.pattern = part.text("delimiter");
    step.behavior = SplitBehavior::Removed;
  }
  step.invert = part.flag("invert", false);
  step.individual = part.flag("individual_digits", false);
  step.addPrefixSpace = *kind == Kind::ByteLevel && part.flag("add_prefix_space", true);
  step.useRegex = *kind == Kind::ByteLevel && part.flag("use_regex", true);
  if (*kind == Kind::Metaspace) {
    step.pattern = replacement(part);
    step.split = part.flag("split", true);
    if (Error error = readPrepend(part, step.prepend))
      return error;
  }
  model.preTokenizer.push_back(std::move(step));
  return Error::success();
}

Error addDecoder(const Part &part, TokenizerModel &model) {
  using Kind = DecoderStep::Kind;
  bool joined = any_of(model.decoder, [](const DecoderStep &step) {
    return step.kind == Kind::ByteLevel || step.kind == Kind::Fuse;
  });
  bool strips = part.type() == "Strip" && part.object.getInteger("stop").value_or(0) == 0;
  if (joined && part.type() != "Fuse" && !strips)
    return readError(part.file, part.where,
                     "only \"Strip\" of the beginning behind \"Fuse\" and \"ByteLevel\"",
                     "\"" + part.type() + "\"", "this tokenizer cannot be compiled yet");
  if (part.type() == "WordPiece") {
    addWordPieceDecoder(part.object.getString("prefix").value_or("##"), part.flag("cleanup", true), model);
    return Error::success();
  }
  std::optional<Kind> kind = StringSwitch<std::optional<Kind>>(part.type())
                                 .Case("ByteLevel", Kind::ByteLevel)
                                 .Case("Metaspace", Kind::Metaspace)
                                 .Case("ByteFallback", Kind::ByteFallback)
                                 .Case("Fuse", Kind::Fuse)
                                 .Case("Replace", Kind::Replace)
                                 .Case("Strip", Kind::Strip)
                                 .Case("BPEDecoder", Kind::WordSuffix)
                                 .Default(std::nullopt);
  if (!kind)
    return part.unsupported();
  DecoderStep step;
  step.kind = *kind;
  bool isRegex = false;
  if (*kind == Kind::Replace)
    if (Error error = readPattern(part, step.pattern, isRegex))
      return error;
  if (isRegex)
    step.kind = Kind::ReplaceRegex;
  if (*kind == Kind::WordSuffix)
    step.pattern = part.object.getString("suffix").value_or("</w>").str();
  if (*kind == Kind::Metaspace) {
    step.pattern = replacement(part);
    if (Error error = readPrepend(part, step.prepend))
      return error;
  }
  step.content = part.text("content");
  for (auto [key, field] : {std::pair("start", &step.start), std::pair("stop", &step.stop)}) {
    int64_t count = part.object.getInteger(key).value_or(0);
    if (count < 0 || count > UINT32_MAX)
      return part.wrong(key, "a count", part.object.get(key));
    *field = uint32_t(count);
  }
  model.decoder.push_back(std::move(step));
  return Error::success();
}

/// Checks an id that a post-processor names and adds it to `ids`.
Error addId(const Part &part, std::optional<int64_t> id, const Twine &key, const TokenizerModel &model,
            std::vector<uint32_t> &ids) {
  if (!id || *id < 0 || uint64_t(*id) >= model.vocabulary.size())
    return part.wrong(key, "the id of a token below " + Twine(model.vocabulary.size()), nullptr);
  ids.push_back(uint32_t(*id));
  return Error::success();
}

/// TemplateProcessing's "single": special tokens by name, and the text's place.
Error readTemplate(const Part &part, TokenizerModel &model) {
  const json::Array *single = part.object.getArray("single");
  const json::Object *tokens = part.object.getObject("special_tokens");
  if (!single)
    return part.wrong("single", "a list", part.object.get("single"));
  bool behind = false;
  for (const json::Value &item : *single) {
    const json::Object *object = item.getAsObject();
    if (object && object->getObject("Sequence")) {
      behind = true;
      continue;
    }
    const json::Object *special = object ? object->getObject("SpecialToken") : nullptr;
    StringRef name = special ? special->getString("id").value_or("") : "";
    const json::Object *token = tokens ? tokens->getObject(name) : nullptr;
    const json::Array *ids = token ? token->getArray("ids") : nullptr;
    if (!ids)
      return part.wrong("single", "the name of one of its \"special_tokens\"", &item);
    for (const json::Value &id : *ids)
      if (Error error =
              addId(part, id.getAsInteger(), "special_tokens", model, behind ? model.suffix : model.prefix))
        return error;
  }
  return Error::success();
}

/// BertProcessing and RobertaProcessing: ["token", id] under "cls" and "sep".
Error readClsSep(const Part &part, TokenizerModel &model) {
  for (auto [key, ids] : {std::pair("cls", &model.prefix), std::pair("sep", &model.suffix)}) {
    const json::Array *pair = part.object.getArray(key);
    std::optional<int64_t> id = pair && pair->size() == 2 ? (*pair)[1].getAsInteger() : std::nullopt;
    if (Error error = addId(part, id, key, model, *ids))
      return error;
  }
  return Error::success();
}

} // namespace

void heddle::addBertNormalizer(const BertNormalizer &flags, TokenizerModel &model) {
  using Kind = Normalizer::Kind;
  for (auto [wanted, kind] :
       {std::pair(flags.cleanText, Kind::CleanText), std::pair(flags.spaceIdeographs, Kind::SpaceIdeographs),
        std::pair(flags.stripAccents, Kind::Nfd), std::pair(flags.stripAccents, Kind::StripNonspacingMarks),
        std::pair(flags.lowercase, Kind::Lowercase)})
    if (wanted)
      model.normalizers.emplace_back().kind = kind;
}

void heddle::addBertPreTokenizer(TokenizerModel &model) {
  model.preTokenizer.emplace_back().kind = PreTokenizerStep::Kind::WhitespaceSplit;
  model.preTokenizer.emplace_back().kind = PreTokenizerStep::Kind::Punctuation;
}

void heddle::addWordPieceDecoder(StringRef prefix, bool cleanUp, TokenizerModel &model) {
  DecoderStep &step = model.decoder.emplace_back();
  step.kind = DecoderStep::Kind::WordPiece;
  step.pattern = prefix.str();
  if (cleanUp)
    model.decoder.emplace_back().kind = DecoderStep::Kind::CleanUp;
}

Error heddle::readNormalizer(const json::Value *value, TokenizerModel &model, StringRef file) {
  return forEachPart(value, "normalizers", file, "normalizer",
                     [&](const Part &part) { return addNormalizer(part, model); });
}

Error heddle::readPreTokenizer(const json::Value *value, TokenizerModel &model, StringRef file) {
  return forEachPart(value, "pretokenizers", file, "pre_tokenizer",
                     [&](const Part &part) { return addPreTokenizer(part, model); });
}

Error heddle::readDecoder(const json::Value *value, TokenizerModel &model, StringRef file) {
  return forEachPart(value, "decoders", file, "decoder",
                     [&](const Part &part) { return addDecoder(part, model); });
}

Error heddle::readPostProcessor(const json::Value *value, TokenizerModel &model, StringRef file) {
  return forEachPart(value, "processors", file, "post_processor", [&](const Part &part) -> Error {
    if (part.type() == "ByteLevel") // only moves offsets, which nobody asks for here
      return Error::success();
    if (!model.prefix.empty() || !model.suffix.empty())
      return readError(file, "post_processor", "one part that puts tokens around the text", "a second one",
                       "this tokenizer cannot be compiled yet");
    if (part.type() == "TemplateProcessing")
      return readTemplate(part, model);
    if (part.type() == "BertProcessing" || part.type() == "RobertaProcessing")
      return readClsSep(part, model);
    return part.unsupported();
  });
}
