//===- DeviceFactsTest.cpp - which device is taken, and which shader -------===//

#include "runtime/vulkan/DeviceFacts.h"

#include "runtime/engine/Machine.h"

#include <gtest/gtest.h>

using namespace heddle;
using namespace heddle::vulkan;
using format::Need;

namespace {

DeviceFacts device(const std::string &name, VkPhysicalDeviceType type, const std::string &problem = "") {
  DeviceFacts facts;
  facts.name = name;
  facts.type = type;
  facts.problem = problem;
  return facts;
}

const std::vector<DeviceFacts> several = {
    device("llvmpipe", VK_PHYSICAL_DEVICE_TYPE_CPU),
    device("Virtual", VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU),
    device("Intel Graphics", VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU),
    device("Old Card", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
           "its driver serves Vulkan 1.0 only, 1.1 is needed"),
    device("Radeon A", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU),
    device("Radeon B", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU),
};

std::string chosen(const std::vector<DeviceFacts> &devices, const std::optional<std::string> &wanted = {}) {
  try {
    return chooseDevice(devices, wanted).name;
  } catch (const DeviceError &error) {
    return error.what();
  }
}

TEST(Devices, RealOnesBeforeSoftware) {
  std::vector<DeviceFacts> devices = several;
  for (const char *expected : {"Radeon A", "Radeon B", "Intel Graphics", "Virtual", "llvmpipe"}) {
    EXPECT_EQ(chosen(devices), expected);
    std::erase_if(devices, [&](const DeviceFacts &facts) { return facts.name == expected; });
  }
  EXPECT_EQ(chosen(devices),
            "the device 'Old Card' cannot be used: its driver serves Vulkan 1.0 only, 1.1 is needed");
}

TEST(Devices, AreChosenByNumberOrName) {
  EXPECT_EQ(chosen(several, "0"), "llvmpipe");
  EXPECT_EQ(chosen(several, "5"), "Radeon B");
  EXPECT_EQ(chosen(several, "radeon"), "Radeon A");
  EXPECT_EQ(chosen(several, "on b"), "Radeon B");
  EXPECT_EQ(chosen(several, "GRAPHICS"), "Intel Graphics");
  EXPECT_EQ(chosen(several, "3"),
            "the device 'Old Card' cannot be used: its driver serves Vulkan 1.0 only, 1.1 is needed");
  EXPECT_EQ(chosen({several[0], several[1]}, "6"),
            "no Vulkan device '6': there are 0 'llvmpipe', 1 'Virtual'");
  EXPECT_EQ(chosen({several[0]}, "Radeon"), "no Vulkan device 'Radeon': there is 0 'llvmpipe'");
}

/// A device of Vulkan 1.1 that offers no more than it must.
DeviceFacts modest() {
  DeviceFacts facts = device("modest", VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU);
  facts.apiVersion = VK_API_VERSION_1_1;
  facts.limits.maxComputeWorkGroupInvocations = facts.limits.maxComputeWorkGroupSize[0] = 128;
  facts.limits.maxComputeSharedMemorySize = 16384;
  facts.subgroupSize = 1;
  return facts;
}

struct ShaderText {
  uint64_t needs = 0;
  uint32_t workgroup = 128, shared = 16384, subgroup = 0, spirv = 0x10300, widest = 0;
  bool teams = false;
};

template <typename Function> auto of(const ShaderText &text, Function function, const DeviceFacts &facts) {
  flatbuffers::FlatBufferBuilder b;
  std::vector<uint32_t> spirv{0x07230203, text.spirv, 0, 0, 0};
  b.Finish(format::CreateShaderDirect(b, &spirv, text.needs, text.workgroup, text.shared, text.subgroup,
                                      text.widest, text.teams));
  return function(*flatbuffers::GetRoot<format::Shader>(b.GetBufferPointer()), facts);
}

std::string reasonFor(const ShaderText &text, const DeviceFacts &facts) { return of(text, whyNot, facts); }

TEST(Shaders, TheBaselineRunsEverywhere) { EXPECT_EQ(reasonFor({}, modest()), ""); }

TEST(Shaders, ReasonsAreGiven) {
  DeviceFacts facts = modest();
  EXPECT_EQ(reasonFor({.needs = uint64_t(Need::SubgroupArithmetic) | uint64_t(Need::Float16)}, facts),
            "the device lacks subgroup arithmetic, float16");
  EXPECT_EQ(reasonFor({.needs = uint64_t(1) << 40}, facts),
            "the shader needs something that this runtime does not know");
  EXPECT_EQ(reasonFor({.workgroup = 256}, facts),
            "the shader needs 256 invocations in a workgroup, the device has 128");
  EXPECT_EQ(reasonFor({.shared = 16400}, facts),
            "the shader needs 16400 bytes of shared memory, the device has 16384");
  EXPECT_EQ(reasonFor({.subgroup = 32}, facts), "the shader needs subgroups of 32, the device has 1");
  EXPECT_EQ(reasonFor({.spirv = 0x10500}, facts), "the shader needs a newer version of Vulkan");
}

TEST(Shaders, MoreIsTakenWhereItIs) {
  DeviceFacts facts = modest();
  facts.apiVersion = VK_API_VERSION_1_3;
  facts.needs = uint64_t(Need::SubgroupArithmetic) | uint64_t(Need::Float16) | uint64_t(Need::Storage16);
  facts.subgroupSize = 64;
  facts.leastSubgroup = 32;
  facts.mostSubgroup = 64;
  facts.limits.maxComputeWorkGroupInvocations = facts.limits.maxComputeWorkGroupSize[0] = 1024;
  EXPECT_EQ(reasonFor({.needs = uint64_t(Need::Float16), .workgroup = 1024, .subgroup = 32, .spirv = 0x10600},
                      facts),
            "");
  EXPECT_EQ(reasonFor({.subgroup = 16}, facts), "the shader needs subgroups of 16, the device has 64");
}

TEST(Shaders, PiecesFillASubgroup) {
  DeviceFacts facts = modest();
  auto pieces = [&](uint32_t subgroup, uint32_t widest) {
    facts.subgroupSize = subgroup;
    Width width = of({.workgroup = 16, .widest = widest}, widthOf, facts);
    EXPECT_EQ(width.invocations, 16 * width.pieces);
    return width.pieces;
  };
  EXPECT_EQ(pieces(1, 128), 1u);
  EXPECT_EQ(pieces(8, 128), 1u);
  EXPECT_EQ(pieces(32, 128), 2u);
  EXPECT_EQ(pieces(64, 128), 4u);
  EXPECT_EQ(pieces(256, 128), 8u);
  EXPECT_EQ(pieces(64, 0), 1u);
  facts.limits.maxComputeWorkGroupInvocations = 40;
  EXPECT_EQ(pieces(64, 128), 2u);
}

TEST(Shaders, TeamsShareAPieceWhereThereIsRoom) {
  DeviceFacts facts = modest();
  auto invocations = [&](VkPhysicalDeviceType type) {
    facts.type = type;
    Width width = of({.workgroup = 16, .widest = 128, .teams = true}, widthOf, facts);
    EXPECT_EQ(width.pieces, 1u);
    return width.invocations;
  };
  EXPECT_EQ(invocations(VK_PHYSICAL_DEVICE_TYPE_CPU), 16u);
  EXPECT_EQ(invocations(VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU), 128u);
  EXPECT_EQ(invocations(VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU), 128u);
  facts.limits.maxComputeWorkGroupInvocations = 40;
  EXPECT_EQ(invocations(VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU), 32u);
}

} // namespace
