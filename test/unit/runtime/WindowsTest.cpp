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
  uint64_t row = 0; // bytes, of caches for each token; 0: it has no windows
};

Use weights(uint64_t index, uint64_t bytes, uint64_t row = 0) { return {Space::Weights, index, bytes, row}; }
Use cache(uint64_t index, uint64_t row = 0) { return {Space::Cache, index, 0, row}; }

/// A step; its kernel can be run for windows of a multiple of `windowRows` out of `rows` rows.
struct StepUses {
  std::vector<Use> uses;
  uint64_t windowRows = 0;
  float rows = 0;
};

/// A program of one entry with these steps; cache i has `caches[i]` bytes for each token.
class Steps {
public:
  explicit Steps(const std::vector<StepUses> &list, const std::vector<uint64_t> &cacheBytes = {}) {
    std::vector<flatbuffers::Offset<format::Step>> steps;
    std::vector<flatbuffers::Offset<Kernel>> kernels;
    for (const StepUses &step : list) {
      std::vector<flatbuffers::Offset<Binding>> bindings;
      for (const Use &use : step.uses)
        bindings.push_back(
            CreateBinding(b, use.space, use.index, use.bytes, use.row ? size(use.row, use.space) : 0));
      std::vector<float> scalars{0, step.rows};
      steps.push_back(CreateStepDirect(b, static_cast<uint32_t>(kernels.size()), &bindings, &scalars));
      kernels.push_back(CreateKernelDirect(b, "product", nullptr, 0, nullptr, false, nullptr, nullptr, 0,
                                           nullptr, 0, step.windowRows));
    }
    std::vector<flatbuffers::Offset<Entry>> entries{CreateEntryDirect(b, "forward", Variant::All, &steps)};
    std::vector<flatbuffers::Offset<Cache>> caches;
    for (uint64_t bytes : cacheBytes)
      caches.push_back(CreateCacheDirect(b, "cache", size(bytes, Space::Cache)));
    auto program = CreateProgramDirect(b, 1, "", "", "", "vulkan", "", &entries, &kernels, &caches);
    FinishProgramBuffer(b, program);
  }

  const format::Program &program() const { return *GetProgram(b.GetBufferPointer()); }
  const format::Step &operator[](uint32_t i) const { return *program().entries()->Get(0)->steps()->Get(i); }
  const Binding &binding(uint32_t step, uint32_t i) const { return *(*this)[step].bindings()->Get(i); }

private:
  flatbuffers::Offset<Size> size(uint64_t bytes, Space space) {
    std::vector<Param> params;
    if (space == Space::Cache)
      params.push_back(Param::C);
    std::vector<flatbuffers::Offset<Term>> terms{CreateTermDirect(b, bytes, &params)};
    return CreateSizeDirect(b, &terms);
  }

  flatbuffers::FlatBufferBuilder b;
};

/// "0: 0+4, 1: 4+2": the windows and rows of a step's parts.
template <typename Windows> std::string partsOf(const Windows &windows, const format::Step &step) {
  std::string text;
  for (const Part &part : windows.partsOf(step))
    text += (text.empty() ? "" : ", ") + std::to_string(part.window) + ": " + std::to_string(part.first) +
            "+" + std::to_string(part.rows);
  return text;
}

/// Where a binding begins in each part.
template <typename Windows>
std::vector<int64_t> offsetsOf(const Windows &windows, const Steps &steps, uint32_t step, uint32_t binding) {
  std::vector<int64_t> offsets;
  for (const Part &part : windows.partsOf(steps[step]))
    offsets.push_back(windows.offsetOf(part, steps.binding(step, binding)));
  return offsets;
}

using Offsets = std::vector<int64_t>;

template <typename Work> std::string messageOf(Work work) {
  try {
    work();
  } catch (const DeviceError &error) {
    return error.what();
  }
  return "";
}

TEST(WeightWindows, OneWindowWhereAllFits) {
  Steps steps({{{weights(0, 100)}}, {}, {{weights(128, 64), weights(0, 100)}}});
  WeightWindows windows(steps.program(), 192, "device");
  ASSERT_EQ(windows.windows().size(), 1u);
  EXPECT_EQ(windows.bytes(), 192u);
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+0");
  EXPECT_EQ(partsOf(windows, steps[1]), "-1: 0+0");
  EXPECT_EQ(offsetsOf(windows, steps, 2, 1), Offsets{0});
  EXPECT_EQ(offsetsOf(windows, steps, 2, 0), Offsets{128});
}

