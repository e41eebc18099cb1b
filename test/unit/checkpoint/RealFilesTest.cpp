// Real checkpoints, where the folder that holds them is there.
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/GgufMetadata.h"
#include "test/unit/checkpoint/Builders.h"
#include "test/unit/checkpoint/Touch.h"
#include <cmath>

using namespace heddle;
namespace fs = std::filesystem;

TEST(RealFiles, Stories260K) {
  fs::path path = fs::path(HEDDLE_SHARED) / "data/stories260k/stories260K.gguf";
  if (!fs::exists(path))
    GTEST_SKIP() << "no " << path;
  auto opened = openCheckpoint(path.string());
  ASSERT_TRUE(!!opened) << llvm::toString(opened.takeError());
  const Checkpoint &checkpoint = **opened;
  EXPECT_EQ(checkpoint.modelType(), "llama");
  int64_t width = checkpoint.configValue("embedding_length")->getAsInteger().value();
  const StoredTensor *embedding = checkpoint.find("token_embd.weight");
  ASSERT_TRUE(embedding);
  EXPECT_EQ(embedding->shape.back(), width);
  EXPECT_EQ(embedding->shape.front(), int64_t(checkpoint.gguf()->texts("tokenizer.ggml.tokens").size()));
  EXPECT_TRUE(std::isfinite(test::touch(checkpoint.tensors())));
  test::touch(*checkpoint.gguf());
}

TEST(RealFiles, Goldens) {
  fs::path goldens = fs::path(HEDDLE_SHARED) / "goldens";
  if (!fs::exists(goldens))
    GTEST_SKIP() << "no " << goldens;
  unsigned models = 0;
  for (const fs::directory_entry &entry : fs::directory_iterator(goldens)) {
    if (!fs::exists(entry.path() / "config.json"))
      continue;
    auto checkpoint = openCheckpoint(entry.path().string());
    ASSERT_TRUE(!!checkpoint) << llvm::toString(checkpoint.takeError());
    EXPECT_FALSE((*checkpoint)->modelType().empty()) << entry.path();
    EXPECT_FALSE((*checkpoint)->tensors().empty()) << entry.path();
    EXPECT_TRUE(std::isfinite(test::touch((*checkpoint)->tensors()))) << entry.path();
    ++models;
  }
  EXPECT_GE(models, 1u);
}
