//===- SentenceModules.cpp - what follows an encoder ----------------------===//
#include "frontend/checkpoint/SentenceModules.h"
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"

using namespace llvm;
using namespace heddle;

Expected<json::Object>
heddle::parseSentenceModules(StringRef text, StringRef file,
                             function_ref<Expected<json::Object>(StringRef)> readFolder) {
  // The list as a member, so that one parser checks all JSON from strangers.
  Expected<json::Object> whole = parseJsonObject(("{\"modules\":" + text + "}").str(), file);
  if (!whole)
    return whole.takeError();
  const json::Array *list = whole->getArray("modules");
  if (!list)
    return readError(file, "", "a list of steps", jsonKind(*whole->get("modules")));
  json::Object modules;
  for (auto [number, item] : enumerate(*list)) {
    const json::Object *step = item.getAsObject();
    std::optional<StringRef> type = step ? step->getString("type") : std::nullopt;
    std::optional<StringRef> path = step ? step->getString("path") : std::nullopt;
    std::string place = "step " + std::to_string(number);
    if (!type || !path)
      return readError(file, place, "an object with the strings 'type' and 'path'", jsonExcerpt(item));
    if (path->find_first_of(StringRef("/\\\0", 3)) != StringRef::npos || *path == "." || *path == "..")
      return readError(file, place, "the name of a folder beside this file", jsonExcerpt(*step->get("path")));
    json::Object entries;
    if (!path->empty()) {
      Expected<json::Object> read = readFolder(*path);
      if (!read)
        return read.takeError();
      entries = std::move(*read);
    }
    StringRef name = type->rsplit('.').second;
    if (!modules.try_emplace((name.empty() ? *type : name).str(), std::move(entries)).second)
      return readError(file, place, "a step of each type once", "two of '" + *type + "'");
  }
  return modules;
}
