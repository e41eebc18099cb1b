//===- Variants.h - what shaders may use beyond the baseline ----*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_VULKAN_VARIANTS_H
#define HEDDLE_BACKENDS_VULKAN_VARIANTS_H

#include "ir/Heddle.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVEnums.h"
#include <cstdint>
#include <string>

namespace heddle::vulkan {

/// A way to compile kernels for devices that have what it needs.
struct Variant {
  std::string name; // of the emitted stages
  uint64_t needs;   // bits of format::Need
  llvm::SmallVector<mlir::spirv::Capability> capabilities;
  bool subgroups = false; // lane_reduce by subgroup arithmetic
  bool dots = false;      // dot4 by the instruction for packed bytes
  llvm::SmallVector<mlir::spirv::Extension> extensions = {};

  /// Whether the kernel's shader is another than the baseline's.
  bool changes(KernelOp kernel) const;
};

/// The baseline, then one variant after the other, each better than those before it where a device can run
/// it.
llvm::ArrayRef<Variant> variants();

} // namespace heddle::vulkan

#endif
