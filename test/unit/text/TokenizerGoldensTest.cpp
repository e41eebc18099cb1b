//===- TokenizerGoldensTest.cpp - tokenizers against their references -------===//
//
// Reads ../shared beside the repository, and skips where it is absent.
//
//===----------------------------------------------------------------------===//

#include "test/unit/text/TokenizerFiles.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"

using namespace heddle;
using namespace heddle::test;
using llvm::StringRef;

namespace {

std::string stream(const Tokenizer &tokenizer, const std::vector<int32_t> &tokens) {
  StreamDecoder decoder(tokenizer, /*skipSpecial=*/false);
  std::string text;
  for (int32_t id : tokens)
    text += decoder.push(id);
  return text + decoder.finish();
}

class TokenizerGoldens : public testing::TestWithParam<const char *> {};

TEST_P(TokenizerGoldens, EqualTheReference) {
  std::string name = GetParam(), folder = shared + "/data/tokenizers/" + name;
  std::string json = readFile(folder + "/tokenizer.json"),
              config = readFile(folder + "/tokenizer_config.json");
  std::string lines = readFile(shared + "/goldens/tokenizers/" + name + ".jsonl");
  if (json.empty() || lines.empty())
    GTEST_SKIP() << folder << " is not here";
  llvm::Expected<TokenizerModel> model = readTokenizerJson({json, config, "", folder});
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  Tokenizer tokenizer = throughBytes(*model);
  llvm::SmallVector<StringRef> cases;
  StringRef(lines).split(cases, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : cases) {
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(line);
    ASSERT_TRUE(bool(value));
    const llvm::json::Object &golden = *value->getAsObject();
    std::string text = golden.getString("text")->str();
    SCOPED_TRACE(text.substr(0, 80));
    std::vector<int32_t> expected = ids(golden.getArray("ids"));
    std::vector<int32_t> plain = ids(golden.getArray("ids_no_special"));
    EXPECT_EQ(tokenizer.encode(text, true, true), expected);
    EXPECT_EQ(tokenizer.encode(text, false, true), plain);
    EXPECT_EQ(tokenizer.decode(expected, false), golden.getString("decoded")->str());
    EXPECT_EQ(tokenizer.decode(expected, true), golden.getString("decoded_skip_special")->str());
    EXPECT_EQ(tokenizer.decode(plain, false), golden.getString("decoded_no_special")->str());
    EXPECT_EQ(stream(tokenizer, plain), golden.getString("decoded_no_special")->str());
    plain.resize(*golden.getInteger("prefix_len"));
    EXPECT_EQ(tokenizer.decode(plain, false), golden.getString("decoded_prefix")->str());
    EXPECT_EQ(stream(tokenizer, plain), golden.getString("decoded_prefix")->str());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, TokenizerGoldens, testing::Values("bert-base-uncased", "gpt2", "llama3", "qwen3"),
    [](const auto &info) {
      return llvm::StringRef(info.param).take_until([](char c) { return c == '-'; }).str();
    });

TEST(GgufTokenizer, Stories260kIsSentencePiece) {
  std::string path = shared + "/data/stories260k/stories260K.gguf";
  if (!llvm::sys::fs::exists(path))
    GTEST_SKIP() << path << " is not here";
  std::optional<Tokenizer> tokenizer = fromCheckpoint(path);
  ASSERT_TRUE(tokenizer);
  // As sentencepiece 0.2.3 has them for the tok512.model beside it, with BOS in front.
  EXPECT_EQ(tokenizer->encode("Once upon a time"), (std::vector<int32_t>{1, 403, 407, 261, 378}));
  EXPECT_EQ(tokenizer->encode("h\xC3\xA9llo \xF0\x9F\x98\x80\n", false),
            (std::vector<int32_t>{270, 485, 306, 414, 410, 243, 162, 155, 131, 13}));
  for (const char *text :
       {"Once upon a time", " two  spaces ", "caf\xC3\xA9 \xE4\xBD\xA0\xE5\xA5\xBD", "tab\tline\n", ""}) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
    EXPECT_EQ(stream(*tokenizer, tokenizer->encode(text, false)), text);
  }
}

} // namespace