TEST(WeightWindows, AnotherWindowWhereItDoesNot) {
  Steps steps({{{weights(0, 128)}}, {{weights(128, 128)}}, {{weights(256, 64)}}, {{weights(0, 128)}}});
  WeightWindows windows(steps.program(), 192, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+0");
  EXPECT_EQ(partsOf(windows, steps[1]), "1: 0+0");
  EXPECT_EQ(partsOf(windows, steps[2]), "1: 0+0");
  EXPECT_EQ(partsOf(windows, steps[3]), "0: 0+0"); // where it is already
  EXPECT_EQ(offsetsOf(windows, steps, 1, 0), Offsets{0});
  EXPECT_EQ(offsetsOf(windows, steps, 2, 0), Offsets{128});
  EXPECT_EQ(windows.bytes(), 320u); // nothing twice
}

TEST(WeightWindows, WhatSeveralNeedIsInEach) {
  Steps steps({{{weights(0, 64), weights(64, 128)}}, {{weights(0, 64), weights(192, 128)}}});
  WeightWindows windows(steps.program(), 192, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(offsetsOf(windows, steps, 0, 0), Offsets{0});
  EXPECT_EQ(offsetsOf(windows, steps, 1, 0), Offsets{0});
  EXPECT_EQ(windows.windows()[1].pieces[0].from, 0u);
  EXPECT_EQ(windows.windows()[1].pieces[0].bytes, 64u);
  EXPECT_EQ(windows.bytes(), 384u);
}

TEST(WeightWindows, RangesOfRowsWhereThereIsNoRoomForAll) {
  // 10 rows of 64 bytes, beside 64 bytes that each part needs; ranges of at most 5, and of multiples of 2.
  Steps steps({{{weights(0, 64), weights(64, 640, 64)}, 2, 10}});
  WeightWindows windows(steps.program(), 384, "device");
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+4, 1: 4+4, 2: 8+2");
  EXPECT_EQ(offsetsOf(windows, steps, 0, 0), (Offsets{0, 0, 0}));
  EXPECT_EQ(offsetsOf(windows, steps, 0, 1), (Offsets{64, 64 - 256, 64 - 512}));
  EXPECT_EQ(windows.windows()[1].pieces[1].from, 64u + 256u);
  EXPECT_EQ(windows.windows()[2].pieces[1].bytes, 128u);
}

TEST(WeightWindows, RangesBeginAtMultiplesOf64Bytes) {
  Steps steps({{{weights(0, 240, 24)}, 1, 10}}); // 8 rows are 192 bytes
  WeightWindows windows(steps.program(), 192, "device");
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+8, 1: 8+2");
}

TEST(WeightWindows, WhatSeveralUseIsCutAlikeForAll) {
  // The first has room for 3 rows of both, the second for 6 of one.
  Steps steps({{{weights(0, 512, 64), weights(512, 512, 64)}, 1, 8}, {{weights(0, 512, 64)}, 1, 8}});
  WeightWindows windows(steps.program(), 384, "device");
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+3, 1: 3+3, 2: 6+2");
  EXPECT_EQ(partsOf(windows, steps[1]), "0: 0+3, 1: 3+3, 2: 6+2");
  EXPECT_EQ(windows.bytes(), 1024u);
}

TEST(WeightWindows, PagesOfTheProgramWhereTheyLie) {
  Steps steps({{{weights(4224, 128)}}, {{weights(64, 64), weights(4352, 1000)}}, {{weights(20480, 8192)}}});
  WeightWindows windows(steps.program(), 12288, "device", 4096);
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(windows.bytes(), 0u); // nothing is copied
  for (const WeightWindows::Window &window : windows.windows()) {
    EXPECT_TRUE(window.isPages);
    ASSERT_EQ(window.pieces.size(), 1u);
    EXPECT_EQ(window.pieces[0].at, 0u);
    EXPECT_EQ(window.pieces[0].bytes, window.bytes);
  }
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+0");
  EXPECT_EQ(partsOf(windows, steps[1]), "0: 0+0"); // it began at 4096 and now begins at 0
  EXPECT_EQ(partsOf(windows, steps[2]), "1: 0+0");
  EXPECT_EQ(offsetsOf(windows, steps, 0, 0), Offsets{4224});
  EXPECT_EQ(offsetsOf(windows, steps, 1, 1), Offsets{4352});
  EXPECT_EQ(windows.windows()[0].bytes, 5352u);
  EXPECT_EQ(windows.windows()[1].pieces[0].from, 20480u);
  EXPECT_EQ(offsetsOf(windows, steps, 2, 0), Offsets{0});
}

TEST(WeightWindows, CopiesOfWhatLiesTooFarApart) {
  Steps steps({{{weights(0, 64)}}, {{weights(0, 64), weights(40960, 64)}}, {{weights(40960, 64)}}});
  WeightWindows windows(steps.program(), 12288, "device", 4096);
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+0");
  EXPECT_EQ(partsOf(windows, steps[1]), "1: 0+0");
  EXPECT_EQ(partsOf(windows, steps[2]), "2: 0+0");
  EXPECT_TRUE(windows.windows()[0].isPages);
  EXPECT_FALSE(windows.windows()[1].isPages);
  EXPECT_TRUE(windows.windows()[2].isPages);
  EXPECT_EQ(offsetsOf(windows, steps, 1, 1), Offsets{64});
  EXPECT_EQ(windows.bytes(), 128u);
}

TEST(WeightWindows, RangesOfRowsInPages) {
  // 16 rows of 1024 bytes, from 64 on; a window has room for 8192 bytes.
  Steps steps({{{{weights(64, 16384, 1024)}}, 1, 16}});
  WeightWindows windows(steps.program(), 8192, "device", 4096);
  EXPECT_EQ(windows.bytes(), 0u);
  std::vector<int64_t> offsets = offsetsOf(windows, steps, 0, 0);
  const std::vector<Part> &parts = windows.partsOf(steps[0]);
  ASSERT_EQ(parts.size(), offsets.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    const WeightWindows::Window &window = windows.windows()[static_cast<size_t>(parts[i].window)];
    // What is bound and what the shader adds to it lead to the row in the program.
    EXPECT_EQ(static_cast<int64_t>(window.pieces[0].from) + offsets[i], 64);
    EXPECT_LE(window.bytes, 8192u);
    uint64_t first = 64 + parts[i].first * 1024, end = first + parts[i].rows * 1024;
    EXPECT_GE(first, window.pieces[0].from);
    EXPECT_LE(end, window.pieces[0].from + window.bytes);
  }
}

TEST(WeightWindows, OneStepThatNeedsTooMuchIsAnError) {
  auto refused = [](const StepUses &step) {
    return messageOf([&] { WeightWindows(Steps({step}).program(), 2048, "toy"); });
  };
  const char *message =
      "a step of 'product' needs 2.06 KiB in one buffer, the device 'toy' binds 2.00 KiB at most";
  EXPECT_EQ(refused({{weights(0, 2048), weights(2048, 64)}}), message);
  EXPECT_EQ(refused({{weights(0, 2048), weights(2048, 64, 64)}, 1, 1}),
            message);                                            // beside it there is no room
  EXPECT_EQ(refused({{weights(0, 2112, 64)}, 33, 33}), message); // nor for a multiple
}

TEST(CacheWindows, StepsFindTheirCachesTogether) {
  // Steps need 0 and 1, then 2 and 3 of 64 x 2 bytes; and one that joins 4 to 2.
  Steps steps({{{cache(0), cache(1)}}, {{cache(3), cache(2)}}, {{cache(4), cache(2)}}, {}}, {2, 2, 2, 2, 1});
  CacheWindows windows(steps.program(), 64, 384, "device");
  ASSERT_EQ(windows.windows().size(), 2u);
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+0");
  EXPECT_EQ(partsOf(windows, steps[1]), "1: 0+0");
  EXPECT_EQ(partsOf(windows, steps[2]), "1: 0+0");
  EXPECT_EQ(partsOf(windows, steps[3]), "-1: 0+0");
  EXPECT_EQ(offsetsOf(windows, steps, 0, 0), Offsets{0});
  EXPECT_EQ(offsetsOf(windows, steps, 0, 1), Offsets{128});
  EXPECT_EQ(offsetsOf(windows, steps, 1, 1), Offsets{0});
  EXPECT_EQ(offsetsOf(windows, steps, 1, 0), Offsets{128});
  EXPECT_EQ(offsetsOf(windows, steps, 2, 0), Offsets{256});
  EXPECT_EQ(windows.bytes(), 256u + 320u);
}

TEST(CacheWindows, RangesOfRowsWhereThereIsNoRoomForAll) {
  // Two caches of 4 heads, 64 x 2 bytes each; three heads of both have room.
  Steps steps({{{cache(0, 2)}, 1, 4}, {{cache(0, 2), cache(1, 2)}, 1, 4}, {{cache(1, 2)}, 1, 4}}, {8, 8});
  CacheWindows windows(steps.program(), 64, 768, "device");
  EXPECT_EQ(partsOf(windows, steps[0]), "0: 0+2, 1: 2+2");
  EXPECT_EQ(partsOf(windows, steps[1]), "0: 0+2, 1: 2+2");
  EXPECT_EQ(offsetsOf(windows, steps, 1, 0), (Offsets{0, -256}));
  EXPECT_EQ(offsetsOf(windows, steps, 1, 1), (Offsets{256, 0}));
  EXPECT_EQ(windows.rangeOf(windows.partsOf(steps[2])[1], steps.binding(2, 0), 512),
            std::pair(uint64_t(256), uint64_t(256)));
  EXPECT_EQ(windows.bytes(), 1024u);
}

TEST(CacheWindows, TooMuchForOneStepIsAnError) {
  auto refused = [](const std::vector<StepUses> &list) {
    Steps steps(list, {32, 32});
    return messageOf([&] { CacheWindows(steps.program(), 64, 2048, "toy"); });
  };
  const char *message =
      "a context of 64 tokens needs 4.00 KiB in one buffer, the device 'toy' binds 2.00 KiB at most";
  EXPECT_EQ(refused({{{cache(0), cache(1)}}}), message);
  // One of the steps takes them whole; rows that are not the same for all; rows that have no room.
  EXPECT_EQ(refused({{{cache(0, 8), cache(1, 8)}, 1, 4}, {{cache(1)}}}), message);
  EXPECT_EQ(refused({{{cache(0, 8), cache(1, 8)}, 1, 4}, {{cache(1, 16)}, 1, 2}}), message);
  EXPECT_EQ(refused({{{cache(0, 32), cache(1, 32)}, 1, 1}}), message);
}

} // namespace
