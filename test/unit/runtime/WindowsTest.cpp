//===- WindowsTest.cpp - weights and caches in buffers of a bounded size ---===//

#include "runtime/vulkan/Windows.h"

#include "runtime/engine/Machine.h"

#include <gtest/gtest.h>

using namespace heddle;
using namespace heddle::vulkan;
using namespace heddle::format;

namespace {

struct Use {
  Space space;
  uint64_t index, bytes;
};

Use weights(uint64_t index, uint64_t bytes) { return {Space::Weights, index, bytes}; }
Use cache(uint64_t index) { return {Space::Cache, index, 0}; }

/// A program of one entry with these steps; cache i has `caches[i]` bytes for each token.
class Steps {
public:
  explicit Steps(const std::vector<std::vector<Use>> &uses, const std::vector<uint64_t> &caches = {}) {
    std::vector<flatbuffers::Offset<format::Step>> steps;
    for (const std::vector<Use> &step : uses) {
      std::vector<flatbuffers::Offset<Binding>> bindings;
      for (const Use &use : step)
        bindings.push_back(CreateBinding(b, use.space, use.index, use.bytes));
      steps.push_back(CreateStepDirect(b, 0, &bindings));
    }
    std::vector<flatbuffers::Offset<Entry>> entries{CreateEntryDirect(b, "forward", Variant::All, &steps)};
    std::vector<flatbuffers::Offset<Kernel>> kernels{CreateKernelDirect(b, "product")};
    std::vector<flatbuffers::Offset<Cache>> list;
    for (uint64_t bytes : caches) {
      std::vector<Param> params{Param::C};
      std::vector<flatbuffers::Offset<Term>> terms{CreateTermDirect(b, bytes, &params)};
      list.push_back(CreateCacheDirect(b, "cache", CreateSizeDirect(b, &terms)));
    }
    auto program = CreateProgramDirect(b, 1, "", "", "", "vulkan", "", &entries, &kernels, &list);
    FinishProgramBuffer(b, program);
  }

  const format::Program &program() const { return *GetProgram(b.GetBufferPointer()); }
  const format::Step &operator[](uint32_t i) const { return *program().entries()->Get(0)->steps()->Get(i); }

private:
  flatbuffers::FlatBufferBuilder b;
};

template <typename Work> std::string messageOf(Work work) {
  try {
    work();
  } catch (const DeviceError &error) {
    return error.what();
  }
  return "";
}

TEST(WeightWindows, OneWindowWhereAllFits) {
  Steps steps({{weights(0, 100)}, {}, {weights(128, 64), weights(0, 100)}});
  WeightWindows windows(steps.program(), 192, "device");
  ASSERT_EQ(windows.windows().size(), 1u);
  EXPECT_EQ(windows.bytes(), 192u);
  EXPECT_EQ(windows.windowOf(steps[0]), 0);
  EXPECT_EQ(windows.windowOf(steps[1]), -1);
  EXPECT_EQ(windows.offsetOf(0, 0), 0u);
  EXPECT_EQ(windows.offsetOf(0, 128), 128u);
}

TEST(WeightWindows, AnotherWindowWhereItDoesNot) {
  Steps steps({{weights(0, 128)}, {weights(128, 128)}, {weights(256, 64)}, {weights(0, 128)}});
  WeightWindows windows(steps.program(), 192, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(windows.windowOf(steps[0]), 0);
  EXPECT_EQ(windows.windowOf(steps[1]), 1);
  EXPECT_EQ(windows.windowOf(steps[2]), 1);
  EXPECT_EQ(windows.windowOf(steps[3]), 0); // where it is already
  EXPECT_EQ(windows.offsetOf(1, 128), 0u);
  EXPECT_EQ(windows.offsetOf(1, 256), 128u);
  EXPECT_EQ(windows.bytes(), 320u); // nothing twice
}

TEST(WeightWindows, WhatSeveralNeedIsInEach) {
  Steps steps({{weights(0, 64), weights(64, 128)}, {weights(0, 64), weights(192, 128)}});
  WeightWindows windows(steps.program(), 192, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(windows.offsetOf(0, 0), 0u);
  EXPECT_EQ(windows.offsetOf(1, 0), 0u);
  EXPECT_EQ(windows.windows()[1].pieces[0].from, 0u);
  EXPECT_EQ(windows.windows()[1].pieces[0].bytes, 64u);
  EXPECT_EQ(windows.bytes(), 384u);
}

TEST(WeightWindows, PartsOfPartsAreStoredOnce) {
  Steps steps({{weights(64, 64)}, {weights(0, 256)}, {weights(192, 64)}});
  WeightWindows windows(steps.program(), 256, "device");
  ASSERT_EQ(windows.windows().size(), 1u);
  EXPECT_EQ(windows.bytes(), 256u);
  EXPECT_EQ(windows.offsetOf(0, 64), 64u);
  EXPECT_EQ(windows.offsetOf(0, 192), 192u);
}

TEST(WeightWindows, PartsMayOverlap) {
  Steps steps({{weights(0, 256)}, {weights(128, 256)}, {weights(192, 64)}});
  WeightWindows windows(steps.program(), 256, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(windows.offsetOf(0, 0), 0u);
  EXPECT_EQ(windows.offsetOf(1, 128), 0u);
  EXPECT_EQ(windows.windowOf(steps[2]), 1);
  EXPECT_EQ(windows.offsetOf(1, 192), 64u);
}

TEST(WeightWindows, OneStepThatNeedsTooMuchIsAnError) {
  Steps steps({{weights(0, 2048), weights(2048, 64)}});
  EXPECT_EQ(messageOf([&] { WeightWindows(steps.program(), 2048, "toy"); }),
            "a step of 'product' needs 2.06 KiB in one buffer, the device 'toy' binds 2.00 KiB at most");
}

TEST(CacheWindows, StepsFindTheirCachesTogether) {
  // Steps need 0 and 1, then 2 and 3 of 64 x 2 bytes; and one that joins 4 to 2.
  Steps steps({{cache(0), cache(1)}, {cache(3), cache(2)}, {cache(4), cache(2)}, {}}, {2, 2, 2, 2, 1});
  CacheWindows windows(steps.program(), 64, 384, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(windows.windowOf(steps[0]), 0);
  EXPECT_EQ(windows.windowOf(steps[1]), 1);
  EXPECT_EQ(windows.windowOf(steps[2]), 1);
  EXPECT_EQ(windows.windowOf(steps[3]), -1);
  EXPECT_EQ(windows.offsetOf(0), 0u);
  EXPECT_EQ(windows.offsetOf(1), 128u);
  EXPECT_EQ(windows.offsetOf(2), 0u);
  EXPECT_EQ(windows.offsetOf(3), 128u);
  EXPECT_EQ(windows.offsetOf(4), 256u);
  EXPECT_EQ(windows.bytes(), 256u + 320u);
}

TEST(CacheWindows, TooMuchForOneStepIsAnError) {
  Steps steps({{cache(0), cache(1)}}, {32, 32});
  EXPECT_EQ(messageOf([&] { CacheWindows(steps.program(), 64, 2048, "toy"); }),
            "a context of 64 tokens needs 4.00 KiB in one buffer, the device 'toy' binds 2.00 KiB at most");
}

} // namespace
