//===- Buffer.cpp - a device's memory -------------------------------------===//

#include "runtime/vulkan/Buffer.h"

#include "runtime/engine/Machine.h"
#include "runtime/engine/Memory.h"
#include "runtime/program/Format.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace heddle::vulkan {

static constexpr VkMemoryPropertyFlags visible =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

/// The first memory type that has one of the sets of properties, the best first.
static std::optional<uint32_t> findType(const VkPhysicalDeviceMemoryProperties &memory, uint32_t allowed,
                                        std::initializer_list<VkMemoryPropertyFlags> choices) {
  for (VkMemoryPropertyFlags wanted : choices)
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
      if ((allowed >> i & 1) && (memory.memoryTypes[i].propertyFlags & wanted) == wanted)
        return i;
  return std::nullopt;
}

static std::optional<uint32_t> findType(const VkPhysicalDeviceMemoryProperties &memory, uint32_t allowed,
                                        MemoryKind kind) {
  switch (kind) {
  case MemoryKind::Device:
  case MemoryKind::Weights:
    return findType(memory, allowed, {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0});
  case MemoryKind::Upload:
    return findType(memory, allowed, {visible});
  case MemoryKind::Download:
    return findType(memory, allowed, {visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, visible});
  }
  return std::nullopt;
}

/// With memory of its own, or in `pages`.
VkResult Buffer::make(Device &device, uint64_t bytes, MemoryKind kind, const uint8_t *pages) {
  constexpr auto handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  const uint64_t whole = pages ? roundUp(bytes, device.facts.pageBytes) : 0;
  auto external =
      structure<VkExternalMemoryBufferCreateInfo>(VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);
  external.handleTypes = handleType;
  auto info = structure<VkBufferCreateInfo>(VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO);
  info.pNext = pages ? &external : nullptr;
  info.size = pages ? std::min(bytes + bufferAlignment, whole) : bytes + bufferAlignment;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  VkResult result = device.vk.CreateBuffer(device.handle, &info, nullptr, &buffer);
  if (result != VK_SUCCESS)
    return result;
  this->device = &device;
  this->bytes = bytes;
  VkMemoryRequirements requirements;
  device.vk.GetBufferMemoryRequirements(device.handle, buffer, &requirements);
  auto imported =
      structure<VkImportMemoryHostPointerInfoEXT>(VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
  imported.handleType = handleType;
  imported.pHostPointer = const_cast<uint8_t *>(pages);
  if (pages) {
    auto types =
        structure<VkMemoryHostPointerPropertiesEXT>(VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT);
    result = device.vk.GetMemoryHostPointerPropertiesEXT(device.handle, handleType, pages, &types);
    if (result != VK_SUCCESS)
      return result;
    requirements.memoryTypeBits &= types.memoryTypeBits;
  }
  auto type = findType(device.facts.memory, requirements.memoryTypeBits, kind);
  auto allocation = structure<VkMemoryAllocateInfo>(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
  allocation.pNext = pages ? &imported : nullptr;
  allocation.allocationSize = pages ? whole : requirements.size;
  allocation.memoryTypeIndex = type.value_or(0);
  ++device.allocations;
  result = type ? device.vk.AllocateMemory(device.handle, &allocation, nullptr, &memory)
                : VK_ERROR_OUT_OF_DEVICE_MEMORY;
  if (result != VK_SUCCESS)
    return result;
  allocated = pages ? 0 : requirements.size;
  device.bytes += allocated;
  bool isSeen = (device.facts.memory.memoryTypes[*type].propertyFlags & visible) == visible;
  result = device.vk.BindBufferMemory(device.handle, buffer, memory, 0);
  if (result == VK_SUCCESS && isSeen && kind != MemoryKind::Device && !pages)
    result =
        device.vk.MapMemory(device.handle, memory, 0, VK_WHOLE_SIZE, 0, reinterpret_cast<void **>(&mapped));
  return result;
}

Buffer::Buffer(Device &device, uint64_t bytes, MemoryKind kind, const std::string &name) {
  if (bytes == 0)
    return;
  VkResult result = make(device, bytes, kind, nullptr);
  if (result != VK_SUCCESS) {
    Buffer released = std::move(*this); // a constructor that throws has no destructor
    check(result, fmt::format("no room for {} ({}) on '{}'", name, readableBytes(bytes), device.facts.name));
  }
  device.name(VK_OBJECT_TYPE_BUFFER, reinterpret_cast<uint64_t>(buffer), name);
}

std::optional<Buffer> Buffer::ofPages(Device &device, const uint8_t *pages, uint64_t bytes,
                                      const std::string &name) {
  Buffer buffer;
  if (buffer.make(device, bytes, MemoryKind::Weights, pages) != VK_SUCCESS)
    return std::nullopt;
  device.name(VK_OBJECT_TYPE_BUFFER, reinterpret_cast<uint64_t>(buffer.buffer), name);
  return buffer;
}

Buffer::Buffer(Buffer &&other) noexcept
    : device(std::exchange(other.device, nullptr)), buffer(std::exchange(other.buffer, nullptr)),
      memory(std::exchange(other.memory, nullptr)), bytes(std::exchange(other.bytes, 0)),
      allocated(std::exchange(other.allocated, 0)), mapped(std::exchange(other.mapped, nullptr)) {}

Buffer &Buffer::operator=(Buffer &&other) noexcept {
  std::swap(device, other.device);
  std::swap(buffer, other.buffer);
  std::swap(memory, other.memory);
  std::swap(bytes, other.bytes);
  std::swap(allocated, other.allocated);
  std::swap(mapped, other.mapped);
  return *this;
}

Buffer::~Buffer() {
  if (!device)
    return;
  device->vk.DestroyBuffer(device->handle, buffer, nullptr);
  if (memory)
    device->vk.FreeMemory(device->handle, memory, nullptr);
  device->bytes -= allocated;
}

void copy(Device &device, VkCommandBuffer commands, const Buffer &from, uint64_t fromOffset, const Buffer &to,
          uint64_t toOffset, uint64_t bytes) {
  VkBufferCopy region = {fromOffset, toOffset, bytes};
  if (bytes > 0)
    device.vk.CmdCopyBuffer(commands, from.get(), to.get(), 1, &region);
}

void clear(Device &device, const Buffer &buffer, uint64_t offset) {
  device.runOnce([&](VkCommandBuffer commands) {
    device.vk.CmdFillBuffer(commands, buffer.get(), offset, VK_WHOLE_SIZE, 0);
  });
}

uint64_t availableMemory(const Instance &instance, const DeviceFacts &facts) {
  uint64_t room = UINT64_MAX;
  if (auto type = findType(facts.memory, ~0u, MemoryKind::Device);
      type && facts.type != VK_PHYSICAL_DEVICE_TYPE_CPU) { // whose heaps are a guess at best
    uint32_t heap = facts.memory.memoryTypes[*type].heapIndex;
    room = facts.memory.memoryHeaps[heap].size;
    if (facts.hasBudget) {
      auto budget = structure<VkPhysicalDeviceMemoryBudgetPropertiesEXT>(
          VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT);
      auto memory =
          structure<VkPhysicalDeviceMemoryProperties2>(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2);
      memory.pNext = &budget;
      instance.functions().GetPhysicalDeviceMemoryProperties2(facts.handle, &memory);
      room = budget.heapBudget[heap] - std::min(budget.heapBudget[heap], budget.heapUsage[heap]);
    }
  }
  return facts.sharesMemory() ? std::min(room, heddle::availableMemory()) : room;
}

} // namespace heddle::vulkan
