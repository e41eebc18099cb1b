//===- Functions.cpp - Vulkan's functions, looked up at run time ----------===//

#include "runtime/vulkan/Functions.h"

#include "runtime/engine/Machine.h"

#include <cstdlib>
#include <dlfcn.h>
#include <fmt/format.h>

namespace heddle::vulkan {

static const char *loaderName() {
  const char *named = std::getenv("HEDDLE_VULKAN_LOADER");
  return named && *named ? named : "libvulkan.so.1";
}

template <typename Function> static Function required(PFN_vkVoidFunction found, const char *name) {
  if (!found)
    throw DeviceError(
        fmt::format("the Vulkan loader has no '{}': it must serve Vulkan 1.1; install a newer one", name));
  return reinterpret_cast<Function>(found);
}

GlobalFunctions openLoader() {
  const char *name = loaderName();
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw DeviceError(
        fmt::format("no Vulkan on this machine: cannot open its loader '{}'; install it (Debian: "
                    "libvulkan1) and a driver, or compile with --target cpu",
                    name));
  GlobalFunctions global;
  global.GetInstanceProcAddr =
      reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
  if (!global.GetInstanceProcAddr)
    throw DeviceError(fmt::format("'{}' is not a Vulkan loader: it has no 'vkGetInstanceProcAddr'", name));
#define X(function)                                                                                          \
  global.function =                                                                                          \
      required<PFN_vk##function>(global.GetInstanceProcAddr(nullptr, "vk" #function), "vk" #function);
  HEDDLE_VULKAN_GLOBAL(X)
#undef X
  return global;
}

InstanceFunctions loadInstance(const GlobalFunctions &global, VkInstance instance) {
  InstanceFunctions functions;
#define X(function)                                                                                          \
  functions.function =                                                                                       \
      required<PFN_vk##function>(global.GetInstanceProcAddr(instance, "vk" #function), "vk" #function);
  HEDDLE_VULKAN_INSTANCE(X)
#undef X
  return functions;
}

DeviceFunctions loadDevice(const InstanceFunctions &instance, VkDevice device) {
  DeviceFunctions functions;
#define X(function)                                                                                          \
  functions.function =                                                                                       \
      required<PFN_vk##function>(instance.GetDeviceProcAddr(device, "vk" #function), "vk" #function);
  HEDDLE_VULKAN_DEVICE(X)
#undef X
#define X(function)                                                                                          \
  functions.function =                                                                                       \
      reinterpret_cast<PFN_vk##function>(instance.GetDeviceProcAddr(device, "v"                              \
                                                                            "k" #function));
  HEDDLE_VULKAN_OPTIONAL(X)
#undef X
  return functions;
}

std::string describe(VkResult result) {
  switch (result) {
  case VK_ERROR_DEVICE_LOST:
    return "the device was lost (its driver has reset it, or it is gone)";
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    return "not enough memory on the device";
  case VK_ERROR_OUT_OF_HOST_MEMORY:
    return "not enough memory";
  case VK_ERROR_INITIALIZATION_FAILED:
    return "the driver cannot be started";
  case VK_ERROR_INCOMPATIBLE_DRIVER:
    return "no Vulkan driver fits";
  case VK_ERROR_LAYER_NOT_PRESENT:
    return "a layer that was asked for is not there";
  case VK_ERROR_EXTENSION_NOT_PRESENT:
    return "an extension is not there";
  case VK_ERROR_FEATURE_NOT_PRESENT:
    return "a feature is not there";
  case VK_ERROR_MEMORY_MAP_FAILED:
    return "memory cannot be mapped";
  case VK_ERROR_TOO_MANY_OBJECTS:
    return "too many objects";
  default:
    return fmt::format("VkResult {}", int(result));
  }
}

void check(VkResult result, std::string_view what) {
  if (result != VK_SUCCESS)
    throw DeviceError(fmt::format("{}: {}", what, describe(result)));
}

} // namespace heddle::vulkan
