//===- VulkanErrorsTest.cpp - devices that are not there, or fail ---------===//

#include "RunVerb.h"
#include "VulkanFixture.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

using namespace heddle;
using namespace heddle::test;

namespace {

/// Sets environment variables for a test.
class Environment {
public:
  void set(const char *name, const std::string &value) {
    names.push_back(name);
    setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    for (const char *name : names)
      unsetenv(name);
  }

private:
  std::vector<const char *> names;
};

class VulkanErrorsTest : public DeviceTest {
protected:
  void SetUp() override {
    DeviceTest::SetUp();
    options.target = "vulkan";
    options.bounded = false;
  }

  /// From now on, this goes wrong: FakeLoader.cpp.
  void bringBadLuck(const std::string &what) {
    environment.set("HEDDLE_VULKAN_LOADER", FAKE_LOADER);
    environment.set("FAKE_VULKAN", what);
  }

  /// The program with shaders only ends with `message`; the one that has kernels for the processor, too,
  /// warns and goes on, unless it was told which device to use.
  void expectError(const std::string &message,
                   std::vector<std::string> arguments = {"bcd", "-n", "6", "--greedy"}) {
    Outcome outcome = runVerb(FakeProgram(options), arguments);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.err.rfind("fake: error: ", 0), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;

    FakeOptions both = options;
    both.target = "vulkan,cpu";
    outcome = runVerb(FakeProgram(both), {"bcd", "-n", "6", "--greedy"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, continuation("bcd", 6) + "\n");
    EXPECT_EQ(outcome.err.rfind("warning: ", 0), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find("; going on with the processor\n"), std::string::npos) << outcome.err;

    EXPECT_EQ(runVerb(FakeProgram(both), {"bcd", "-n", "6", "--greedy", "--device", "0"}).status, 1);
    EXPECT_EQ(runVerb(FakeProgram(both), {"bcd", "-n", "6", "--greedy", "--device", "cpu"}).out,
              continuation("bcd", 6) + "\n");
  }

  FakeOptions options;
  Environment environment;
};

TEST_F(VulkanErrorsTest, NoLoader) {
  environment.set("HEDDLE_VULKAN_LOADER", (runFolder() / "libvulkan.so.1").string());
  expectError("no Vulkan on this machine: cannot open its loader");
}

TEST_F(VulkanErrorsTest, NoDriver) {
  environment.set("VK_ICD_FILENAMES", "");
  environment.set("VK_DRIVER_FILES", (runFolder() / "none.json").string());
  expectError("no Vulkan driver on this machine");
}

TEST_F(VulkanErrorsTest, NoDevice) {
  bringBadLuck("devices=0");
  expectError("no Vulkan driver on this machine");
}

TEST_F(VulkanErrorsTest, OldLoader) {
  bringBadLuck("version=0");
  expectError("the Vulkan loader serves Vulkan 1.0 only");
}

TEST_F(VulkanErrorsTest, MissingLimit) {
  bringBadLuck("invocations=16");
  expectError(
      "cannot run the kernel 'remember': the shader needs 32 invocations in a workgroup, the device has 16");
}

TEST_F(VulkanErrorsTest, LostInUpload) {
  bringBadLuck("hidden=1,submissions=2");
  expectError("the device was lost");
}

TEST_F(VulkanErrorsTest, LostInPrefill) {
  bringBadLuck("submissions=3");
  expectError("the device was lost");
}

TEST_F(VulkanErrorsTest, LostInMidGeneration) {
  bringBadLuck("submissions=7");
  expectError("the device was lost");
}

TEST_F(VulkanErrorsTest, MemoryThatCannotBeHad) {
  bringBadLuck("allocations=1");
  expectError("no room for weights 0 (64 B) on '");
}

TEST_F(VulkanErrorsTest, MemoryThatTheProcessorDoesNotSee) {
  bringBadLuck("hidden=1,dirty=1"); // no bad luck, but how most devices are
  Outcome outcome = runVerb(FakeProgram(options), {"bcd", "-n", "6", "--greedy"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, continuation("bcd", 6) + "\n");
}

TEST_F(VulkanErrorsTest, MemoryThatIsKnownToBeShort) {
  options.memoryExtra = 1024;
  Outcome outcome = runVerb(FakeProgram(options), {"bcd", "--context", "100000000"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(
      outcome.err.find("': a context of 100000000 tokens needs 95.4 TiB (64 B for weights, 95.4 TiB for its "
                       "cache, "),
      std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("; try a smaller --context, another --device"), std::string::npos);
}

TEST_F(VulkanErrorsTest, BuffersThatCannotBeBound) {
  options.memoryExtra = 64;
  bringBadLuck("range=1048576");
  Outcome outcome = runVerb(FakeProgram(options), {"bcd", "--context", "32"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("a context of 32 tokens needs 2.00 MiB in one buffer, the device"),
            std::string::npos)
      << outcome.err;
}

TEST_F(VulkanErrorsTest, DevicesAreListedAndChosen) {
  FakeProgram fake(vulkanOptions());
  Outcome list = runVerb(fake, {"info", "--devices"});
  EXPECT_EQ(list.status, 0);
  EXPECT_NE(list.out.find("  cpu  this processor, kernels for 'any'\n"), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("* 0  "), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("       shaders: 6 baseline\n"), std::string::npos) << list.out;
  std::string name = list.out.substr(5, list.out.find('\n') - 5);

  for (const std::string &wanted : {std::string("0"), name, name.substr(1, 4)}) {
    Outcome bench = runVerb(fake, {"bench", "--json", "--prompt", "3", "--generate", "2", "--repeat", "1",
                                   "--profile", "--device", wanted});
    ASSERT_EQ(bench.status, 0) << bench.err;
    auto json = nlohmann::json::parse(bench.out);
    EXPECT_EQ(json["target"], "vulkan");
    EXPECT_EQ(json["device"], name);
    EXPECT_NE(bench.err.find("sum_up"), std::string::npos) << bench.err;
  }
  EXPECT_EQ(
      runVerb(fake, {"bcd", "--device", "warp"}).err.rfind("fake: error: no Vulkan device 'warp': there ", 0),
      0u);
  EXPECT_EQ(
      runVerb(FakeProgram(options), {"bcd", "--device", "cpu"}).err,
      "fake: error: no device 'cpu': the program has shaders only; compile with --target vulkan,cpu to have "
      "both\n");
  EXPECT_EQ(runVerb(FakeProgram(), {"bcd", "--device", "warp"}).err,
            "fake: error: no device 'warp': the program runs on 'cpu' only; compile with --target vulkan\n");

  Outcome info = runVerb(fake, {"info"});
  EXPECT_NE(info.out.find("  pool\n      for newer runtimes: 32 invocations, "), std::string::npos)
      << info.out;
  EXPECT_NE(info.out.find("* baseline: 32 invocations, "), std::string::npos) << info.out;
  EXPECT_NE(info.out.find("): 6 baseline; 6 for newer runtimes\n"), std::string::npos) << info.out;
}

} // namespace
