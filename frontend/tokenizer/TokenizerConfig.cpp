//===- TokenizerConfig.cpp - what tokenizer_config.json says --------------===//
#include "frontend/tokenizer/TokenizerConfig.h"
#include "frontend/checkpoint/JsonText.h"

using namespace llvm;
using namespace heddle;

Expected<json::Object> heddle::readTokenizerConfig(const TokenizerFiles &files, StringRef name) {
  if (files.tokenizerConfig.empty())
    return json::Object();
  return parseJsonObject(files.tokenizerConfig, name);
}

std::string heddle::readChatTemplate(const TokenizerFiles &files, const json::Object &config) {
  if (!files.chatTemplate.empty())
    return files.chatTemplate.str();
  if (const json::Array *named = config.getArray("chat_template"))
    for (const json::Value &entry : *named)
      if (const json::Object *object = entry.getAsObject(); object && object->getString("name") == "default")
        return object->getString("template").value_or("").str();
  return config.getString("chat_template").value_or("").str();
}
