//===- Passes.h - passes of the Vulkan backend ------------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_VULKAN_PASSES_H
#define HEDDLE_BACKENDS_VULKAN_PASSES_H

#include "mlir/Pass/Pass.h"

namespace heddle::vulkan {

#define GEN_PASS_DECL
#include "backends/vulkan/Passes.h.inc"

/// Registers all passes of this folder, for heddle-opt.
void registerVulkanPasses();

} // namespace heddle::vulkan

#endif
