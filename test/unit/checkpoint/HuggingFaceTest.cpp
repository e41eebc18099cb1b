#include "frontend/checkpoint/HuggingFace.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "test/unit/checkpoint/Builders.h"
#include <sys/stat.h>
#include <unistd.h>

using namespace heddle;
using namespace heddle::test;

static const char config[] = R"({"model_type": "tiny", "rope_scaling": {"factor": 8.0}, "eos_token_id": 2})";

/// A shard with the U8 tensors `names`, four bytes each.
static Bytes shard(std::vector<std::string> names) {
  std::string header = "{";
  for (size_t i = 0; i < names.size(); ++i)
    header += (i ? ",\"" : "\"") + names[i] + R"(":{"dtype":"U8","shape":[4],"data_offsets":[)" +
              std::to_string(4 * i) + "," + std::to_string(4 * i + 4) + "]}";
  return safetensors(header + "}", counting(4 * names.size()));
}

static std::unique_ptr<Checkpoint> open(const TemporaryFolder &folder) {
  auto checkpoint = openCheckpoint(folder.path());
  EXPECT_TRUE(!!checkpoint) << llvm::toString(checkpoint.takeError());
  return std::move(*checkpoint);
}
/// The error, with the folder's path as F.
static std::string refuse(const TemporaryFolder &folder, const std::string &name = "") {
  std::string message = messageOf(openCheckpoint(folder.path(name)));
  for (size_t at; (at = message.find(folder.path())) != std::string::npos;)
    message.replace(at, folder.path().size(), "F");
  return message;
}

TEST(HuggingFace, OneFile) {
  TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", shard({"a", "b"}));
  folder.write("tokenizer.json", "{}");
  auto checkpoint = open(folder);
  EXPECT_EQ(checkpoint->kind(), "hf");
  EXPECT_EQ(checkpoint->modelType(), "tiny");
  EXPECT_EQ(checkpoint->gguf(), nullptr);
  EXPECT_EQ(checkpoint->path(), folder.path());
  EXPECT_EQ(checkpoint->configValue("rope_scaling.factor")->getAsNumber(), 8.0);
  EXPECT_EQ(checkpoint->where("rope_scaling.factor"), "config.json: key 'rope_scaling.factor'");
  EXPECT_EQ(checkpoint->weightsBytes(), 8u);
  EXPECT_EQ(checkpoint->find("b")->bytes[0], 4);
  EXPECT_EQ(checkpoint->find("b")->file, folder.path("model.safetensors"));
  EXPECT_EQ(checkpoint->companions().tokenizer, folder.path("tokenizer.json"));
  EXPECT_EQ(checkpoint->companions().chatTemplate, "");
  EXPECT_EQ(checkpoint->generationConfig(), nullptr);
  EXPECT_EQ(checkpoint->endTokens(), (llvm::SmallVector<int64_t, 4>{2}));
}

TEST(HuggingFace, GenerationConfig) {
  TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", shard({"a"}));
  folder.write("generation_config.json", R"({"eos_token_id": [5, 6, 5]})");
  auto checkpoint = open(folder);
  ASSERT_TRUE(checkpoint->generationConfig());
  EXPECT_EQ(checkpoint->endTokens(), (llvm::SmallVector<int64_t, 4>{5, 6}));
}

TEST(HuggingFace, SentenceModules) {
  TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", shard({"a"}));
  folder.write("modules.json", R"([{"idx": 0, "path": "", "type": "a.Transformer"},
    {"idx": 1, "path": "1_Pooling", "type": "a.b.Pooling"}, {"idx": 2, "path": "2_Normalize", "type": "a.Normalize"}])");
  folder.write("1_Pooling/config.json", R"({"pooling_mode_cls_token": true})");
  auto checkpoint = open(folder);
  EXPECT_EQ(checkpoint->configValue("modules.Pooling.pooling_mode_cls_token")->getAsBoolean(), true);
  EXPECT_TRUE(checkpoint->configValue("modules.Normalize")->getAsObject()->empty());
  EXPECT_TRUE(checkpoint->configValue("modules.Transformer"));
}

TEST(HuggingFace, SentenceModulesErrors) {
  auto refused = [](llvm::StringRef modules) {
    TemporaryFolder folder;
    folder.write("config.json", config);
    folder.write("model.safetensors", shard({"a"}));
    folder.write("modules.json", modules);
    return refuse(folder);
  };
  EXPECT_EQ(refused(R"({})"), "F/modules.json: expected a list of steps, found an object");
  EXPECT_EQ(
      refused(R"([{"path": ""}])"),
      "F/modules.json: step 0: expected an object with the strings 'type' and 'path', found {\"path\":\"\"}");
  EXPECT_EQ(refused(R"([{"type": "Pooling", "path": "../1"}])"),
            "F/modules.json: step 0: expected the name of a folder beside this file, found \"../1\"");
  EXPECT_EQ(refused(R"([{"type": "a.X", "path": ""}, {"type": "b.X", "path": ""}])"),
            "F/modules.json: step 1: expected a step of each type once, found two of 'b.X'");
}

