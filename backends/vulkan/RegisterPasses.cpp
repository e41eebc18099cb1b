//===- RegisterPasses.cpp - the passes of the Vulkan backend, by name -----===//

#include "backends/vulkan/Passes.h"
#include "mlir/Pass/PassRegistry.h"

namespace heddle::vulkan {

#define GEN_PASS_REGISTRATION
#include "backends/vulkan/Passes.h.inc"

void registerVulkanPasses() { registerVulkanBackendPasses(); }

} // namespace heddle::vulkan
