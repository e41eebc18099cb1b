//===- Checkpoint.cpp - a model's stored tensors and config ---------------===//
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/CheckpointBuilder.h"
#include "frontend/checkpoint/Gguf.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
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
  std::string key = gguf() ? type + "." + configPath.str() : configPath.str();
  // Of a path into an object, the object's own place is known.
  auto [head, tail] = configPath.split('.');
  if (auto known = fullKeys.find(configPath); known != fullKeys.end())
    key = known->second;
  else if (auto whole = fullKeys.find(head); !gguf() && whole != fullKeys.end())
    key = whole->second + "." + tail.str();
  return configFile + ": key '" + key + "'";
}

const StoredTensor *Checkpoint::find(StringRef name) const {
  if (auto found = byName.find(name); found != byName.end())
    return &stored[found->second];
  auto made = joined.find(name);
  return made == joined.end() ? nullptr : made->second.get();
}

const StoredTensor *Checkpoint::joinMxfp4(const StoredTensor &blocks, const StoredTensor &scales) const {
  ArrayRef<int64_t> shape = blocks.shape;
  if (blocks.type != StorageType::U8 || scales.type != StorageType::U8 || shape.size() < 2 ||
      shape.back() != mxfp4Pairs || shape.drop_back() != ArrayRef(scales.shape))
    return nullptr;
  std::unique_ptr<StoredTensor> &made = joined[blocks.name + " and " + scales.name];
  if (!made) {
    made = std::make_unique<StoredTensor>(blocks);
    made->name = blocks.name + " and " + scales.name;
    made->type = StorageType::MXFP4;
    made->shape.pop_back();
    made->shape.back() *= blockFacts(StorageType::MXFP4).elements;
    made->joined = std::make_shared<Mxfp4Blocks>(blocks.bytes, scales.bytes);
  }
  return made.get();
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

/// Opens and reads a part other than the one that was given.
static Expected<GgufContents> readPart(StringRef path, const GgufPart &expected, std::unique_ptr<MappedFile> &file) {
  if (!sys::fs::exists(path))
    return readError(path, "", "part " + Twine(expected.number + 1) + " of " + Twine(expected.count), "no such file",
                     "all parts of a model lie in one folder");
  Expected<std::unique_ptr<MappedFile>> opened = MappedFile::open(path);
  if (!opened)
    return opened.takeError();
  file = std::move(*opened);
  Expected<GgufContents> contents = parseGguf(file->bytes(), path);
  if (contents && contents->part != expected) {
    auto text = [](const GgufPart &part) {
      return ("part " + Twine(part.number + 1) + " of " + Twine(part.count) + " with " + Twine(part.tensors) +
              " tensors in all").str();
    };
    return readError(path, "keys 'split.*'", text(expected), text(contents->part), "this is a part of another model");
  }
  return contents;
}

Expected<std::vector<StoredTensor>> CheckpointBuilder::readParts(std::unique_ptr<MappedFile> file, GgufContents &first) {
  GgufPart part = first.part;
  Expected<std::vector<std::string>> paths = ggufPartPaths(part, file->path());
  if (!paths)
    return paths.takeError();
  std::vector<StoredTensor> all;
  StringSet<> names;
  GgufContents given = std::move(first);
  for (auto [number, path] : enumerate(*paths)) {
    bool isGiven = static_cast<int64_t>(number) == part.number;
    std::unique_ptr<MappedFile> mapped;
    Expected<GgufContents> contents =
        isGiven ? Expected<GgufContents>(std::move(given))
                : readPart(path, {static_cast<int64_t>(number), part.count, part.tensors}, mapped);
    if (!contents)
      return contents.takeError();
    for (StoredTensor &tensor : contents->tensors) {
      if (!names.insert(tensor.name).second)
        return readError(path, "tensor '" + tensor.name + "'", "a tensor that no part before has", "it again",
                         "this is a part of another model");
      all.push_back(std::move(tensor));
    }
    if (number == 0)
      first = std::move(*contents);
    checkpoint->files.push_back(isGiven ? std::move(file) : std::move(mapped));
  }
  if (static_cast<int64_t>(all.size()) != part.tensors)
    return readError(paths->front(), "key 'split.tensors.count'", Twine(part.tensors) + " tensors in all parts",
                     Twine(all.size()), damagedRemedy);
  return all;
}

Expected<std::unique_ptr<Checkpoint>> CheckpointBuilder::openGguf(std::unique_ptr<MappedFile> file) {
  CheckpointBuilder builder(file->path());
  Checkpoint &checkpoint = *builder.checkpoint;
  std::string path = file->path().str();
  Expected<GgufContents> contents = parseGguf(file->bytes(), path);
  if (!contents)
    return contents.takeError();
  if (contents->part.count > 1) {
    Expected<std::vector<StoredTensor>> tensors = builder.readParts(std::move(file), *contents);
    if (!tensors)
      return tensors.takeError();
    checkpoint.stored = std::move(*tensors);
    path = checkpoint.files.front()->path().str();
  } else {
    checkpoint.stored = std::move(contents->tensors);
    checkpoint.files.push_back(std::move(file));
  }
  Expected<json::Object> config = ggufConfig(contents->metadata, path, checkpoint.fullKeys);
  if (!config)
    return config.takeError();
  checkpoint.configFile = sys::path::filename(path).str();
  checkpoint.configObject = std::move(*config);
  checkpoint.type = contents->metadata.text("general.architecture")->str();
  checkpoint.metadata = std::make_unique<GgufMetadata>(std::move(contents->metadata));
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
