#include "backends/cpu/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Error.h"
#include <gtest/gtest.h>

namespace heddle::cpu {

static CpuTarget target(llvm::StringRef name) { return llvm::cantFail(cpuTarget(name)); }
static std::string errorOf(llvm::StringRef name) { return llvm::toString(cpuTarget(name).takeError()); }

TEST(Target, Levels) {
  CpuTarget baseline = target("x86-64"), v3 = target("x86-64-v3"), v4 = target("x86-64-v4"), zen4 = target("znver4");
  EXPECT_EQ(baseline.vectorBits, 128u);
  EXPECT_EQ(baseline.featureList(), "");
  EXPECT_EQ(v3.vectorBits, 256u);
  EXPECT_EQ(v3.vectorRegisters, 16u);
  EXPECT_TRUE(v3.fma && v3.f16c && v3.avx2 && !v3.avx512 && !v3.vnni());
  EXPECT_TRUE(v4.avx512 && !v4.vnni());
  EXPECT_TRUE(zen4.avx512vnni);
  EXPECT_EQ(zen4.lanes(), 16u);
  EXPECT_TRUE(target("alderlake").avxvnni && !target("alderlake").avx512);
}

TEST(Target, Native) {
  CpuTarget native = target("native");
  EXPECT_EQ(native.name, "native");
  EXPECT_NE(native.tune, "native");
}

TEST(Target, TokenTiles) {
  CpuTarget v3 = target("x86-64-v3"), zen4 = target("znver4");
  EXPECT_EQ(zen4.tokenTile(16, 2), 12u);
  EXPECT_EQ(v3.tokenTile(8, 2), 6u);
  EXPECT_EQ(v3.tokenTile(16, 1), 6u);
  EXPECT_GE(target("x86-64").tokenTile(16, 4), 1u);
}

TEST(Target, Lists) {
  auto targets = llvm::cantFail(cpuTargets("znver4, x86-64-v3,znver4"));
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_EQ(targets[1].name, "x86-64-v3");
}

TEST(Target, UnknownNames) {
  EXPECT_NE(errorOf("znver9").find("unknown processor 'znver9'"), std::string::npos);
  EXPECT_NE(errorOf("znver9").find("did you mean 'znver"), std::string::npos);
  EXPECT_NE(errorOf("").find("unknown processor ''"), std::string::npos);
  EXPECT_NE(errorOf("i686").find("64-bit"), std::string::npos);
}

} // namespace heddle::cpu
