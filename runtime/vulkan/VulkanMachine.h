//===- VulkanMachine.h - computing on a Vulkan device -----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_VULKANMACHINE_H
#define HEDDLE_RUNTIME_VULKAN_VULKANMACHINE_H

#include "runtime/engine/Machine.h"

#include <memory>
#include <optional>
#include <string>

namespace heddle {

/// Opens the device of this number or (part of the) name, else the best there is. Throws DeviceError when
/// there is no Vulkan, no such device, or it cannot be used.
std::unique_ptr<Machine> openVulkanMachine(const std::optional<std::string> &device);

namespace vulkan {

class Device;
class DeviceProgram;
class Instance;

/// An open device, with the weights of one program once they are needed.
class VulkanMachine : public Machine {
public:
  explicit VulkanMachine(const std::optional<std::string> &device);
  ~VulkanMachine() override;

  std::string_view name() const override;
  const format::Program &planOf(const Program &program) const override {
    return Program::forDevices(program.description());
  }
  uint64_t largestArena() const override;
  uint64_t deviceBytes() const override;
  std::unique_ptr<Executor> makeExecutor(const Program &program, uint64_t capacity,
                                         uint64_t arenaEstimate) override;

  Device &device() { return *open; }

private:
  void checkMemory(const Program &program, uint64_t capacity, uint64_t arenaEstimate) const;

  std::unique_ptr<Instance> instance;
  std::unique_ptr<Device> open;
  std::unique_ptr<DeviceProgram> shared;
  const Program *sharedBy = nullptr; ///< whose `shared` is
};

} // namespace vulkan
} // namespace heddle

#endif // HEDDLE_RUNTIME_VULKAN_VULKANMACHINE_H
