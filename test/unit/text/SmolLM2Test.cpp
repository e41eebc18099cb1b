//===- SmolLM2Test.cpp - tokenizer and chat template of a real model --------===//
//
// Needs the model's GGUF file where scripts/fetch-model.py puts it, and ../shared beside the repository;
// skips where either is absent.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/ChatTemplate.h"
#include "test/unit/text/TokenizerFiles.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace heddle;
using namespace heddle::test;

namespace {

TEST(SmolLM2, EqualsTheReference) {
  llvm::SmallString<128> path;
  llvm::sys::path::cache_directory(path);
  llvm::sys::path::append(path, "heddle", "models", "SmolLM2-135M-Instruct.Q4_1.gguf");
  std::string prompts = readFile(shared + "/goldens/smollm2/prompts.json");
  if (!llvm::sys::fs::exists(path) || prompts.empty())
    GTEST_SKIP() << "no " << path.c_str() << ", or no goldens beside the repository";
  std::optional<Tokenizer> tokenizer = fromCheckpoint(path.str().str());
  ASSERT_TRUE(tokenizer);
  ChatTemplate chatTemplate(tokenizer->model().chatTemplate);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(prompts);
  ASSERT_TRUE(bool(value));
  for (const llvm::json::Value &item : *value->getAsArray()) {
    const llvm::json::Object &golden = *item.getAsObject();
    std::string text = golden.getString("text")->str();
    EXPECT_EQ(tokenizer->encode(text), ids(golden.getArray("ids"))) << text;
    std::string answer = tokenizer->decode(ids(golden.getArray("greedy")), false);
    EXPECT_EQ(answer, golden.getString("greedy_text")->str());
    if (const llvm::json::Array *chat = golden.getArray("chat")) {
      std::vector<ChatMessage> messages;
      for (const llvm::json::Value &turn : *chat)
        messages.push_back(
            {(*turn.getAsArray())[0].getAsString()->str(), (*turn.getAsArray())[1].getAsString()->str()});
      EXPECT_EQ(chatTemplate.render(messages), text);
    }
  }
}

} // namespace
