#include "frontend/checkpoint/ReadError.h"
#include "gtest/gtest.h"

using heddle::readError;

static std::string message(const llvm::Twine &where, const llvm::Twine &found, const llvm::Twine &remedy = "") {
  return llvm::toString(readError("f", where, "x", found, remedy));
}

TEST(ReadError, HasOneForm) {
  EXPECT_EQ(message("", "y"), "f: expected x, found y");
  EXPECT_EQ(message("byte 3", "y", "mend it"), "f: byte 3: expected x, found y; mend it");
}

TEST(ReadError, IsSafeToPrint) {
  EXPECT_EQ(message("", "\x1b[31m\n\xff\x7f"), "f: expected x, found \\x1b[31m\\x0a\xef\xbf\xbd\\x7f");
  std::string longName(100'000, 'n');
  EXPECT_EQ(message("", longName, "mend it"), "f: expected x, found " + longName.substr(0, 300) + " ...; mend it");
}
