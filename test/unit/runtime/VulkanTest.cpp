//===- VulkanTest.cpp - fake programs on a Vulkan device ------------------===//

#include "VulkanFixture.h"

#include "runtime/engine/CpuExecutor.h"
#include "runtime/engine/Session.h"
#include "runtime/text/Sampler.h"
#include "runtime/vulkan/Device.h"
#include "runtime/vulkan/PipelineCache.h"
#include "runtime/vulkan/VulkanExecutor.h"
#include "runtime/vulkan/VulkanMachine.h"

#include <fstream>
#include <map>
#include <xxhash.h>

using namespace heddle;
using namespace heddle::test;
using heddle::vulkan::VulkanExecutor;
using heddle::vulkan::VulkanMachine;

namespace {

std::vector<int32_t> someTokens(size_t count) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<int32_t>((i * 5 + 3) % fakeVocabulary));
  return tokens;
}

/// All rows that a session hands out, by name.
using Collected = std::map<std::string, std::vector<float>>;

RowSink collectInto(Collected &rows) {
  return [&rows](const Rows &some) {
    std::vector<float> &all = rows[std::string(some.name)];
    all.insert(all.end(), some.data.begin(), some.data.end());
  };
}

class VulkanTest : public DeviceTest {
protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!IsSkipped())
      machine = std::make_unique<VulkanMachine>(std::nullopt);
  }

  void TearDown() override {
    machine.reset();
    DeviceTest::TearDown();
  }

  FakeProgram fake{vulkanOptions(FakeKind::Decoder)};
  Program program{fake.image()};
  ThreadPool pool{1};
  CpuMachine cpu{pool};
  std::unique_ptr<VulkanMachine> machine;
};

TEST_F(VulkanTest, ComputesWhatTheProcessorDoes) {
  std::vector<int32_t> tokens = someTokens(700);
  Collected expected, found;
  Session(program, cpu, 1000).evaluate(tokens, {}, collectInto(expected), /*taps=*/true);
  Session(program, *machine, 1000).evaluate(tokens, {}, collectInto(found), /*taps=*/true);
  ASSERT_EQ(expected.size(), 2u); // logits and a tap
  EXPECT_EQ(found, expected);
}

TEST_F(VulkanTest, WeightsAreUsedWhereTheyLie) {
  if (machine->device().facts.pageBytes == 0)
    GTEST_SKIP() << "the device has memory of its own";
  struct alignas(1 << 16) Pages {
    std::array<float, fakeVocabulary> bias;
  };
  auto pages = std::make_unique<Pages>(Pages{fake.bias});
  ProgramImage image = fake.image();
  image.weights = {reinterpret_cast<const uint8_t *>(pages->bias.data()), sizeof pages->bias};
  Program mapped(image);
  std::vector<int32_t> tokens = someTokens(20);
  Collected expected, found;
  Session(program, cpu, 64).evaluate(tokens, {}, collectInto(expected), /*taps=*/true);
  uint64_t bytes[2];
  for (int i = 0; i < 2; ++i) {
    VulkanMachine one(std::nullopt);
    Session session(i == 0 ? program : mapped, one, 64);
    found.clear();
    session.evaluate(tokens, {}, collectInto(found), /*taps=*/true);
    EXPECT_EQ(found, expected);
    bytes[i] = one.deviceBytes();
  }
  EXPECT_LT(bytes[1], bytes[0]);
}

TEST_F(VulkanTest, EntriesOfManyStepsRunInBatches) {
  FakeOptions options = vulkanOptions();
  options.sums = 100;
  FakeProgram other(options);
  Program longer(other.image());
  std::vector<int32_t> tokens = someTokens(40);
  for (bool taps : {false, true}) {
    Collected expected, found;
    Session(longer, cpu, 64).evaluate(tokens, {}, collectInto(expected), taps);
    Session session(longer, *machine, 64);
    uint64_t submissions = machine->device().submissions;
    session.evaluate(tokens, {}, collectInto(found), taps);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(machine->device().submissions, submissions + 2); // one clears the activations
  }
}

