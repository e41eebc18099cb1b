//===- DeviceFacts.h - what a device is and can do --------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_DEVICEFACTS_H
#define HEDDLE_RUNTIME_VULKAN_DEVICEFACTS_H

#include "runtime/program/program_generated.h"
#include "runtime/vulkan/Instance.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::vulkan {

struct DeviceFacts {
  VkPhysicalDevice handle = nullptr;
  std::string name, driver;
  VkPhysicalDeviceType type = VK_PHYSICAL_DEVICE_TYPE_OTHER;
  uint32_t apiVersion = 0; ///< at most 1.3
  uint32_t vendor = 0, device = 0, driverVersion = 0;
  std::array<uint8_t, VK_UUID_SIZE> cacheUuid = {};
  VkPhysicalDeviceLimits limits = {};
  uint64_t largestAllocation = 0; ///< bytes
  VkPhysicalDeviceMemoryProperties memory = {};
  std::optional<uint32_t> queueFamily; ///< one that computes
  uint32_t timestampBits = 0;          ///< of that family; 0: no timestamps
  uint32_t subgroupSize = 0;
  uint32_t leastSubgroup = 0, mostSubgroup = 0; ///< sizes that can be asked for; 0: none
  uint64_t needs = 0;                           ///< bits of format::Need that it serves
  bool hasBudget = false;                       ///< VK_EXT_memory_budget
  uint64_t pageBytes = 0; ///< of the processor's pages, where it can work in those as they lie; else 0
  std::vector<std::string> extensions;          ///< those of its extensions that are made use of

  /// Why it cannot be used at all; empty: it can.
  std::string problem;

  /// The most bytes that a Buffer can have and a shader still see all of it.
  uint64_t largestBuffer() const;

  /// Whether its memory is the processor's.
  bool sharesMemory() const {
    return type == VK_PHYSICAL_DEVICE_TYPE_CPU || type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
  }
};

/// The features of a device that shaders may ask for, as VkDeviceCreateInfo takes them.
class DeviceFeatures {
public:
  /// Asks the device; `facts` must have its API version. Fills in `facts.needs` and `facts.extensions`.
  DeviceFeatures(const InstanceFunctions &vk, DeviceFacts &facts);
  DeviceFeatures(const DeviceFeatures &) = delete;
  DeviceFeatures &operator=(const DeviceFeatures &) = delete;

  /// The chain with what there is switched on.
  const VkPhysicalDeviceFeatures2 *chain() const { return &base; }

private:
  template <typename Features>
  bool add(DeviceFacts &facts, Features &features, const char *extension, uint32_t core);

  std::vector<std::string> offered;
  VkPhysicalDeviceFeatures2 base =
      structure<VkPhysicalDeviceFeatures2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2);
  VkPhysicalDevice16BitStorageFeatures storage16 = structure<VkPhysicalDevice16BitStorageFeatures>(
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES);
  VkPhysicalDevice8BitStorageFeatures storage8 =
      structure<VkPhysicalDevice8BitStorageFeatures>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES);
  VkPhysicalDeviceShaderFloat16Int8Features small = structure<VkPhysicalDeviceShaderFloat16Int8Features>(
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES);
  VkPhysicalDeviceShaderIntegerDotProductFeatures dot =
      structure<VkPhysicalDeviceShaderIntegerDotProductFeatures>(
          VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES);
  VkPhysicalDeviceSubgroupSizeControlFeatures subgroups =
      structure<VkPhysicalDeviceSubgroupSizeControlFeatures>(
          VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES);
};

/// All devices, in the order of their numbers. Throws DeviceError when there are none.
std::vector<DeviceFacts> listDevices(const Instance &instance);

/// The device to use: of number or (part of the) name `wanted`, else a real GPU before a software device.
/// Throws DeviceError when there is none, or it cannot be used.
const DeviceFacts &chooseDevice(const std::vector<DeviceFacts> &devices,
                                const std::optional<std::string> &wanted);

/// "discrete GPU", "software" and so on.
std::string_view typeName(VkPhysicalDeviceType type);

/// The needs among `bits` in words: "subgroup arithmetic, 16-bit storage". Bits that are not known have no
/// words.
std::string needNames(uint64_t bits);

/// Why the device cannot run the shader; empty: it can.
std::string whyNot(const format::Shader &shader, const DeviceFacts &facts);

/// How wide a shader's workgroups are.
struct Width {
  uint32_t pieces;      ///< of its kernel's grid that a workgroup has in hand at a time
  uint32_t invocations; ///< in a workgroup
};

/// Where a shader's workgroups can be wider, as many pieces as fill a subgroup of the device; or as many
/// teams for one piece as there can be, on a device that computes more at a time than a processor does.
Width widthOf(const format::Shader &shader, const DeviceFacts &facts);

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_DEVICEFACTS_H
