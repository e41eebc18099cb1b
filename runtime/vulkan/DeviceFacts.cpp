//===- DeviceFacts.cpp - what a device is and can do ----------------------===//

#include "runtime/vulkan/DeviceFacts.h"

#include "runtime/engine/Machine.h"
#include "runtime/program/Format.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <unistd.h>

namespace heddle::vulkan {

using format::Need;

uint64_t DeviceFacts::largestBuffer() const {
  uint64_t bytes = std::min<uint64_t>(limits.maxStorageBufferRange, largestAllocation);
  return bytes / bufferAlignment * bufferAlignment - bufferAlignment;
}

//===- Features ------------------------------------------------------------===//

static std::vector<std::string> offeredExtensions(const InstanceFunctions &vk, VkPhysicalDevice device) {
  uint32_t count = 0;
  check(vk.EnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr), "cannot list extensions");
  std::vector<VkExtensionProperties> list(count);
  check(vk.EnumerateDeviceExtensionProperties(device, nullptr, &count, list.data()),
        "cannot list extensions");
  std::vector<std::string> names;
  for (const VkExtensionProperties &extension : list)
    names.emplace_back(extension.extensionName);
  return names;
}

static bool contains(const std::vector<std::string> &list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Puts a structure into the chain when the device knows it: through the extension, or since version `core`.
template <typename Features>
bool DeviceFeatures::add(DeviceFacts &facts, Features &features, const char *extension, uint32_t core) {
  bool listed = contains(offered, extension);
  if (!listed && facts.apiVersion < core)
    return false;
  if (listed)
    facts.extensions.emplace_back(extension);
  features.pNext = base.pNext;
  base.pNext = &features;
  return true;
}

DeviceFeatures::DeviceFeatures(const InstanceFunctions &vk, DeviceFacts &facts)
    : offered(offeredExtensions(vk, facts.handle)) {
  facts.extensions.clear();
  facts.hasBudget = contains(offered, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (facts.pageBytes != 0)
    facts.extensions.emplace_back(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
  add(facts, storage16, VK_KHR_16BIT_STORAGE_EXTENSION_NAME, VK_API_VERSION_1_1);
  add(facts, storage8, VK_KHR_8BIT_STORAGE_EXTENSION_NAME, VK_API_VERSION_1_2);
  add(facts, small, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME, VK_API_VERSION_1_2);
  add(facts, dot, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, VK_API_VERSION_1_3);
  bool sizes = add(facts, subgroups, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, VK_API_VERSION_1_3);
  vk.GetPhysicalDeviceFeatures2(facts.handle, &base);
  if (!sizes || !subgroups.subgroupSizeControl)
    facts.leastSubgroup = facts.mostSubgroup = 0;

  VkPhysicalDeviceFeatures wanted = {};
  wanted.robustBufferAccess = VK_TRUE; // every device has it
  wanted.shaderInt16 = base.features.shaderInt16;
  base.features = wanted;

  auto serve = [&](bool there, Need need) { facts.needs |= there ? uint64_t(need) : 0; };
  serve(storage16.storageBuffer16BitAccess, Need::Storage16);
  serve(storage8.storageBuffer8BitAccess, Need::Storage8);
  serve(small.shaderFloat16, Need::Float16);
  serve(small.shaderInt8, Need::Int8);
  serve(dot.shaderIntegerDotProduct, Need::IntegerDot);
}

//===- Facts ---------------------------------------------------------------===//

static void findQueue(const InstanceFunctions &vk, DeviceFacts &facts) {
  uint32_t count = 0;
  vk.GetPhysicalDeviceQueueFamilyProperties(facts.handle, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.GetPhysicalDeviceQueueFamilyProperties(facts.handle, &count, families.data());
  for (uint32_t i = 0; i < count && !facts.queueFamily; ++i)
    if (families[i].queueCount > 0 && (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) {
      facts.queueFamily = i;
      facts.timestampBits = families[i].timestampValidBits;
    }
}

static DeviceFacts examine(const InstanceFunctions &vk, VkPhysicalDevice handle) {
  DeviceFacts facts;
  facts.handle = handle;
  VkPhysicalDeviceProperties plain;
  vk.GetPhysicalDeviceProperties(handle, &plain);
  facts.name = plain.deviceName;
  facts.type = plain.deviceType;
  facts.apiVersion = std::min(plain.apiVersion, uint32_t(VK_API_VERSION_1_3));
  facts.vendor = plain.vendorID;
  facts.device = plain.deviceID;
  facts.driverVersion = plain.driverVersion;
  std::copy(std::begin(plain.pipelineCacheUUID), std::end(plain.pipelineCacheUUID), facts.cacheUuid.begin());
  facts.limits = plain.limits;
  if (plain.apiVersion < VK_API_VERSION_1_1) {
    facts.problem = "its driver serves Vulkan 1.0 only, 1.1 is needed";
    return facts;
  }

  auto properties = structure<VkPhysicalDeviceProperties2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2);
  auto allocation = structure<VkPhysicalDeviceMaintenance3Properties>(
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES);
  auto subgroup =
      structure<VkPhysicalDeviceSubgroupProperties>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES);
  auto sizes = structure<VkPhysicalDeviceSubgroupSizeControlProperties>(
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES);
  auto driver =
      structure<VkPhysicalDeviceDriverProperties>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES);
  auto pages = structure<VkPhysicalDeviceExternalMemoryHostPropertiesEXT>(
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT);
  properties.pNext = &allocation;
  allocation.pNext = &subgroup;
  // Structures that a device does not know are not for it to see.
  std::vector<std::string> offered = offeredExtensions(vk, handle);
  void **end = &subgroup.pNext;
  if (facts.apiVersion >= VK_API_VERSION_1_3 ||
      contains(offered, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
    *end = &sizes;
    end = &sizes.pNext;
  }
  if (facts.apiVersion >= VK_API_VERSION_1_2 || contains(offered, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
    *end = &driver;
  // A GPU would fetch the pages of a file each time, or refuse them.
  if (facts.type == VK_PHYSICAL_DEVICE_TYPE_CPU &&
      contains(offered, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)) {
    pages.pNext = properties.pNext;
    properties.pNext = &pages;
  }
  vk.GetPhysicalDeviceProperties2(handle, &properties);
  auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE)), least = pages.minImportedHostPointerAlignment;
  facts.pageBytes = least != 0 && page % least == 0 ? page : 0;
  facts.driver = fmt::format("{} {}", driver.driverName, driver.driverInfo);
  facts.largestAllocation = allocation.maxMemoryAllocationSize;
  facts.subgroupSize = subgroup.subgroupSize;
  if (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) {
    facts.leastSubgroup = sizes.minSubgroupSize;
    facts.mostSubgroup = sizes.maxSubgroupSize;
  }
  if (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) {
    if (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT)
      facts.needs |= uint64_t(Need::SubgroupArithmetic);
    if (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_BALLOT_BIT)
      facts.needs |= uint64_t(Need::SubgroupBallot);
  }
  DeviceFeatures features(vk, facts);

  auto memory =
      structure<VkPhysicalDeviceMemoryProperties2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2);
  vk.GetPhysicalDeviceMemoryProperties2(handle, &memory);
  facts.memory = memory.memoryProperties;
  findQueue(vk, facts);
  if (!facts.queueFamily)
    facts.problem = "it has no queue that computes";
  return facts;
}

std::vector<DeviceFacts> listDevices(const Instance &instance) {
  std::vector<DeviceFacts> devices;
  for (VkPhysicalDevice handle : instance.physicalDevices())
    devices.push_back(examine(instance.functions(), handle));
  return devices;
}

//===- Choice --------------------------------------------------------------===//

/// Less is better.
static int rankOf(const DeviceFacts &facts) {
  switch (facts.type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 0;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 1;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return 4;
  default:
    return 3;
  }
}

static std::string lower(std::string_view text) {
  std::string result;
  for (char c : text)
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

static bool matches(const DeviceFacts &facts, size_t number, const std::string &wanted) {
  bool isNumber = !wanted.empty() &&
                  std::all_of(wanted.begin(), wanted.end(), [](char c) { return c >= '0' && c <= '9'; });
  return isNumber ? std::to_string(number) == wanted
                  : lower(facts.name).find(lower(wanted)) != std::string::npos;
}

const DeviceFacts &chooseDevice(const std::vector<DeviceFacts> &devices,
                                const std::optional<std::string> &wanted) {
  const DeviceFacts *best = nullptr;
  std::string names;
  for (size_t i = 0; i < devices.size(); ++i) {
    const DeviceFacts &facts = devices[i];
    names += fmt::format("{}{} '{}'", i == 0 ? "" : ", ", i, facts.name);
    if (wanted && !matches(facts, i, *wanted))
      continue;
    bool better = !best || (!best->problem.empty() && facts.problem.empty()) ||
                  (best->problem.empty() == facts.problem.empty() && rankOf(facts) < rankOf(*best));
    if (better)
      best = &facts;
  }
  if (!best)
    throw DeviceError(fmt::format("no Vulkan device '{}': there {} {}", wanted.value_or(""),
                                  devices.size() == 1 ? "is" : "are", names));
  if (!best->problem.empty())
    throw DeviceError(fmt::format("the device '{}' cannot be used: {}", best->name, best->problem));
  return *best;
}

std::string_view typeName(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return "discrete GPU";
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return "integrated GPU";
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return "virtual GPU";
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return "software";
  default:
    return "other";
  }
}

//===- Shaders -------------------------------------------------------------===//

static constexpr struct {
  Need need;
  const char *name;
} needWords[] = {
    {Need::SubgroupArithmetic, "subgroup arithmetic"},
    {Need::SubgroupBallot, "subgroup ballot"},
    {Need::Storage16, "16-bit storage"},
    {Need::Storage8, "8-bit storage"},
    {Need::Float16, "float16"},
    {Need::Int8, "int8"},
    {Need::IntegerDot, "integer dot product"},
};

std::string needNames(uint64_t bits) {
  std::string names;
  for (const auto &[need, name] : needWords)
    if (bits & uint64_t(need))
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  return names;
}

/// The newest SPIR-V that a version of Vulkan takes, as its second word has it.
static uint32_t newestSpirv(uint32_t apiVersion) {
  return apiVersion >= VK_API_VERSION_1_3 ? 0x10600 : apiVersion >= VK_API_VERSION_1_2 ? 0x10500 : 0x10300;
}

static uint32_t mostInvocations(const DeviceFacts &facts) {
  return std::min(facts.limits.maxComputeWorkGroupInvocations, facts.limits.maxComputeWorkGroupSize[0]);
}

std::string whyNot(const format::Shader &shader, const DeviceFacts &facts) {
  uint64_t missing = shader.needs() & ~facts.needs;
  if (missing & ~uint64_t(Need::ANY))
    return "the shader needs something that this runtime does not know";
  if (missing != 0)
    return fmt::format("the device lacks {}", needNames(missing));
  if (shader.spirv()->Get(1) > newestSpirv(facts.apiVersion))
    return "the shader needs a newer version of Vulkan";
  const VkPhysicalDeviceLimits &limits = facts.limits;
  uint32_t invocations = mostInvocations(facts);
  if (shader.workgroup() > invocations)
    return fmt::format("the shader needs {} invocations in a workgroup, the device has {}",
                       shader.workgroup(), invocations);
  if (shader.shared() > limits.maxComputeSharedMemorySize)
    return fmt::format("the shader needs {} bytes of shared memory, the device has {}", shader.shared(),
                       limits.maxComputeSharedMemorySize);
  if (uint32_t size = shader.subgroup();
      size != 0 && size != facts.subgroupSize && (size < facts.leastSubgroup || size > facts.mostSubgroup))
    return fmt::format("the shader needs subgroups of {}, the device has {}", size, facts.subgroupSize);
  return "";
}

Width widthOf(const format::Shader &shader, const DeviceFacts &facts) {
  uint32_t useful = !shader.teams()                             ? facts.subgroupSize
                    : facts.type == VK_PHYSICAL_DEVICE_TYPE_CPU ? shader.workgroup()
                                                                : shader.widest();
  uint32_t most = std::min({shader.widest(), useful, mostInvocations(facts)});
  uint32_t times = std::max(most / shader.workgroup(), 1u);
  return {shader.teams() ? 1 : times, times * shader.workgroup()};
}

} // namespace heddle::vulkan
