#include "frontend/checkpoint/Gguf.h"
#include "test/unit/checkpoint/Builders.h"
#include "test/unit/checkpoint/Touch.h"

using namespace heddle;
using namespace heddle::test;

static std::unique_ptr<Checkpoint> open(const TemporaryFolder &folder, const GgufBuilder &file) {
  auto checkpoint = openCheckpoint(folder.write("small.gguf", file.build()));
  EXPECT_TRUE(!!checkpoint) << llvm::toString(checkpoint.takeError());
  return std::move(*checkpoint);
}

TEST(Gguf, ReadsTensors) {
  for (uint32_t version : {2, 3}) {
    TemporaryFolder folder;
    GgufBuilder file = smallGguf();
    file.version = version;
    auto checkpoint = open(folder, file);
    EXPECT_EQ(checkpoint->kind(), "gguf");
    EXPECT_EQ(checkpoint->modelType(), "llama");
    EXPECT_EQ(checkpoint->weightsBytes(), 24u + 34u);
    ASSERT_EQ(checkpoint->tensors().size(), 2u);

    const StoredTensor *plain = checkpoint->find("plain");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->shape, (llvm::SmallVector<int64_t, 4>{2, 3}));
    float out[32];
    dequantize(*plain, 2, 3, out);
    EXPECT_EQ(out[0], 2.0f);
    EXPECT_EQ(out[2], 4.0f);

    const StoredTensor *packed = checkpoint->find("packed");
    ASSERT_TRUE(packed);
    EXPECT_EQ(packed->type, StorageType::Q8_0);
    EXPECT_EQ(packed->offset % 32, 0u);
    dequantize(*packed, 0, 32, out);
    EXPECT_EQ(out[0], -16.0f);
    EXPECT_EQ(out[31], 15.0f);
    EXPECT_EQ(checkpoint->find("other"), nullptr);
  }
}

TEST(Gguf, MetadataIsTyped) {
  TemporaryFolder folder;
  GgufBuilder file = smallGguf();
  file.pair<uint64_t>("big", 10, ~0ull).pair<int8_t>("minus", 1, -1);
  auto checkpoint = open(folder, file);
  const GgufMetadata &metadata = *checkpoint->gguf();
  EXPECT_EQ(metadata.integer("llama.attention.head_count"), 4);
  EXPECT_EQ(metadata.real("llama.rope.freq_base"), 10000.0);
  EXPECT_EQ(metadata.flag("llama.flag"), true);
  EXPECT_EQ(metadata.text("general.name"), "small");
  EXPECT_EQ(metadata.integer("minus"), -1);
  EXPECT_EQ(metadata.integer("big"), std::nullopt);
  EXPECT_EQ(metadata.real("big"), 0x1p64);
  EXPECT_EQ(metadata.texts("tokenizer.ggml.tokens").vec(), (std::vector<llvm::StringRef>{"<s>", "a", ""}));
  const GgufValue *scores = metadata.array("tokenizer.ggml.scores");
  ASSERT_TRUE(scores);
  EXPECT_EQ(scores->count, 3u);
  EXPECT_EQ(scores->real(1), -1.0);
  EXPECT_EQ(scores->real(3), std::nullopt);
  EXPECT_EQ(scores->integer(0), std::nullopt);
  // Another type, or absent.
  EXPECT_EQ(metadata.integer("general.name"), std::nullopt);
  EXPECT_EQ(metadata.text("tokenizer.ggml.tokens"), std::nullopt);
  EXPECT_EQ(metadata.array("general.name"), nullptr);
  EXPECT_EQ(metadata.flag("none"), std::nullopt);
}

TEST(Gguf, MetadataAsConfig) {
  TemporaryFolder folder;
  GgufBuilder file = smallGguf();
  file.text("tokenizer.chat_template.tools", "B").text("tokenizer.chat_template", "A");
  file.u32("tokenizer.ggml.eos_token_id", 2).u32("tokenizer.ggml.eot_token_id", 7);
  file.array<uint8_t>("llama.many", 0, std::vector<uint8_t>(4097)).pair<uint64_t>("llama.big", 10, ~0ull);
  auto checkpoint = open(folder, file);
  EXPECT_EQ(checkpoint->configValue("attention.head_count")->getAsInteger(), 4);
  EXPECT_EQ(checkpoint->config().getObject("rope")->getNumber("freq_base"), 10000.0);
  EXPECT_EQ(checkpoint->configValue("flag")->getAsBoolean(), true);
  EXPECT_EQ(checkpoint->configValue("general.architecture")->getAsString(), "llama");
  EXPECT_EQ(*checkpoint->configValue("ff"), llvm::json::Value(llvm::json::Array{8, 16}));
  EXPECT_EQ(checkpoint->configValue("big")->getAsUINT64(), ~0ull);
  // A key below a value keeps its dot.
  EXPECT_EQ(checkpoint->configValue("tokenizer.chat_template")->getAsString(), "A");
  EXPECT_EQ(checkpoint->config().getObject("tokenizer")->getString("chat_template.tools"), "B");
  EXPECT_EQ(checkpoint->configValue("tokenizer.chat_template.tools")->getAsString(), "B");
  // Long lists stay where they are.
  EXPECT_EQ(checkpoint->configValue("tokenizer.ggml.tokens"), nullptr);
  EXPECT_EQ(checkpoint->configValue("many"), nullptr);
  EXPECT_EQ(checkpoint->configValue("attention.none"), nullptr);

  EXPECT_EQ(checkpoint->where("attention.head_count"), "small.gguf: key 'llama.attention.head_count'");
  EXPECT_EQ(checkpoint->where("general.name"), "small.gguf: key 'general.name'");
  EXPECT_EQ(checkpoint->where("missing"), "small.gguf: key 'llama.missing'");
  EXPECT_EQ(checkpoint->endTokens(), (llvm::SmallVector<int64_t, 4>{2, 7}));
}

TEST(Gguf, TextNeedNotBeUtf8) {
  TemporaryFolder folder;
  GgufBuilder file = smallGguf();
  file.text("llama.odd", "a\xff");
  auto checkpoint = open(folder, file);
  EXPECT_EQ(checkpoint->gguf()->text("llama.odd"), "a\xff");
  EXPECT_EQ(checkpoint->configValue("odd")->getAsString(), "a\xef\xbf\xbd");
}

TEST(Gguf, EmptyTensorsAndAlignment) {
  TemporaryFolder folder;
  GgufBuilder file;
  file.alignment = 64;
  file.text("general.architecture", "x").u32("general.alignment", 64);
  file.tensor("first", {4}, 24, counting(4)).tensor("second", {}, 0, counting(4)).tensor("none", {0, 5}, 0, {});
  auto checkpoint = open(folder, file);
  EXPECT_EQ(checkpoint->find("second")->bytes[3], 3);
  EXPECT_EQ(checkpoint->find("second")->offset % 64, 0u);
  EXPECT_EQ(checkpoint->find("none")->elements(), 0);
}
