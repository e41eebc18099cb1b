//===- SafetensorsTest.cpp - tensors in files -----------------------------===//

#include "runtime/support/Safetensors.h"

#include "runtime/support/Error.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace heddle;

namespace {

std::string temporaryName(const char *name) { return testing::TempDir() + name; }

std::string problemOf(std::string header, uint64_t dataBytes) {
  try {
    parseSafetensors({reinterpret_cast<const uint8_t *>(header.data()), header.size()}, dataBytes);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

TEST(Safetensors, WhatIsWrittenIsReadBack) {
  std::string path = temporaryName("round.safetensors");
  SafetensorsWriter writer(path);
  writer.declareFloats("a", {3, 1});
  writer.declareIntegers("ids", {2, 2});
  writer.declareFloats("empty", {0, 5});
  writer.create();
  EXPECT_FALSE(std::filesystem::exists(path));
  for (size_t i = 0; i < 3; ++i)
    writer.floats("a")[i] = 0.5f * static_cast<float>(i);
  writer.integers("ids")[3] = -9;
  writer.finish();

  SafetensorsReader reader(path);
  EXPECT_EQ(reader.floats("a"), (std::vector<float>{0, 0.5f, 1}));
  EXPECT_EQ(reader.integers("ids"), (std::vector<int64_t>{0, 0, 0, -9}));
  EXPECT_EQ(reader.tensors().at("a").shape, (std::vector<uint64_t>{3, 1}));
  EXPECT_TRUE(reader.floats("empty").empty());
  EXPECT_THROW(reader.floats("ids"), Error);
  EXPECT_THROW(reader.integers("none"), Error);
  std::filesystem::remove(path);
}

TEST(Safetensors, AnUnfinishedFileVanishes) {
  std::string folder = temporaryName("unfinished");
  std::filesystem::create_directory(folder);
  {
    SafetensorsWriter writer(folder + "/x");
    writer.declareFloats("a", {3});
    writer.create();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove(folder);
}

TEST(Safetensors, UnsoundHeadersAreRefused) {
  EXPECT_EQ(
      problemOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"x":"y"}})", 8), "");
  EXPECT_NE(problemOf("", 8), "");
  EXPECT_NE(problemOf("[]", 8), "");
  EXPECT_NE(problemOf(R"({"a":1})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})", 8), "");
  EXPECT_NE(problemOf(R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
                      R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                      8),
            "");
  EXPECT_NE(problemOf(std::string(100000, '['), 8), "");
}

TEST(Safetensors, DamagedFilesAreRefused) {
  std::string path = temporaryName("damaged.safetensors");
  for (std::string bytes : {std::string("abc"), std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}"),
                            std::string("\x03\0\0\0\0\0\0\0{}", 10)}) {
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_THROW(SafetensorsReader reader(path), Error);
  }
  EXPECT_THROW(SafetensorsReader reader(temporaryName("missing")), Error);
  EXPECT_THROW(SafetensorsReader reader(testing::TempDir()), Error);
  std::filesystem::remove(path);
}

} // namespace