TEST_F(VulkanTest, EncodersRun) {
  FakeProgram other(vulkanOptions(FakeKind::Encoder));
  Program encoder(other.image());
  std::vector<int32_t> tokens = someTokens(300), types(tokens.size(), 1);
  Input extra("token_type_ids", types);
  for (std::span<const Input> inputs : {std::span<const Input>(&extra, 1), std::span<const Input>()}) {
    Collected expected, found;
    Session(encoder, cpu, 1000).evaluate(tokens, inputs, collectInto(expected));
    Session(encoder, *machine, 1000).evaluate(tokens, inputs, collectInto(found));
    EXPECT_EQ(found, expected);
  }
}

TEST_F(VulkanTest, EncoderDecodersRun) {
  FakeProgram other(vulkanOptions(FakeKind::EncoderDecoder));
  Program both(other.image());
  Session session(both, *machine, 64), reference(both, cpu, 64);
  for (size_t length : {5, 9, 2}) {
    Collected expected, found;
    RowSink sink = collectInto(found), referenceSink = collectInto(expected);
    session.encode(someTokens(length), &sink, /*taps=*/true);
    reference.encode(someTokens(length), &referenceSink, /*taps=*/true);
    EXPECT_EQ(found, expected);
    for (int32_t token : {1, 3, 6}) {
      std::span<const float> a = session.feed({&token, 1}), b = reference.feed({&token, 1});
      EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
  }
}

TEST_F(VulkanTest, KernelsWaitForALongerText) {
  FakeOptions options = vulkanOptions();
  options.beyond = 8;
  FakeProgram other(options);
  Program waiting(other.image());
  Session session(waiting, *machine, 64), reference(waiting, cpu, 64), never(program, cpu, 64);
  auto &executor = dynamic_cast<VulkanExecutor &>(session.getExecutor());
  std::vector<uint64_t> recordings;
  std::vector<bool> differs;
  for (int32_t token : someTokens(12)) {
    std::span<const float> a = session.feed({&token, 1}), b = reference.feed({&token, 1});
    std::span<const float> c = never.feed({&token, 1});
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    recordings.push_back(executor.recordings);
    differs.push_back(!std::equal(a.begin(), a.end(), c.begin(), c.end()));
  }
  EXPECT_TRUE(differs[0]);
  EXPECT_EQ(recordings[7], recordings[1]);
  EXPECT_EQ(recordings[8], recordings[7] + 1); // the text has grown beyond 8
  EXPECT_EQ(recordings[11], recordings[8]);
}

TEST_F(VulkanTest, DecodingReplaysOneRecording) {
  Session session(program, *machine, 256);
  std::vector<int32_t> tokens = someTokens(10);
  auto next = [&](std::span<const float> logits) { tokens.push_back(argmax(logits)); };
  next(session.feed(tokens));
  next(session.feed(std::span(tokens).last(1)));

  auto &executor = dynamic_cast<VulkanExecutor &>(session.getExecutor());
  vulkan::Device &device = machine->device();
  uint64_t recordings = executor.recordings, submissions = device.submissions,
           allocations = device.allocations;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(tokens.back(), nextOf({tokens.begin(), tokens.end() - 1}));
    next(session.feed(std::span(tokens).last(1)));
  }
  EXPECT_EQ(executor.recordings, recordings);
  EXPECT_EQ(device.submissions, submissions + 100);
  EXPECT_EQ(device.allocations, allocations);
}

TEST_F(VulkanTest, SeveralSessionsShareTheWeights) {
  Session first(program, *machine, 64);
  uint64_t allocations = machine->device().allocations;
  Session second(program, *machine, 64);
  EXPECT_EQ(machine->device().allocations - allocations, 3u); // a cache, the call's sizes, and nothing
  std::vector<int32_t> tokens = someTokens(20);
  EXPECT_EQ(argmax(first.feed(tokens)), nextOf(tokens));
  EXPECT_EQ(argmax(second.feed(tokens)), nextOf(tokens));
}