TEST(HuggingFace, Shards) {
  TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("one.safetensors", shard({"a", "c"}));
  folder.write("two.safetensors", shard({"b"}));
  folder.write("model.safetensors.index.json", R"({"metadata": {"total_size": 12}, "weight_map":
    {"b": "two.safetensors", "a": "one.safetensors", "c": "one.safetensors"}})");
  auto checkpoint = open(folder);
  ASSERT_EQ(checkpoint->tensors().size(), 3u);
  EXPECT_EQ(checkpoint->tensors()[1].name, "c");
  EXPECT_EQ(checkpoint->find("b")->file, folder.path("two.safetensors"));
}

TEST(HuggingFace, ShardsThatLie) {
  TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("one.safetensors", shard({"a"}));
  auto index = [&](const char *map) {
    folder.write("model.safetensors.index.json", std::string("{\"weight_map\":") + map + "}");
    return refuse(folder);
  };
  const std::string place = "F/model.safetensors.index.json: weight_map: ";
  EXPECT_EQ(index(R"({"a": "one.safetensors", "b": "two.safetensors"})"),
            place + "'b': expected the shard 'two.safetensors', found no such file in the folder; fetch the "
                    "missing file");
  EXPECT_EQ(
      index(R"({"a": "one.safetensors", "b": "one.safetensors"})"),
      place +
          "'b': expected this tensor in 'one.safetensors', found none of this name there; index and shards "
          "are of different models: fetch them again");
  EXPECT_EQ(index(R"({"b": "one.safetensors"})"),
            "F/one.safetensors: header: tensor 'a': expected tensors that 'model.safetensors.index.json' "
            "places in this "
            "shard, found one that it does not; index and shards are of different models: fetch them again");
  for (const char *name : {"../x", "/etc/passwd", "a\\\\b", "..", "", "a\\u0000b"})
    EXPECT_EQ(index(("{\"a\": \"" + std::string(name) + "\"}").c_str())
                  .find(place + "'a': expected the name of a file in the same folder, found "),
              0u)
        << name;
  EXPECT_EQ(index("3"),
            "F/model.safetensors.index.json: key 'weight_map': expected an object, found a number; the "
            "file is cut short or damaged: fetch it again");
}

TEST(HuggingFace, FoldersThatAreNone) {
  TemporaryFolder folder;
  EXPECT_EQ(refuse(folder),
            "F: expected a folder with 'config.json', found an empty folder; give the folder of a "
            "Hugging Face model, or a .gguf file");
  folder.write("b.gguf", "");
  for (int i = 0; i < 9; ++i)
    folder.write("a" + std::to_string(i), "");
  EXPECT_EQ(refuse(folder),
            "F: expected a folder with 'config.json', found 'a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', "
            "'a7' and 2 more; give the file 'b.gguf' itself");
}

TEST(HuggingFace, FoldersWithoutWeights) {
  TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("pytorch_model.bin", "");
  EXPECT_EQ(refuse(folder),
            "F: expected a folder with 'model.safetensors' or 'model.safetensors.index.json', found "
            "'config.json', 'pytorch_model.bin'; save the model again as safetensors");
  std::filesystem::create_symlink("blob", folder.path("model.safetensors"));
  EXPECT_NE(refuse(folder).find("'model.safetensors' (a link to nothing), 'pytorch_model.bin'"),
            std::string::npos);
  std::filesystem::remove(folder.path("model.safetensors"));
  folder.write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  const std::string pointer = "this is a Git LFS pointer, not the file itself: run 'git lfs pull'";
  EXPECT_EQ(refuse(folder),
            "F/model.safetensors: byte 0: expected a safetensors file, found text; " + pointer);
  EXPECT_NE(refuse(folder, "model.safetensors").find("found others; " + pointer), std::string::npos);
  folder.write("config.json", "[]");
  EXPECT_EQ(refuse(folder), "F/config.json: expected a JSON object, found a list");
  folder.write("config.json", R"({"model_type": 3})");
  EXPECT_EQ(refuse(folder), "F/config.json: key 'model_type': expected a string, found a number");
}

TEST(HuggingFace, PathsThatAreNone) {
  TemporaryFolder folder;
  EXPECT_EQ(refuse(folder, "none"),
            "F/none: expected a file, found nothing at this path; check the spelling");
  folder.write("x.bin", "PK..");
  EXPECT_EQ(refuse(folder, "x.bin"),
            "F/x.bin: byte 0: expected a GGUF file, which begins with the letters 'GGUF', "
            "found others; save the model again as safetensors");
  folder.write("model.safetensors", "");
  EXPECT_EQ(refuse(folder, "model.safetensors"), "F/model.safetensors: byte 0: expected a GGUF file, which "
                                                 "begins with the letters 'GGUF', found an empty "
                                                 "file; give the folder that holds this file");
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refuse(folder, "pipe"), "F/pipe: expected a regular file, found a special file");
  if (geteuid() == 0)
    GTEST_SKIP() << "everything is readable for root";
  folder.write("secret.gguf", "GGUF");
  chmod(folder.path("secret.gguf").c_str(), 0);
  EXPECT_EQ(
      refuse(folder, "secret.gguf"),
      "F/secret.gguf: expected a file that can be read, found permission denied; check its permissions");
}
