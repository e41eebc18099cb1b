//===- VulkanMachine.cpp - computing on a Vulkan device -------------------===//

#include "runtime/vulkan/VulkanMachine.h"

#include "runtime/engine/Layout.h"
#include "runtime/engine/Memory.h"
#include "runtime/vulkan/SelfCheck.h"
#include "runtime/vulkan/VulkanExecutor.h"

#include <algorithm>
#include <fmt/format.h>

namespace heddle {

std::unique_ptr<Machine> openVulkanMachine(const std::optional<std::string> &device) {
  return std::make_unique<vulkan::VulkanMachine>(device);
}

namespace vulkan {

VulkanMachine::VulkanMachine(const std::optional<std::string> &wanted)
    : instance(std::make_unique<Instance>()) {
  std::vector<DeviceFacts> devices = listDevices(*instance);
  open = std::make_unique<Device>(*instance, chooseDevice(devices, wanted));
}

VulkanMachine::~VulkanMachine() = default;

std::string_view VulkanMachine::name() const { return open->facts.name; }

uint64_t VulkanMachine::largestArena() const {
  return std::min(usualLargestArena, open->facts.largestBuffer());
}

uint64_t VulkanMachine::deviceBytes() const { return open->bytes; }

void VulkanMachine::checkMemory(const Program &program, uint64_t capacity, uint64_t arenaEstimate) const {
  uint64_t weights = shared->isLoaded() ? 0 : shared->weights().bytes();
  uint64_t caches = layOutCaches(Program::forDevices(program.description()), capacity).bytes;
  uint64_t needed = checkedSum(weights, checkedSum(caches, arenaEstimate));
  uint64_t available = availableMemory(*instance, open->facts);
  if (needed > available)
    throw DeviceError(
        fmt::format("not enough memory on '{}': a context of {} tokens needs {} ({} for weights, {} for "
                    "its cache, {} for activations), {} is available; try a smaller --context, "
                    "another --device, or compile with --quantize",
                    name(), capacity, readableBytes(needed), readableBytes(weights), readableBytes(caches),
                    readableBytes(arenaEstimate), readableBytes(available)));
}

std::unique_ptr<Executor> VulkanMachine::makeExecutor(const Program &program, uint64_t capacity,
                                                      uint64_t arenaEstimate) {
  if (sharedBy != &program) {
    shared = std::make_unique<DeviceProgram>(*open, program);
    sharedBy = &program;
  }
  checkMemory(program, capacity, arenaEstimate);
  if (!shared->isLoaded())
    try {
      shared->load();
      checkKernels(program, *shared);
    } catch (...) {
      shared.reset();
      sharedBy = nullptr;
      throw;
    }
  return std::make_unique<VulkanExecutor>(program, *shared, capacity);
}

} // namespace vulkan
} // namespace heddle