TEST_F(VulkanTest, StepsAreTimed) {
  Session session(program, *machine, 64);
  Executor &executor = session.getExecutor();
  session.feed(someTokens(8));
  executor.startProfile();
  session.feed(someTokens(8));
  session.feed(someTokens(8));
  const Executor::Profile *profile = executor.profileOf(*session.entryFor(8));
  ASSERT_NE(profile, nullptr);
  EXPECT_EQ(profile->calls, 2u);
  ASSERT_EQ(profile->steps.size(), 3u);
  for (const auto &cost : profile->steps) {
    EXPECT_GT(cost.nanoseconds, 0u);
    EXPECT_LT(cost.nanoseconds, 10'000'000'000u);
    EXPECT_EQ(cost.operations, 32); // T times 2, twice
  }
}

std::string bytesOf(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(VulkanTest, PipelinesAreKeptOnDisk) {
  std::filesystem::path path;
  {
    vulkan::PipelineCache cache(machine->device(), 1);
    EXPECT_FALSE(cache.wasRead());
    cache.save();
    path = cache.path();
    EXPECT_EQ(path.parent_path(), runFolder() / "heddle" / "vulkan");
  }
  const std::string sound = bytesOf(path);
  ASSERT_GE(sound.size(), 16 + sizeof(VkPipelineCacheHeaderVersionOne));
  EXPECT_TRUE(vulkan::PipelineCache(machine->device(), 1).wasRead());
  EXPECT_FALSE(vulkan::PipelineCache(machine->device(), 2).wasRead());

  // Damage of all sorts: it counts as none, and the next one who saves replaces it.
  std::string foreign = sound.substr(16);
  foreign[8] ^= 1; // the vendor
  uint64_t hash = XXH3_64bits(foreign.data(), foreign.size());
  foreign = sound.substr(0, 8) + std::string(reinterpret_cast<char *>(&hash), 8) + foreign;
  std::string flipped = sound;
  flipped.back() ^= 1;
  for (const std::string &damaged : {std::string(), sound.substr(0, 20), sound + "x", flipped, foreign}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
    vulkan::PipelineCache cache(machine->device(), 1);
    EXPECT_FALSE(cache.wasRead());
    cache.save();
    EXPECT_TRUE(vulkan::PipelineCache(machine->device(), 1).wasRead());
  }
}

TEST_F(VulkanTest, ProgramsUseThem) {
  auto files = [] {
    std::filesystem::directory_iterator list(runFolder() / "heddle" / "vulkan");
    return std::distance(begin(list), end(list));
  };
  std::filesystem::remove_all(runFolder() / "heddle");
  for (int round = 0; round < 2; ++round) {
    {
      VulkanMachine one(std::nullopt);
      Session session(program, one, 64);
    } // and with them who builds pipelines and saves them
    EXPECT_EQ(files(), 2); // the cache, and that its kernels are sound
  }
}

//===- the self-check ------------------------------------------------------===//

void halfOfSum(const heddle_call *call, int64_t begin, int64_t end) {
  fakeKernels[1](call, begin, end);
  for (int64_t t = begin; t < end; ++t)
    static_cast<float *>(call->buffers[1])[t * fakeWidth] *= 0.5f;
}

TEST_F(VulkanTest, WrongKernelsAreRefusedByName) {
  auto files = runFolder() / "heddle";
  std::filesystem::remove_all(files);
  FakeProgram other(vulkanOptions(FakeKind::Decoder));
  other.kernels[1] = halfOfSum; // whichever of the two is wrong: they differ
  Program differs(other.image());
  auto start = [&](const Program &one) -> std::string {
    try {
      Session session(one, *machine, 64);
      return "";
    } catch (const DeviceError &error) {
      return error.what();
    }
  };
  for (int round = 0; round < 2; ++round) { // what is wrong is not believed the second time either
    std::string message = start(differs);
    EXPECT_NE(message.find("computes wrongly"), std::string::npos) << message;
    EXPECT_NE(message.find("'sum_up' (element"), std::string::npos) << message;
    EXPECT_EQ(message.find("project"), std::string::npos) << message;
  }
  EXPECT_EQ(start(program), "");
  EXPECT_EQ(start(differs), ""); // found sound before: not looked at again
  std::filesystem::remove_all(files);
}

} // namespace
