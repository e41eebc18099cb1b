//===- FakeLoader.cpp - a Vulkan loader that brings bad luck --------------===//
//
// Passes everything on to the real loader but what the environment variable FAKE_VULKAN asks for, NAME=NUMBER
// each, separated by commas:
//
//   version=0        the loader serves Vulkan 1.0 only
//   devices=0        there are no devices
//   invocations=N    workgroups have N invocations at most
//   range=N          N bytes of a buffer can be bound at most
//   subgroup=N       subgroups are said to have N invocations
//   type=N           the device is said to be of this VkPhysicalDeviceType
//   dots=0           there are no integer dot products
//   submissions=N    the device is lost with the Nth submission
//   allocations=N    the Nth allocation of memory fails
//   dirty=1          new memory that the processor sees has no numbers in it
//   hidden=1         the processor does not see the memory that kernels work in, nor they the processor's
//
//===----------------------------------------------------------------------===//

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <vulkan/vulkan_core.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

namespace {

PFN_vkGetInstanceProcAddr realInstance;
PFN_vkGetDeviceProcAddr realDevice;
VkInstance lastInstance;
std::atomic<long> submissions, allocations;

/// What FAKE_VULKAN asks for; -1: nothing.
long asked(const char *name) {
  const char *text = std::getenv("FAKE_VULKAN");
  std::string key = std::string(name) + "=";
  const char *found = text ? std::strstr(text, key.c_str()) : nullptr;
  return found ? std::atol(found + key.size()) : -1;
}

template <typename Function> Function real(const char *name) {
  return reinterpret_cast<Function>(realInstance(lastInstance, name));
}

VkResult enumerateVersion(uint32_t *version) {
  *version = asked("version") == 0 ? VK_API_VERSION_1_0 : VK_API_VERSION_1_3;
  return VK_SUCCESS;
}

VkResult createInstance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *callbacks,
                        VkInstance *instance) {
  auto create = reinterpret_cast<PFN_vkCreateInstance>(realInstance(nullptr, "vkCreateInstance"));
  VkResult result = create(info, callbacks, instance);
  if (result == VK_SUCCESS) {
    lastInstance = *instance;
    submissions = allocations = 0;
    realDevice = real<PFN_vkGetDeviceProcAddr>("vkGetDeviceProcAddr");
  }
  return result;
}

VkResult enumerateDevices(VkInstance instance, uint32_t *count, VkPhysicalDevice *devices) {
  if (asked("devices") != 0)
    return real<PFN_vkEnumeratePhysicalDevices>("vkEnumeratePhysicalDevices")(instance, count, devices);
  *count = 0;
  return VK_SUCCESS;
}

void getProperties(VkPhysicalDevice device, VkPhysicalDeviceProperties *properties) {
  real<PFN_vkGetPhysicalDeviceProperties>("vkGetPhysicalDeviceProperties")(device, properties);
  if (long most = asked("invocations"); most >= 0)
    properties->limits.maxComputeWorkGroupInvocations = static_cast<uint32_t>(most);
  if (long type = asked("type"); type >= 0)
    properties->deviceType = static_cast<VkPhysicalDeviceType>(type);
  if (long most = asked("range"); most >= 0)
    properties->limits.maxStorageBufferRange = static_cast<uint32_t>(most);
}

void getProperties2(VkPhysicalDevice device, VkPhysicalDeviceProperties2 *properties) {
  real<PFN_vkGetPhysicalDeviceProperties2>("vkGetPhysicalDeviceProperties2")(device, properties);
  for (auto *next = static_cast<VkBaseOutStructure *>(properties->pNext); next; next = next->pNext)
    if (long size = asked("subgroup");
        size >= 0 && next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES)
      reinterpret_cast<VkPhysicalDeviceSubgroupProperties *>(next)->subgroupSize =
          static_cast<uint32_t>(size);
}

void getFeatures2(VkPhysicalDevice device, VkPhysicalDeviceFeatures2 *features) {
  real<PFN_vkGetPhysicalDeviceFeatures2>("vkGetPhysicalDeviceFeatures2")(device, features);
  for (auto *next = static_cast<VkBaseOutStructure *>(features->pNext); next; next = next->pNext)
    if (asked("dots") == 0 &&
        next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES)
      reinterpret_cast<VkPhysicalDeviceShaderIntegerDotProductFeatures *>(next)->shaderIntegerDotProduct =
          VK_FALSE;
}

VkResult queueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence) {
  static PFN_vkQueueSubmit submit;
  submit = real<PFN_vkQueueSubmit>("vkQueueSubmit");
  long number = ++submissions, last = asked("submissions");
  return last >= 0 && number >= last ? VK_ERROR_DEVICE_LOST : submit(queue, count, infos, fence);
}

