//===- ReadTokenizer.cpp - the tokenizer of an opened checkpoint ----------===//
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/GgufMetadata.h"
#include "frontend/checkpoint/MappedFile.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace heddle;

namespace {

/// What the metadata says under "tokenizer."; views into the checkpoint.
GgufTokenizerSource describe(const GgufMetadata &metadata) {
  GgufTokenizerSource source;
  source.model = metadata.text("tokenizer.ggml.model").value_or("").str();
  source.pre = metadata.text("tokenizer.ggml.pre").value_or("").str();
  source.tokens = metadata.texts("tokenizer.ggml.tokens");
  source.merges = metadata.texts("tokenizer.ggml.merges");
  if (const GgufValue *scores = metadata.array("tokenizer.ggml.scores"))
    for (uint64_t i = 0; i < scores->count; ++i)
      source.scores.push_back(float(scores->real(i).value_or(0)));
  if (const GgufValue *types = metadata.array("tokenizer.ggml.token_type"))
    for (uint64_t i = 0; i < types->count; ++i)
      source.types.push_back(int32_t(types->integer(i).value_or(0)));
  source.bos = metadata.integer("tokenizer.ggml.bos_token_id");
  source.eos = metadata.integer("tokenizer.ggml.eos_token_id");
  source.unknown = metadata.integer("tokenizer.ggml.unknown_token_id");
  source.separator = metadata.integer("tokenizer.ggml.seperator_token_id"); // spelled so
  source.padding = metadata.integer("tokenizer.ggml.padding_token_id");
  source.mask = metadata.integer("tokenizer.ggml.mask_token_id");
  source.addBos = metadata.flag("tokenizer.ggml.add_bos_token");
  source.addEos = metadata.flag("tokenizer.ggml.add_eos_token");
  source.addSpacePrefix = metadata.flag("tokenizer.ggml.add_space_prefix");
  source.removeExtraSpaces = metadata.flag("tokenizer.ggml.remove_extra_whitespaces");
  source.lowercase = metadata.flag("tokenizer.ggml.normalizer.lowercase");
  source.stripAccents = metadata.flag("tokenizer.ggml.normalizer.strip_accents");
  if (const GgufValue *map = metadata.array("tokenizer.ggml.precompiled_charsmap"))
    source.characterMap = StringRef(reinterpret_cast<const char *>(map->bytes.data()), map->bytes.size());
  source.chatTemplate = metadata.text("tokenizer.chat_template").value_or("").str();
  return source;
}

/// A companion file, null where there is none.
Expected<std::unique_ptr<MappedFile>> openCompanion(const std::string &path) {
  if (path.empty())
    return std::unique_ptr<MappedFile>();
  return MappedFile::open(path);
}

Expected<TokenizerModel> readFolder(const Checkpoint &checkpoint) {
  const CompanionFiles &companions = checkpoint.companions();
  bool isJson = !companions.tokenizer.empty();
  Expected<std::unique_ptr<MappedFile>> tokenizer =
      openCompanion(isJson ? companions.tokenizer : companions.sentencePiece);
  if (!tokenizer)
    return tokenizer.takeError();
  Expected<std::unique_ptr<MappedFile>> config = openCompanion(companions.tokenizerConfig);
  if (!config)
    return config.takeError();
  Expected<std::unique_ptr<MappedFile>> chatTemplate = openCompanion(companions.chatTemplate);
  if (!chatTemplate)
    return chatTemplate.takeError();
  auto text = [](const std::unique_ptr<MappedFile> &file) { return file ? file->text() : StringRef(); };
  TokenizerFiles files{text(*tokenizer), text(*config), text(*chatTemplate), checkpoint.path()};
  return isJson ? readTokenizerJson(files) : readSentencePiece(files);
}

} // namespace

Expected<std::optional<TokenizerModel>> heddle::readTokenizer(const Checkpoint &checkpoint) {
  const GgufMetadata *metadata = checkpoint.gguf();
  const CompanionFiles &companions = checkpoint.companions();
  if (!metadata && companions.tokenizer.empty() && companions.sentencePiece.empty())
    return std::nullopt;
  if (metadata && is_contained({"none", "no_vocab"}, metadata->text("tokenizer.ggml.model").value_or("")))
    return std::nullopt;
  Expected<TokenizerModel> model =
      metadata ? readGgufTokenizer(describe(*metadata), checkpoint.path()) : readFolder(checkpoint);
  if (!model)
    return model.takeError();
  // A config may name tokens that the tokenizer lacks, when the embedding is padded: those never come.
  for (int64_t id : checkpoint.endTokens())
    if (id >= 0 && uint64_t(id) < model->vocabulary.size() && !is_contained(model->endIds, uint32_t(id)))
      model->endIds.push_back(uint32_t(id));
  return std::move(*model);
}
