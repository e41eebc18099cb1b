//===- Functions.h - Vulkan's functions, looked up at run time --*- C++ -*-===//
//
// Nothing links libvulkan.so.1: a program opens it when it computes on a device.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_VULKAN_FUNCTIONS_H
#define HEDDLE_RUNTIME_VULKAN_FUNCTIONS_H

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <vulkan/vulkan_core.h>

#include <string>
#include <string_view>

// Each list is of names without "vk".
#define HEDDLE_VULKAN_GLOBAL(X)                                                                              \
  X(EnumerateInstanceVersion)                                                                                \
  X(EnumerateInstanceExtensionProperties)                                                                    \
  X(CreateInstance)

#define HEDDLE_VULKAN_INSTANCE(X)                                                                            \
  X(DestroyInstance)                                                                                         \
  X(EnumeratePhysicalDevices)                                                                                \
  X(EnumerateDeviceExtensionProperties)                                                                      \
  X(GetPhysicalDeviceProperties)                                                                             \
  X(GetPhysicalDeviceProperties2)                                                                            \
  X(GetPhysicalDeviceFeatures2)                                                                              \
  X(GetPhysicalDeviceMemoryProperties2)                                                                      \
  X(GetPhysicalDeviceQueueFamilyProperties)                                                                  \
  X(CreateDevice)                                                                                            \
  X(GetDeviceProcAddr)

#define HEDDLE_VULKAN_DEVICE(X)                                                                              \
  X(DestroyDevice)                                                                                           \
  X(GetDeviceQueue)                                                                                          \
  X(QueueSubmit)                                                                                             \
  X(AllocateMemory)                                                                                          \
  X(FreeMemory)                                                                                              \
  X(MapMemory)                                                                                               \
  X(BindBufferMemory)                                                                                        \
  X(GetBufferMemoryRequirements)                                                                             \
  X(CreateBuffer)                                                                                            \
  X(DestroyBuffer)                                                                                           \
  X(CreateFence)                                                                                             \
  X(DestroyFence)                                                                                            \
  X(ResetFences)                                                                                             \
  X(WaitForFences)                                                                                           \
  X(CreateCommandPool)                                                                                       \
  X(DestroyCommandPool)                                                                                      \
  X(AllocateCommandBuffers)                                                                                  \
  X(BeginCommandBuffer)                                                                                      \
  X(EndCommandBuffer)                                                                                        \
  X(CmdCopyBuffer)                                                                                           \
  X(CmdFillBuffer)                                                                                           \
  X(CmdPipelineBarrier)                                                                                      \
  X(CmdBindPipeline)                                                                                         \
  X(CmdBindDescriptorSets)                                                                                   \
  X(CmdPushConstants)                                                                                        \
  X(CmdDispatch)                                                                                             \
  X(CmdResetQueryPool)                                                                                       \
  X(CmdWriteTimestamp)                                                                                       \
  X(CreateQueryPool)                                                                                         \
  X(DestroyQueryPool)                                                                                        \
  X(GetQueryPoolResults)                                                                                     \
  X(CreateDescriptorSetLayout)                                                                               \
  X(DestroyDescriptorSetLayout)                                                                              \
  X(CreateDescriptorPool)                                                                                    \
  X(DestroyDescriptorPool)                                                                                   \
  X(AllocateDescriptorSets)                                                                                  \
  X(UpdateDescriptorSets)                                                                                    \
  X(CreatePipelineLayout)                                                                                    \
  X(DestroyPipelineLayout)                                                                                   \
  X(CreateShaderModule)                                                                                      \
  X(DestroyShaderModule)                                                                                     \
  X(CreateComputePipelines)                                                                                  \
  X(DestroyPipeline)                                                                                         \
  X(CreatePipelineCache)                                                                                     \
  X(DestroyPipelineCache)                                                                                    \
  X(GetPipelineCacheData)

// Null where VK_EXT_debug_utils, VK_EXT_external_memory_host are not there.
#define HEDDLE_VULKAN_OPTIONAL(X)                                                                            \
  X(GetMemoryHostPointerPropertiesEXT)                                                                       \
  X(SetDebugUtilsObjectNameEXT)                                                                              \
  X(CmdBeginDebugUtilsLabelEXT)                                                                              \
  X(CmdEndDebugUtilsLabelEXT)

namespace heddle::vulkan {

#define HEDDLE_VULKAN_MEMBER(name) PFN_vk##name name = nullptr;

/// The loader's own functions.
struct GlobalFunctions {
  PFN_vkGetInstanceProcAddr GetInstanceProcAddr = nullptr;
  HEDDLE_VULKAN_GLOBAL(HEDDLE_VULKAN_MEMBER)
};
struct InstanceFunctions {
  HEDDLE_VULKAN_INSTANCE(HEDDLE_VULKAN_MEMBER)
};
struct DeviceFunctions {
  HEDDLE_VULKAN_DEVICE(HEDDLE_VULKAN_MEMBER)
  HEDDLE_VULKAN_OPTIONAL(HEDDLE_VULKAN_MEMBER)
};

#undef HEDDLE_VULKAN_MEMBER

/// Opens the loader: libvulkan.so.1, or what HEDDLE_VULKAN_LOADER names. It stays open: not every driver
/// survives being unloaded. Throws DeviceError when it cannot be opened, or is too old.
GlobalFunctions openLoader();

/// Throw DeviceError when a function is missing.
InstanceFunctions loadInstance(const GlobalFunctions &global, VkInstance instance);
DeviceFunctions loadDevice(const InstanceFunctions &functions, VkDevice device);

/// A structure of Vulkan's, of its type and else zero.
template <typename Structure> Structure structure(VkStructureType type) {
  Structure made = {};
  made.sType = type;
  return made;
}

/// Throws DeviceError unless `result` is VK_SUCCESS: "WHAT: why". `what` says what could not be done.
void check(VkResult result, std::string_view what);

/// "VK_ERROR_DEVICE_LOST" and the like, in words.
std::string describe(VkResult result);

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_FUNCTIONS_H