/// Whether a type of memory that the processor does not see stands ahead of the device's own.
bool hides() { return asked("hidden") == 1; }

void getMemory2(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties2 *properties) {
  real<PFN_vkGetPhysicalDeviceMemoryProperties2>("vkGetPhysicalDeviceMemoryProperties2")(device, properties);
  VkPhysicalDeviceMemoryProperties &memory = properties->memoryProperties;
  if (hides()) {
    std::memmove(memory.memoryTypes + 1, memory.memoryTypes,
                 (VK_MAX_MEMORY_TYPES - 1) * sizeof *memory.memoryTypes);
    memory.memoryTypes[0] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
    ++memory.memoryTypeCount;
  }
}

void getRequirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *requirements) {
  reinterpret_cast<PFN_vkGetBufferMemoryRequirements>(realDevice(device, "vkGetBufferMemoryRequirements"))(
      device, buffer, requirements);
  if (hides())
    requirements->memoryTypeBits = requirements->memoryTypeBits << 1 | 1;
}

VkResult getPointerProperties(VkDevice device, VkExternalMemoryHandleTypeFlagBits type, const void *pointer,
                              VkMemoryHostPointerPropertiesEXT *properties) {
  if (hides()) {
    properties->memoryTypeBits = 0;
    return VK_SUCCESS;
  }
  return reinterpret_cast<PFN_vkGetMemoryHostPointerPropertiesEXT>(
      realDevice(device, "vkGetMemoryHostPointerPropertiesEXT"))(device, type, pointer, properties);
}

VkResult allocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                        const VkAllocationCallbacks *callbacks, VkDeviceMemory *memory) {
  if (++allocations == asked("allocations"))
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  VkMemoryAllocateInfo own = *info;
  if (hides() && own.memoryTypeIndex > 0)
    --own.memoryTypeIndex;
  VkResult result = real<PFN_vkAllocateMemory>("vkAllocateMemory")(device, &own, callbacks, memory);
  void *mapped;
  bool isImported = info->pNext && static_cast<const VkBaseInStructure *>(info->pNext)->sType ==
                                       VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT;
  if (result == VK_SUCCESS && !isImported && asked("dirty") == 1 &&
      real<PFN_vkMapMemory>("vkMapMemory")(device, *memory, 0, VK_WHOLE_SIZE, 0, &mapped) == VK_SUCCESS) {
    std::memset(mapped, 0xff, own.allocationSize);
    real<PFN_vkUnmapMemory>("vkUnmapMemory")(device, *memory);
  }
  return result;
}

template <typename Function> PFN_vkVoidFunction plain(Function function) {
  return reinterpret_cast<PFN_vkVoidFunction>(function);
}

PFN_vkVoidFunction getDeviceProcAddr(VkDevice device, const char *name) {
  if (std::strcmp(name, "vkQueueSubmit") == 0)
    return plain(queueSubmit);
  if (std::strcmp(name, "vkGetBufferMemoryRequirements") == 0)
    return plain(getRequirements);
  if (std::strcmp(name, "vkGetMemoryHostPointerPropertiesEXT") == 0)
    return plain(getPointerProperties);
  if (std::strcmp(name, "vkAllocateMemory") == 0)
    return plain(allocateMemory);
  return realDevice(device, name);
}

} // namespace

extern "C" [[gnu::visibility("default")]] PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance,
                                                                                   const char *name) {
  if (!realInstance)
    if (void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL))
      realInstance = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
  if (!realInstance)
    return nullptr;
  static constexpr struct {
    const char *name;
    PFN_vkVoidFunction (*function)();
  } replaced[] = {
      {"vkEnumerateInstanceVersion", [] { return plain(enumerateVersion); }},
      {"vkCreateInstance", [] { return plain(createInstance); }},
      {"vkEnumeratePhysicalDevices", [] { return plain(enumerateDevices); }},
      {"vkGetPhysicalDeviceProperties", [] { return plain(getProperties); }},
      {"vkGetPhysicalDeviceProperties2", [] { return plain(getProperties2); }},
      {"vkGetPhysicalDeviceMemoryProperties2", [] { return plain(getMemory2); }},
      {"vkGetPhysicalDeviceFeatures2", [] { return plain(getFeatures2); }},
      {"vkGetDeviceProcAddr", [] { return plain(getDeviceProcAddr); }},
  };
  for (const auto &entry : replaced)
    if (std::strcmp(name, entry.name) == 0)
      return entry.function();
  return realInstance(instance, name);
}
