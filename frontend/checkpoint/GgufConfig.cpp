//===- GgufConfig.cpp - GGUF's metadata as a config -----------------------===//
#include "frontend/checkpoint/Gguf.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace heddle;

static constexpr uint64_t longestArray = 4096; // longer ones stay in the file

static json::Value scalarAt(const GgufValue &value, uint64_t i) {
  switch (value.elementType) {
  case GgufType::F32:
  case GgufType::F64:
    return *value.real(i);
  case GgufType::Bool:
    return *value.flag(i);
  case GgufType::String: // JSON is UTF-8, GGUF's strings need not be
    return json::fixUTF8(*value.text(i));
  case GgufType::U64: // may not fit in int64
    return support::endian::read64le(value.bytes.data() + 8 * i);
  default:
    return *value.integer(i);
  }
}

static json::Value jsonOf(const GgufValue &value) {
  if (!value.isArray())
    return scalarAt(value, 0);
  json::Array list;
  for (uint64_t i = 0; i < value.count; ++i)
    list.push_back(scalarAt(value, i));
  return list;
}

/// Sets `path` in `level`, making objects on the way. Paths come sorted, so "a"
/// comes before "a.b", which then keeps its dot, since "a" is no object.
static void insert(json::Object &root, StringRef path, json::Value value) {
  json::Object *level = &root;
  for (size_t dot; (dot = path.find('.')) != StringRef::npos; path = path.drop_front(dot + 1)) {
    json::Value &child = level->try_emplace(path.take_front(dot), json::Object()).first->second;
    if (!child.getAsObject())
      break;
    level = child.getAsObject();
  }
  level->try_emplace(path, std::move(value));
}

Expected<json::Object> heddle::ggufConfig(const GgufMetadata &metadata, StringRef file,
                                          StringMap<std::string> &keys) {
  std::string prefix = metadata.text("general.architecture").value_or("").str() + ".";
  std::vector<std::pair<StringRef, const GgufValue *>> entries;
  for (const GgufValue &value : metadata.values()) {
    StringRef path = value.key;
    // "general.architecture" itself must survive an architecture called "general".
    if (value.key != "general.architecture")
      path.consume_front(prefix);
    auto [known, isNew] = keys.try_emplace(path, value.key);
    if (!isNew)
      return readError(file, "key '" + value.key + "'", "a config entry of its own",
                       "the entry '" + path + "' of key '" + known->second + "'", "remove one of the two");
    bool large = value.isArray() && (value.count > longestArray || path.starts_with("tokenizer."));
    if (!large)
      entries.emplace_back(path, &value);
  }
  llvm::sort(entries, llvm::less_first());
  json::Object config;
  for (auto [path, value] : entries)
    insert(config, path, jsonOf(*value));
  return config;
}
