//===- Instance.cpp - the connection to Vulkan ----------------------------===//

#include "runtime/vulkan/Instance.h"

#include "runtime/engine/Machine.h"

#include <algorithm>
#include <cstring>

namespace heddle::vulkan {

static const char noDriver[] =
    "no Vulkan driver on this machine: install the one for your GPU, or a software device "
    "(Debian: mesa-vulkan-drivers), or compile with --target cpu";

static bool hasExtension(const GlobalFunctions &global, const char *name) {
  uint32_t count = 0;
  if (global.EnumerateInstanceExtensionProperties(nullptr, &count, nullptr) != VK_SUCCESS)
    return false;
  std::vector<VkExtensionProperties> list(count);
  if (global.EnumerateInstanceExtensionProperties(nullptr, &count, list.data()) < VK_SUCCESS)
    return false;
  return std::any_of(list.begin(), list.end(), [&](const VkExtensionProperties &extension) {
    return std::strcmp(extension.extensionName, name) == 0;
  });
}

Instance::Instance() : global(openLoader()) {
  uint32_t version = 0;
  check(global.EnumerateInstanceVersion(&version), "cannot ask the Vulkan loader for its version");
  if (version < VK_API_VERSION_1_1)
    throw DeviceError("the Vulkan loader serves Vulkan 1.0 only, 1.1 is needed: install a newer one");

  auto application = structure<VkApplicationInfo>(VK_STRUCTURE_TYPE_APPLICATION_INFO);
  application.pApplicationName = application.pEngineName = "heddle";
  application.apiVersion = VK_API_VERSION_1_3; // the newest that is made use of; 1.1 is enough
  auto info = structure<VkInstanceCreateInfo>(VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
  info.pApplicationInfo = &application;
  const char *const debugUtils = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  if (hasExtension(global, debugUtils)) {
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = &debugUtils;
  }
  VkResult result = global.CreateInstance(&info, nullptr, &handle);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    throw DeviceError(noDriver);
  check(result, "cannot start Vulkan");
  vk = loadInstance(global, handle);
}

Instance::~Instance() {
  if (vk.DestroyInstance)
    vk.DestroyInstance(handle, nullptr);
}

std::vector<VkPhysicalDevice> Instance::physicalDevices() const {
  uint32_t count = 0;
  VkResult result = vk.EnumeratePhysicalDevices(handle, &count, nullptr);
  if (result == VK_ERROR_INITIALIZATION_FAILED || count == 0)
    throw DeviceError(noDriver);
  check(result, "cannot list the Vulkan devices");
  std::vector<VkPhysicalDevice> devices(count);
  check(vk.EnumeratePhysicalDevices(handle, &count, devices.data()), "cannot list the Vulkan devices");
  devices.resize(count);
  return devices;
}

} // namespace heddle::vulkan
