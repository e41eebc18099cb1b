//===- Device.cpp - a device that is open ---------------------------------===//

#include "runtime/vulkan/Device.h"

#include <fmt/format.h>

namespace heddle::vulkan {

static VkDevice open(const Instance &instance, const DeviceFacts &facts) {
  DeviceFacts again = facts;
  DeviceFeatures features(instance.functions(), again);
  float priority = 1;
  auto queue = structure<VkDeviceQueueCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO);
  queue.queueFamilyIndex = *facts.queueFamily;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  std::vector<const char *> extensions;
  for (const std::string &extension : again.extensions)
    extensions.push_back(extension.c_str());
  auto info = structure<VkDeviceCreateInfo>(VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO);
  info.pNext = features.chain();
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  VkDevice device;
  check(instance.functions().CreateDevice(facts.handle, &info, nullptr, &device),
        fmt::format("cannot open the device '{}'", facts.name));
  return device;
}

Device::Device(const Instance &instance, const DeviceFacts &facts)
    : facts(facts), handle(open(instance, facts)), vk(loadDevice(instance.functions(), handle)) {
  vk.GetDeviceQueue(handle, *facts.queueFamily, 0, &queue);
  auto info = structure<VkCommandPoolCreateInfo>(VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO);
  info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  info.queueFamilyIndex = *facts.queueFamily;
  check(vk.CreateCommandPool(handle, &info, nullptr, &pool), "cannot make a command pool");
  fence = makeFence();
  once = makeCommands();
}

Device::~Device() {
  if (fence)
    vk.DestroyFence(handle, fence, nullptr);
  if (pool)
    vk.DestroyCommandPool(handle, pool, nullptr);
  vk.DestroyDevice(handle, nullptr);
}

VkCommandBuffer Device::makeCommands() {
  auto info = structure<VkCommandBufferAllocateInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO);
  info.commandPool = pool;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  VkCommandBuffer commands;
  check(vk.AllocateCommandBuffers(handle, &info, &commands), "cannot make a command buffer");
  return commands;
}

void Device::begin(VkCommandBuffer commands) {
  auto info = structure<VkCommandBufferBeginInfo>(VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO);
  check(vk.BeginCommandBuffer(commands, &info), "cannot record commands");
}

void Device::end(VkCommandBuffer commands) { check(vk.EndCommandBuffer(commands), "cannot record commands"); }

VkFence Device::makeFence() {
  auto info = structure<VkFenceCreateInfo>(VK_STRUCTURE_TYPE_FENCE_CREATE_INFO);
  VkFence made;
  check(vk.CreateFence(handle, &info, nullptr, &made), "cannot make a fence");
  return made;
}

void Device::submit(std::span<const VkCommandBuffer> commands, VkFence signal) {
  batches.clear();
  for (const VkCommandBuffer &one : commands) {
    auto info = structure<VkSubmitInfo>(VK_STRUCTURE_TYPE_SUBMIT_INFO);
    info.commandBufferCount = 1;
    info.pCommandBuffers = &one;
    batches.push_back(info);
  }
  ++submissions;
  check(vk.QueueSubmit(queue, static_cast<uint32_t>(batches.size()), batches.data(), signal),
        fmt::format("cannot compute on '{}'", facts.name));
}

void Device::wait(VkFence signal) {
  check(vk.WaitForFences(handle, 1, &signal, VK_TRUE, UINT64_MAX),
        fmt::format("cannot compute on '{}'", facts.name));
  check(vk.ResetFences(handle, 1, &signal), "cannot reset a fence");
}

void Device::run(std::span<const VkCommandBuffer> commands) {
  submit(commands, fence);
  wait(fence);
}

void Device::runOnce(const std::function<void(VkCommandBuffer)> &record) {
  begin(once);
  record(once);
  end(once);
  run({&once, 1});
}

void Device::barrier(VkCommandBuffer commands) {
  auto barrier = structure<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
  barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                          VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  VkPipelineStageFlags stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  vk.CmdPipelineBarrier(commands, stages, stages, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

void Device::name(VkObjectType type, uint64_t object, const std::string &name) {
  if (!vk.SetDebugUtilsObjectNameEXT)
    return;
  auto info = structure<VkDebugUtilsObjectNameInfoEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT);
  info.objectType = type;
  info.objectHandle = object;
  info.pObjectName = name.c_str();
  vk.SetDebugUtilsObjectNameEXT(handle, &info);
}

} // namespace heddle::vulkan
