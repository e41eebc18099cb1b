// Models in several GGUF files.
#include "test/unit/checkpoint/Builders.h"
#include "frontend/checkpoint/Checkpoint.h"

using namespace heddle;
using namespace heddle::test;

namespace {
constexpr const char *names[] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"};

GgufBuilder part(uint16_t number, uint16_t count = 3, int32_t tensors = 2) {
  GgufBuilder file;
  if (number == 0)
    file.text("general.architecture", "llama").u32("llama.block_count", 7);
  file.pair<uint16_t>("split.no", 2, number).pair<uint16_t>("split.count", 2, count);
  return file.pair<int32_t>("split.tensors.count", 5, tensors);
}

GgufBuilder withTensor(GgufBuilder file, llvm::StringRef name, uint8_t first) {
  Bytes bytes;
  for (uint8_t i = 0; i < 4; ++i)
    bytes.number<uint8_t>(first + i);
  return file.tensor(name, {4}, 24, bytes);
}

/// The first part has no tensors, as some tools write it.
struct GgufParts : testing::Test {
  GgufParts() {
    folder.write(names[0], part(0).build());
    folder.write(names[1], withTensor(part(1), "a", 1).build());
    folder.write(names[2], withTensor(part(2), "b", 11).build());
  }
  std::string refuse(const std::string &name) {
    auto checkpoint = openCheckpoint(folder.path(name));
    if (checkpoint)
      return "";
    std::string message = llvm::toString(checkpoint.takeError());
    EXPECT_EQ(message.find(folder.path() + "/"), 0u) << message;
    return message.substr(folder.path().size() + 1);
  }
  TemporaryFolder folder;
};
} // namespace

TEST_F(GgufParts, AnyPartIsTheModel) {
  for (const char *name : names) {
    auto checkpoint = llvm::cantFail(openCheckpoint(folder.path(name)));
    EXPECT_EQ(checkpoint->modelType(), "llama");
    EXPECT_EQ(checkpoint->configValue("block_count")->getAsInteger(), 7);
    EXPECT_EQ(checkpoint->where("block_count"), std::string(names[0]) + ": key 'llama.block_count'");
    ASSERT_EQ(checkpoint->tensors().size(), 2u);
    EXPECT_EQ(checkpoint->find("a")->bytes[0], 1);
    EXPECT_EQ(checkpoint->find("b")->bytes[3], 14);
    EXPECT_EQ(checkpoint->find("b")->file, folder.path(names[2]));
  }
}

TEST_F(GgufParts, Errors) {
  folder.write("other.gguf", withTensor(part(1), "a", 1).build());
  EXPECT_EQ(refuse("other.gguf"),
            "other.gguf: the file's name: expected the ending '-00002-of-00003.gguf', as the keys 'split.no' and "
            "'split.count' say, found another; give the parts the names that they were made with");
  folder.write(names[2], withTensor(part(1), "b", 1).build());
  EXPECT_EQ(refuse(names[0]), std::string(names[2]) +
                                  ": keys 'split.*': expected part 3 of 3 with 2 tensors in all, found part 2 of 3 "
                                  "with 2 tensors in all; this is a part of another model");
  folder.write(names[2], withTensor(part(2, 3, 9), "b", 1).build());
  EXPECT_NE(refuse(names[1]).find("found part 3 of 3 with 9 tensors in all"), std::string::npos);
  folder.write(names[2], withTensor(part(2), "a", 1).build());
  EXPECT_EQ(refuse(names[0]), std::string(names[2]) + ": tensor 'a': expected a tensor that no part before has, found "
                                                      "it again; this is a part of another model");
  folder.write(names[2], part(2).build());
  EXPECT_EQ(refuse(names[1]).find(std::string(names[0]) + ": key 'split.tensors.count': expected 2 tensors in all "
                                                          "parts, found 1; "), 0u);
  folder.write(names[2], part(3).build());
  EXPECT_EQ(refuse(names[2]).find(std::string(names[2]) + ": key 'split.no': expected a number below 3, found 3; "), 0u);
  std::filesystem::remove(folder.path(names[2]));
  EXPECT_EQ(refuse(names[1]), std::string(names[2]) +
                                  ": expected part 3 of 3, found no such file; all parts of a model lie in one folder");
}
