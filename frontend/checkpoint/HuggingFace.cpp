//===- HuggingFace.cpp - config.json and safetensors in a folder ----------===//
//
// A folder has config.json, and either model.safetensors or, with weights in
// shards, model.safetensors.index.json, which says what is where. Where both
// are there the single file is read, as Hugging Face's own library does.
//
//===----------------------------------------------------------------------===//
#include "frontend/checkpoint/HuggingFace.h"
#include "frontend/checkpoint/CheckpointBuilder.h"
#include "frontend/checkpoint/GgufMetadata.h"
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"
#include "frontend/checkpoint/Safetensors.h"
#include "frontend/checkpoint/SentenceModules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace heddle;
namespace fs = llvm::sys::fs;

static constexpr StringRef weightsName = "model.safetensors";
static constexpr StringRef indexName = "model.safetensors.index.json";
static constexpr uint64_t longestJson = 64 << 20; // bytes; an index of 100,000 tensors has 10 MB

/// The first names in a folder, sorted: "'a', 'b' and 7 more".
static std::string folderContents(StringRef path) {
  constexpr size_t most = 8, mostRead = 10'000;
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(path, code), end; entry != end && !code && names.size() < mostRead;
       entry.increment(code))
    names.push_back(("'" + sys::path::filename(entry->path()) + "'" +
                     (fs::exists(entry->path()) ? "" : " (a link to nothing)"))
                        .str());
  if (names.empty())
    return code ? code.message() : "an empty folder";
  llvm::sort(names);
  if (names.size() <= most)
    return llvm::join(names, ", ");
  size_t more = names.size() - most;
  return llvm::join(ArrayRef(names).take_front(most), ", ") + " and " + std::to_string(more) + " more";
}

/// What a folder that lacks something is likely to be.
static std::string folderRemedy(StringRef path) {
  std::error_code code;
  for (fs::directory_iterator entry(path, code), end; entry != end && !code; entry.increment(code)) {
    StringRef name = sys::path::filename(entry->path());
    if (name.ends_with(".gguf"))
      return ("give the file '" + name + "' itself").str();
    if (name == "adapter_config.json")
      return "this is an adapter: merge it into its base model first";
    if (name.starts_with("pytorch_model"))
      return "save the model again as safetensors";
  }
  return "give the folder of a Hugging Face model, or a .gguf file";
}

static Expected<std::unique_ptr<MappedFile>> openJson(StringRef path) {
  Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (file && (*file)->bytes().size() > longestJson)
    return readError(path, "", "JSON of at most " + Twine(longestJson) + " bytes",
                     Twine((*file)->bytes().size()) + " bytes");
  return file;
}

static Expected<json::Object> readJsonFile(StringRef path) {
  Expected<std::unique_ptr<MappedFile>> file = openJson(path);
  if (!file)
    return file.takeError();
  return parseJsonObject((*file)->text(), path);
}

Expected<ShardIndex> heddle::parseShardIndex(StringRef text, StringRef file) {
  if (text.size() > longestJson)
    return readError(file, "", "JSON of at most " + Twine(longestJson) + " bytes", Twine(text.size()) + " bytes");
  Expected<json::Object> object = parseJsonObject(text, file);
  if (!object)
    return object.takeError();
  const json::Object *map = object->getObject("weight_map");
  if (!map)
    return readError(file, "key 'weight_map'", "an object",
                     object->get("weight_map") ? jsonKind(*object->get("weight_map")) : "no such key", damagedRemedy);
  ShardIndex index;
  for (const auto &[name, shard] : *map) {
    std::optional<StringRef> shardName = shard.getAsString();
    // A name with a folder in it could lead anywhere on this machine.
    if (!shardName || shardName->empty() || shardName->find_first_of(StringRef("/\\\0", 3)) != StringRef::npos ||
        *shardName == "." || *shardName == "..")
      return readError(file, "weight_map: '" + name.str() + "'", "the name of a file in the same folder",
                       jsonExcerpt(shard), damagedRemedy);
    index[shardName->str()].insert(name.str());
  }
  return index;
}

CheckpointBuilder::CheckpointBuilder(StringRef path) : checkpoint(new Checkpoint()) {
  checkpoint->openedPath = path.str();
}

std::string CheckpointBuilder::inFolder(StringRef name) const {
  SmallString<256> path(checkpoint->openedPath);
  sys::path::append(path, name);
  return path.str().str();
}

Error CheckpointBuilder::readConfigs() {
  std::string config = inFolder("config.json");
  if (!fs::exists(config))
    return readError(checkpoint->openedPath, "", "a folder with 'config.json'",
                     folderContents(checkpoint->openedPath), folderRemedy(checkpoint->openedPath));
  Expected<json::Object> object = readJsonFile(config);
  if (!object)
    return object.takeError();
  checkpoint->configFile = "config.json";
  checkpoint->configObject = std::move(*object);
  useTextConfig();
  if (const json::Value *type = checkpoint->configObject.get("model_type")) {
    if (type->kind() != json::Value::String)
      return readError(config, "key 'model_type'", "a string", jsonKind(*type));
    checkpoint->type = type->getAsString()->str();
  }

  if (Error error = readModules())
    return error;

  std::string generation = inFolder("generation_config.json");
  if (fs::exists(generation)) {
    Expected<json::Object> object = readJsonFile(generation);
    if (!object)
      return object.takeError();
    checkpoint->generation = std::move(*object);
  }
  auto ifThere = [&](StringRef name) { return fs::exists(inFolder(name)) ? inFolder(name) : std::string(); };
  checkpoint->beside = {ifThere("tokenizer.json"), ifThere("tokenizer_config.json"),
                        ifThere("chat_template.jinja"), ifThere("tokenizer.model")};
  if (checkpoint->beside.sentencePiece.empty())
    checkpoint->beside.sentencePiece = ifThere("spiece.model");
  return Error::success();
}

