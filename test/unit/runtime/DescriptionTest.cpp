//===- DescriptionTest.cpp - damaged programs are refused -----------------===//

#include "FakeProgram.h"

#include "runtime/engine/Layout.h"
#include "runtime/engine/Session.h"
#include "runtime/program/CpuFeatures.h"
#include "runtime/program/DescriptionCheck.h"
#include "runtime/vulkan/Windows.h"

#include <gtest/gtest.h>

using namespace heddle;
using namespace heddle::test;

namespace {

/// Everything that looks at a description before a kernel runs.
void examine(const FakeProgram &fake) {
  Program program(fake.image());
  const format::Program &root = program.description();
  abilitiesOf(root);
  for (const format::Entry *entry : *root.entries()) {
    CallSizes sizes;
    sizes.sequence() = sizes.capacity() = 64;
    sizes.tokens() = static_cast<int64_t>(chooseChunk(*entry, 64, 1));
    layOutArena(*entry, sizes);
  }
  uint64_t capacity = roundUp(64, root.cache_multiple());
  layOutCaches(root, capacity);
  if (Program::isFor(root, "vulkan")) {
    for (uint64_t page : {0, 4096})
      vulkan::WeightWindows(root, 1 << 20, "device", page);
    vulkan::CacheWindows(root, capacity, 1 << 20, "device");
  }
}

/// Whether the byte at `at` belongs to a shader: nobody looks into those but the driver.
bool isCode(const FakeProgram &fake, size_t at) {
  for (const format::Kernel *kernel : *format::GetProgram(fake.description.data())->kernels())
    for (uint32_t i = 0; kernel->shaders() && i < kernel->shaders()->size(); ++i) {
      const auto *spirv = kernel->shaders()->Get(i)->spirv();
      auto begin =
          static_cast<size_t>(reinterpret_cast<const uint8_t *>(spirv->data()) - fake.description.data());
      if (at >= begin && at < begin + spirv->size() * sizeof(uint32_t))
        return true;
    }
  return false;
}

std::string problemOf(const FakeProgram &fake) {
  try {
    examine(fake);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

TEST(Description, SoundOnesAreTaken) {
  for (FakeKind kind : {FakeKind::Decoder, FakeKind::Encoder, FakeKind::EncoderDecoder})
    EXPECT_EQ(problemOf(FakeProgram(FakeOptions{kind})), "");
}

TEST(Description, EveryFlippedBitIsAnErrorOrHarmless) {
  for (const char *target : {"cpu", "vulkan,cpu"})
    for (FakeKind kind : {FakeKind::Decoder, FakeKind::Encoder, FakeKind::EncoderDecoder}) {
      FakeOptions options;
      options.kind = kind;
      options.target = target;
      FakeProgram fake(options);
      size_t refused = 0, tried = 0;
      for (size_t at = 0; at < fake.description.size(); ++at) {
        if (isCode(fake, at))
          continue;
        ++tried;
        for (uint8_t mask : {0xFF, 0x01, 0x80, 0x04}) {
          fake.description[at] ^= mask;
          refused += !problemOf(fake).empty();
          fake.description[at] ^= mask;
        }
      }
      EXPECT_GT(refused, tried / 2);
    }
}

/// What becomes of a program with shaders after a change to a table of it.
template <typename Change> std::string problemAfter(Change change) {
  FakeOptions options;
  options.target = "vulkan,cpu";
  FakeProgram fake(options);
  change(*format::GetProgram(fake.description.data()));
  return problemOf(fake);
}

/// Tables are read-only for all but tests.
template <typename Table> flatbuffers::Table &writable(const Table *table) {
  return const_cast<flatbuffers::Table &>(reinterpret_cast<const flatbuffers::Table &>(*table));
}

TEST(Description, ShadersAreChecked) {
  EXPECT_EQ(problemAfter([](const format::Program &) {}), "");
  EXPECT_NE(problemAfter([](const format::Program &program) {
              auto *spirv = program.kernels()->Get(0)->shaders()->Get(0)->spirv();
              const_cast<uint32_t *>(spirv->data())[0] = 7;
            }).find("'remember': a shader does not begin as SPIR-V"),
            std::string::npos);
  EXPECT_NE(problemAfter([](const format::Program &program) {
              writable(program.kernels()->Get(0)->shaders()->Get(0))
                  .SetField<uint32_t>(format::Shader::VT_WORKGROUP, 0, 0);
            }).find("a workgroup must have between 1 and 2^16 invocations"),
            std::string::npos);
  EXPECT_NE(problemAfter([](const format::Program &program) {
              writable(program.kernels()->Get(0)->shaders()->Get(0))
                  .SetField<uint32_t>(format::Shader::VT_WIDEST, 40, 0);
            }).find("the widest workgroup must be a multiple of a piece's invocations"),
            std::string::npos);
  EXPECT_NE(problemAfter([](const format::Program &program) {
              writable(program.kernels()->Get(0)->shaders()->Get(0))
                  .SetField<uint32_t>(format::Shader::VT_WIDEST, 0, 0);
            }).find("teams must have a widest workgroup"),
            std::string::npos);
  EXPECT_NE(problemAfter([](const format::Program &program) {
              writable(program.kernels()->Get(1)).SetField<uint64_t>(format::Kernel::VT_DEVICE_SCRATCH, 4, 0);
            }).find("'sum_up': a workgroup's scratch memory must be a multiple of 64"),
            std::string::npos);
  EXPECT_NE(problemAfter([](const format::Program &program) {
              const_cast<uint8_t *>(program.kernels()->Get(2)->writes()->data())[1] = 1;
            }).find("'project_all' writes weights"),
            std::string::npos);
  EXPECT_NE(problemAfter([](const format::Program &program) {
              const auto *step = program.entries()->Get(0)->steps()->Get(2);
              writable(step->bindings()->Get(1)).SetField<uint64_t>(format::Binding::VT_BYTES, 33, 0);
            }).find("the weights at 0 reach beyond the end"),
            std::string::npos);
}

TEST(Description, RingsMustHoldTheirWindow) {
  FakeOptions options;
  options.ring = true;
  FakeProgram fake(options);
  EXPECT_EQ(problemOf(fake), "");
  auto *cache = (flatbuffers::Table *)format::GetProgram(fake.description.data())->caches()->Get(0);
  for (uint32_t window : {0u, fakeRing + 1}) {
    ASSERT_TRUE(cache->SetField<uint32_t>(format::Cache::VT_WINDOW, window, fakeWindow));
    EXPECT_NE(problemOf(fake).find("a ring must hold its window"), std::string::npos);
  }
}

TEST(Description, CutOffOnesAreRefused) {
  FakeProgram fake;
  fake.description.resize(fake.description.size() - 8); // the last bytes may be there for alignment only
  while (!fake.description.empty()) {
    fake.description.pop_back();
    ASSERT_NE(problemOf(fake), "") << fake.description.size();
  }
}

TEST(Description, OtherBytesThanTheCompilersAreRefused) {
  FakeProgram fake;
  ProgramImage image = fake.image();
  image.descriptionHash ^= 1;
  try {
    Program program(image);
    FAIL();
  } catch (const Error &error) {
    EXPECT_NE(std::string(error.what()).find("checksum"), std::string::npos);
  }
}

TEST(Description, AnotherVersionIsRefused) {
  FakeProgram fake;
  auto *root = flatbuffers::GetMutableRoot<flatbuffers::Table>(fake.description.data());
  root->SetField<uint32_t>(format::Program::VT_FORMAT_VERSION, 7, 0);
  EXPECT_EQ(problemOf(fake), "the program has format 7, this runtime reads 1: compile the model again");
}

TEST(Description, NumbersOfEightBytesMustBeAligned) {
  FakeProgram fake;
  const auto *weight = reinterpret_cast<const flatbuffers::Table *>(
      format::GetProgram(fake.description.data())->weights()->Get(0));
  auto *field = const_cast<uint8_t *>(weight->GetAddressOf(format::Weight::VT_SHAPE));
  flatbuffers::WriteScalar(field, flatbuffers::ReadScalar<uint32_t>(field) + 4);
  EXPECT_NE(problemOf(fake).find("'bias': its shape must begin at a multiple of 8"), std::string::npos);
}

TEST(Description, MissingKernelsAreRefused) {
  FakeProgram fake;
  fake.table.count -= 1;
  EXPECT_NE(problemOf(fake).find("not those of the description"), std::string::npos);
  fake.table.count += 1;
  fake.kernels[2] = nullptr;
  EXPECT_NE(problemOf(fake), "");
}

TEST(Description, UnalignedBytesAreCopied) {
  FakeProgram fake;
  std::vector<uint8_t> shifted(fake.description.size() + 1);
  std::copy(fake.description.begin(), fake.description.end(), shifted.begin() + 1);
  ProgramImage image = fake.image();
  image.description = std::span(shifted).subspan(1);
  Program program(image);
  EXPECT_EQ(program.description().model()->str(), "fake");
}

TEST(Weights, AreVerifiedOnRequest) {
  FakeProgram fake;
  Program(fake.image()).verifyWeights();
  fake.bias[3] += 1;
  Program damaged(fake.image());
  EXPECT_THROW(damaged.verifyWeights(), Error);
  ProgramImage image = fake.image();
  image.weights = image.weights->first(4);
  EXPECT_THROW(Program{image}, Error);
}

TEST(CpuFeatures, TheFirstTableThatFitsIsChosen) {
  heddle_kernel_table tables[] = {{"dream", "sse2,warp-drive", nullptr, 0},
                                  {"plain", "+sse2,-avx512f", nullptr, 0},
                                  {"other", "", nullptr, 0}};
  EXPECT_EQ(&chooseKernels(tables), &tables[1]);
  try {
    chooseKernels(std::span(tables, 1));
    FAIL();
  } catch (const Error &error) {
    EXPECT_EQ(
        std::string(error.what()),
        "this processor cannot run the program: compiled for 'dream', it lacks warp-drive; compile with "
        "--cpu x86-64-v3, or on this machine");
  }
  EXPECT_THROW(chooseKernels({}), Error);
}

TEST(CpuFeatures, AgreeWithTheCompilersOwnCheck) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#define EXPECT_SAME(name) EXPECT_EQ(hasCpuFeature(name), __builtin_cpu_supports(name) != 0) << name
  EXPECT_SAME("sse4.2");
  EXPECT_SAME("avx");
  EXPECT_SAME("avx2");
  EXPECT_SAME("fma");
  EXPECT_SAME("bmi2");
  EXPECT_SAME("avx512f");
  EXPECT_SAME("avx512bw");
  EXPECT_SAME("avx512vl");
  EXPECT_SAME("avx512vnni");
  EXPECT_SAME("avx512bf16");
#undef EXPECT_SAME
#endif
}

} // namespace
