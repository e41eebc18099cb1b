//===- VulkanFixture.cpp - what tests on a device share -------------------===//

#include "VulkanFixture.h"

#include "runtime/vulkan/VulkanMachine.h"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;

namespace heddle::test {

const fs::path &runFolder() {
  static const fs::path folder = fs::path(testing::TempDir()) / ("heddle-vulkan-" + std::to_string(getpid()));
  return folder;
}

FakeOptions vulkanOptions(FakeKind kind) {
  FakeOptions options;
  options.kind = kind;
  options.target = "vulkan,cpu";
  options.bounded = false;
  return options;
}

static fs::path logFile() { return runFolder() / "validation.log"; }

/// Has the validation layer write what it finds to a file.
static void switchOnValidation() {
  fs::path settings = runFolder() / "vk_layer_settings.txt";
  std::ofstream(settings) << "khronos_validation.enables = "
                             "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT\n"
                             "khronos_validation.report_flags = error,warn,perf\n"
                             "khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
                             "khronos_validation.log_filename = "
                          << logFile().string() << "\n";
  setenv("VK_LAYER_SETTINGS_PATH", settings.c_str(), 1);
  for (const char *layers :
       {"/usr/share/vulkan/explicit_layer.d", "/usr/local/share/vulkan/explicit_layer.d"})
    if (fs::exists(fs::path(layers) / "VkLayer_khronos_validation.json"))
      setenv("VK_INSTANCE_LAYERS", "VK_LAYER_KHRONOS_validation", 0);
}

void DeviceTest::SetUp() {
  static const std::string missing = []() -> std::string {
    if (!haveFakeShaders)
      return "built without glslangValidator";
    try {
      openVulkanMachine(std::nullopt);
      return "";
    } catch (const DeviceError &error) {
      return error.what();
    }
  }();
  if (!missing.empty())
    GTEST_SKIP() << missing;
}

void DeviceTest::TearDown() {
  std::ifstream log(logFile());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(log), {}), "");
  std::ofstream(logFile(), std::ios::trunc);
}

} // namespace heddle::test

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  const fs::path &folder = heddle::test::runFolder();
  fs::create_directories(folder);
  setenv("XDG_CACHE_HOME", folder.c_str(), 1);
  heddle::test::switchOnValidation();
  int status = RUN_ALL_TESTS();
  fs::remove_all(folder);
  return status;
}
