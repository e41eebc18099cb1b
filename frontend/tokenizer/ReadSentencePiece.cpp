//===- ReadSentencePiece.cpp - a tokenizer.model alone --------------------===//
//
// SentencePiece's own file is a protocol buffer: pieces with scores and types, how the model was trained, and
// how text is normalized. GGUF's keys say the same, so its reader does the rest.
//
//===----------------------------------------------------------------------===//
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"
#include "frontend/tokenizer/Protobuf.h"
#include "frontend/tokenizer/TokenizerConfig.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include <cmath>

using namespace llvm;
using namespace heddle;

namespace {

/// TrainerSpec's "model_type".
enum ModelType : int64_t { UnigramModel = 1, BpeModel = 2 };

class SentencePieceReader {
public:
  explicit SentencePieceReader(const TokenizerFiles &files)
      : files(files), file(files.folder.str() + "/tokenizer.model"),
        configFile(files.folder.str() + "/tokenizer_config.json") {}

  Expected<TokenizerModel> run() {
    // What the format says where a field is absent.
    source.unknown = 0;
    source.bos = 1;
    source.eos = 2;
    source.addSpacePrefix = source.removeExtraSpaces = true;
    if (Error error =
            readFields("", files.tokenizer, [&](const ProtobufField &field) { return readPart(field); }))
      return std::move(error);
    if (pieces.empty())
      return wrong("pieces", "at least one", "none");
    for (auto [name, id] : {std::pair("unk_id", source.unknown), std::pair("bos_id", source.bos),
                            std::pair("eos_id", source.eos), std::pair("pad_id", source.padding)})
      if (id && *id >= int64_t(pieces.size()))
        return wrong(name, "a piece below " + Twine(pieces.size()), Twine(*id));
    if (modelType != UnigramModel && modelType != BpeModel)
      return wrong("model_type", "1 (unigram) or 2 (BPE)", Twine(modelType),
                   "other models cannot be compiled yet");
    source.tokens = pieces;
    source.model = modelType == BpeModel ? "llama" : "t5";
    if (Error error = readConfig())
      return std::move(error);
    return readGgufTokenizer(source, file);
  }

private:
  Error wrong(const Twine &where, const Twine &expected, const Twine &found, const Twine &remedy = "") {
    return readError(file, where, expected, found, remedy);
  }

  /// Calls `read` for each field of a message.
  Error readFields(StringRef where, StringRef message, function_ref<Error(const ProtobufField &)> read) {
    ProtobufReader reader(message);
    while (std::optional<ProtobufField> field = reader.next())
      if (Error error = read(*field))
        return error;
    return reader.damaged()
               ? wrong(where, "the fields of a protocol buffer", "bytes that are none", damagedRemedy)
               : Error::success();
  }

  Error readPart(const ProtobufField &part) {
    if (!part.isBytes)
      return Error::success();
    switch (part.number) {
    case 1:
      return readPiece(part.bytes);
    case 2:
      return readFields("trainer_spec", part.bytes, [&](const ProtobufField &field) {
        readTrainerField(field);
        return Error::success();
      });
    case 3:
      return readFields("normalizer_spec", part.bytes, [&](const ProtobufField &field) {
        readNormalizerField(field);
        return Error::success();
      });
    }
    return Error::success();
  }

  Error readPiece(StringRef message) {
    StringRef text;
    float score = 0;
    int64_t type = 1;
    std::string where = ("piece " + Twine(pieces.size())).str();
    Error error = readFields(where, message, [&](const ProtobufField &field) {
      if (field.number == 1 && field.isBytes)
        text = field.bytes;
      else if (field.number == 2 && !field.isBytes)
        score = field.real();
      else if (field.number == 3 && !field.isBytes)
        type = field.integer();
      return Error::success();
    });
    if (error)
      return error;
    if (std::isnan(score))
      return wrong(where, "a score", "not a number");
    pieces.push_back(text);
    source.scores.push_back(score);
    source.types.push_back(int32_t(type));
    return Error::success();
  }

  void readTrainerField(const ProtobufField &field) {
    if (field.isBytes)
      return;
    auto id = [&] { return int32_t(field.integer()) < 0 ? std::optional<int64_t>(-1) : field.integer(); };
    switch (field.number) {
    case 3:
      modelType = field.integer();
      break;
    case 40:
      source.unknown = id();
      break;
    case 41:
      source.bos = id();
      break;
    case 42:
      source.eos = id();
      break;
    case 43:
      source.padding = id();
      break;
    }
  }

  void readNormalizerField(const ProtobufField &field) {
    if (field.isBytes && field.number == 2)
      source.characterMap = field.bytes;
    else if (!field.isBytes && field.number == 3)
      source.addSpacePrefix = field.bits != 0;
    else if (!field.isBytes && field.number == 4)
      source.removeExtraSpaces = field.bits != 0;
  }

  /// What the folder says beside it. Without a word BPE models begin with BOS, and unigram models end with
  /// EOS.
  Error readConfig() {
    Expected<json::Object> config = readTokenizerConfig(files, configFile);
    if (!config)
      return config.takeError();
    source.addBos = config->getBoolean("add_bos_token").value_or(modelType == BpeModel);
    source.addEos = config->getBoolean("add_eos_token").value_or(modelType == UnigramModel);
    source.chatTemplate = readChatTemplate(files, *config);
    return Error::success();
  }

  const TokenizerFiles &files;
  std::string file, configFile;
  GgufTokenizerSource source;
  std::vector<StringRef> pieces;
  int64_t modelType = UnigramModel;
};

} // namespace

Expected<TokenizerModel> heddle::readSentencePiece(const TokenizerFiles &files) {
  return SentencePieceReader(files).run();
}
