//===- Instance.h - the connection to Vulkan --------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_INSTANCE_H
#define HEDDLE_RUNTIME_VULKAN_INSTANCE_H

#include "runtime/vulkan/Functions.h"

#include <vector>

namespace heddle::vulkan {

/// Layers are the user's business: VK_INSTANCE_LAYERS names those to load.
class Instance {
public:
  /// Throws DeviceError where there is no loader or no driver.
  Instance();
  ~Instance();
  Instance(const Instance &) = delete;
  Instance &operator=(const Instance &) = delete;

  /// In the loader's order. Throws DeviceError when there are none.
  std::vector<VkPhysicalDevice> physicalDevices() const;

  const InstanceFunctions &functions() const { return vk; }

private:
  GlobalFunctions global;
  VkInstance handle = nullptr;
  InstanceFunctions vk;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_INSTANCE_H
