//===- FileMapTest.cpp - files in memory ----------------------------------===//

#include "runtime/support/FileMap.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace heddle;

namespace {

/// Kilobytes of files that this process has in memory.
long residentFiles() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (long kilobytes; word == "RssFile:" && file >> kilobytes)
      return kilobytes;
  return -1;
}

TEST(Mapping, WhatIsReleasedIsReadAgain) {
  std::string path = testing::TempDir() + "heddle-mapping";
  const std::string bytes(16 << 20, 'x');
  std::ofstream(path, std::ios::binary) << bytes;
  Mapping mapping = Mapping::file(InputFile(path), 0, bytes.size());
  auto text = [&] { return std::string(reinterpret_cast<const char *>(mapping.data()), mapping.size()); };
  EXPECT_TRUE(text() == bytes);
  long before = residentFiles();
  mapping.release(100, mapping.size() - 200);
  EXPECT_LT(residentFiles(), before - (12 << 10));
  mapping.release(0, 10); // no whole page
  EXPECT_TRUE(text() == bytes);
  std::remove(path.c_str());
}

} // namespace
