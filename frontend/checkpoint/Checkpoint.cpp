//===- Checkpoint.cpp - a model's stored tensors and config ---------------===//
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/CheckpointBuilder.h"
#include "frontend/checkpoint/Gguf.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace heddle;

int64_t StoredTensor::elements() const {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

Checkpoint::Checkpoint() = default;
Checkpoint::~Checkpoint() = default;

const json::Value *Checkpoint::configValue(StringRef path) const {
  const json::Object *level = &configObject;
  while (level) {
    // A key that kept its dots, else the object that the first part names.
    if (const json::Value *value = level->get(path))
      return value;
    auto [head, tail] = path.split('.');
    level = level->getObject(head);
    path = tail;
  }
  return nullptr;
}

std::string Checkpoint::where(StringRef configPath) const {
  std::string key = configPath.str();
  if (gguf()) {
    auto known = ggufKeys.find(configPath);
    key = known != ggufKeys.end() ? known->second : type + "." + key;
  }
  return configFile + ": key '" + key + "'";
}

const StoredTensor *Checkpoint::find(StringRef name) const {
  auto found = byName.find(name);
  return found == byName.end() ? nullptr : &stored[found->second];
}

uint64_t Checkpoint::weightsBytes() const {
  uint64_t sum = 0;
  for (const StoredTensor &tensor : stored)
    sum += tensor.bytes.size();
  return sum;
}

/// The ids in `value`, a number or a list of numbers; anything else has none.
static void appendIds(const json::Value *value, SmallVectorImpl<int64_t> &ids) {
  auto append = [&](const json::Value &item) {
    std::optional<int64_t> id = item.getAsInteger();
    if (id && !llvm::is_contained(ids, *id))
      ids.push_back(*id);
  };
  if (!value)
    return;
  if (const json::Array *list = value->getAsArray())
    llvm::for_each(*list, append);
  else
    append(*value);
}

SmallVector<int64_t, 4> Checkpoint::endTokens() const {
  SmallVector<int64_t, 4> ids;
  if (gguf()) {
    for (StringRef key : {"eos_token_id", "eot_token_id", "eom_token_id"})
      appendIds(configValue(("tokenizer.ggml." + key).str()), ids);
    return ids;
  }
  if (generation)
    appendIds(generation->get("eos_token_id"), ids);
  if (ids.empty())
    appendIds(configObject.get("eos_token_id"), ids);
  return ids;
}

std::unique_ptr<Checkpoint> CheckpointBuilder::finish() {
  for (size_t i = 0; i < checkpoint->stored.size(); ++i)
    checkpoint->byName.try_emplace(checkpoint->stored[i].name, i);
  return std::move(checkpoint);
}

Expected<std::unique_ptr<Checkpoint>> CheckpointBuilder::openGguf(std::unique_ptr<MappedFile> file) {
  CheckpointBuilder builder(file->path());
  Checkpoint &checkpoint = *builder.checkpoint;
  Expected<GgufContents> contents = parseGguf(file->bytes(), file->path());
  if (!contents)
    return contents.takeError();
  Expected<json::Object> config = ggufConfig(contents->metadata, file->path(), checkpoint.ggufKeys);
  if (!config)
    return config.takeError();
  checkpoint.configFile = sys::path::filename(file->path()).str();
  checkpoint.configObject = std::move(*config);
  checkpoint.type = contents->metadata.text("general.architecture")->str();
  checkpoint.metadata = std::make_unique<GgufMetadata>(std::move(contents->metadata));
  checkpoint.stored = std::move(contents->tensors);
  checkpoint.files.push_back(std::move(file));
  return builder.finish();
}

/// What a file that is no GGUF may be, and what to do then.
static Error notACheckpoint(StringRef path, StringRef text) {
  StringRef remedy = "give the folder of a Hugging Face model, or a .gguf file";
  if (isLfsPointer(text))
    remedy = pointerRemedy;
  else if (path.ends_with(".safetensors") || path.ends_with(".json"))
    remedy = "give the folder that holds this file";
  else if (path.ends_with(".bin") || path.ends_with(".pt") || path.ends_with(".pth"))
    remedy = "save the model again as safetensors";
  return readError(path, "byte 0", "a GGUF file, which begins with the letters 'GGUF'",
                   text.empty() ? "an empty file" : "others", remedy);
}

Expected<std::unique_ptr<Checkpoint>> heddle::openCheckpoint(StringRef path) {
  if (sys::fs::is_directory(path))
    return CheckpointBuilder::openFolder(path, /*withWeights=*/true);
  Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  if (!looksLikeGguf((*file)->bytes()))
    return notACheckpoint(path, (*file)->text());
  return CheckpointBuilder::openGguf(std::move(*file));
}

Expected<std::unique_ptr<Checkpoint>> heddle::openConfig(StringRef folder) {
  return CheckpointBuilder::openFolder(folder, /*withWeights=*/false);
}