/// Of a model that also takes images or sound, the part for text is the model.
void CheckpointBuilder::useTextConfig() {
  json::Object &config = checkpoint->configObject;
  json::Object *inner = config.getObject("text_config");
  if (!inner)
    return;
  json::Object text = std::move(*inner);
  config.erase("text_config");
  for (auto &[key, value] : text) {
    checkpoint->fullKeys[key.str()] = "text_config." + key.str();
    config[key] = std::move(value);
  }
}

/// A config that says how matrices are stored says nothing of what is computed: the entry goes.
Error CheckpointBuilder::takeQuantization() {
  json::Object &config = checkpoint->configObject;
  const json::Object *entry = config.getObject("quantization_config");
  if (!entry)
    return Error::success();
  Expected<Quantization> read = readQuantization(*entry, inFolder("config.json"));
  if (!read)
    return read.takeError();
  quantization = *read;
  if (quantization.packedGroups || quantization.float8)
    config.erase("quantization_config");
  return Error::success();
}

/// Makes one tensor of those that a matrix lies in.
Error CheckpointBuilder::joinTensors() {
  if (quantization.packedGroups)
    if (Error error = joinPackedGroups(checkpoint->stored, *quantization.packedGroups))
      return error;
  return joinFloat8(checkpoint->stored, quantization.float8.value_or(Float8Config()));
}

/// What sentence-transformers puts behind an encoder becomes an entry of the config.
Error CheckpointBuilder::readModules() {
  std::string path = inFolder("modules.json");
  if (!fs::exists(path))
    return Error::success();
  Expected<std::unique_ptr<MappedFile>> file = openJson(path);
  if (!file)
    return file.takeError();
  auto readFolder = [&](StringRef name) -> Expected<json::Object> {
    SmallString<256> config(name);
    sys::path::append(config, "config.json");
    return fs::exists(inFolder(config)) ? readJsonFile(inFolder(config)) : json::Object();
  };
  Expected<json::Object> modules = parseSentenceModules((*file)->text(), path, readFolder);
  if (!modules)
    return modules.takeError();
  checkpoint->configObject.try_emplace("modules", std::move(*modules));
  return Error::success();
}

Expected<ArrayRef<StoredTensor>> CheckpointBuilder::readSafetensors(StringRef name) {
  Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(inFolder(name));
  if (!file)
    return file.takeError();
  Expected<std::vector<StoredTensor>> tensors = parseSafetensors((*file)->bytes(), (*file)->path());
  if (!tensors)
    return tensors.takeError();
  checkpoint->files.push_back(std::move(*file));
  std::vector<StoredTensor> &stored = checkpoint->stored;
  size_t before = stored.size();
  std::move(tensors->begin(), tensors->end(), std::back_inserter(stored));
  return ArrayRef(stored).drop_front(before);
}

/// Reads the shards that an index names. Index and shards must agree on every
/// tensor: a stale index would otherwise give weights of another model.
Error CheckpointBuilder::readShards(const MappedFile &file) {
  Expected<ShardIndex> index = parseShardIndex(file.text(), file.path());
  if (!index)
    return index.takeError();
  for (auto &[shard, names] : *index) {
    std::string path = inFolder(shard);
    if (!fs::exists(path))
      return readError(file.path(), "weight_map: '" + *names.begin() + "'", "the shard '" + shard + "'",
                       "no such file in the folder", "fetch the missing file");
    Expected<ArrayRef<StoredTensor>> tensors = readSafetensors(shard);
    if (!tensors)
      return tensors.takeError();
    for (const StoredTensor &tensor : *tensors)
      if (names.erase(tensor.name) == 0)
        return readError(path, "header: tensor '" + tensor.name + "'",
                         "tensors that '" + indexName + "' places in this shard", "one that it does not",
                         "index and shards are of different models: fetch them again");
    if (!names.empty())
      return readError(file.path(), "weight_map: '" + *names.begin() + "'", "this tensor in '" + shard + "'",
                       "none of this name there", "index and shards are of different models: fetch them again");
  }
  return Error::success();
}

Error CheckpointBuilder::readWeights() {
  if (fs::exists(inFolder(weightsName)))
    return readSafetensors(weightsName).takeError();
  if (!fs::exists(inFolder(indexName)))
    return readError(checkpoint->openedPath, "",
                     "a folder with '" + weightsName + "' or '" + indexName + "'",
                     folderContents(checkpoint->openedPath), folderRemedy(checkpoint->openedPath));
  Expected<std::unique_ptr<MappedFile>> index = MappedFile::open(inFolder(indexName));
  if (!index)
    return index.takeError();
  return readShards(**index);
}

Expected<std::unique_ptr<Checkpoint>> CheckpointBuilder::openFolder(StringRef path, bool withWeights) {
  CheckpointBuilder builder(path);
  if (Error error = builder.readConfigs())
    return error;
  if (Error error = builder.takeQuantization())
    return error;
  if (withWeights) {
    if (Error error = builder.readWeights())
      return error;
    if (Error error = builder.joinTensors())
      return error;
  }
  return builder.finish();
}
