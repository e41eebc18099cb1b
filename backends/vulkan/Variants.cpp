//===- Variants.cpp - what shaders may use beyond the baseline ------------===//

#include "backends/vulkan/Variants.h"

#include "runtime/program/program_generated.h"

using namespace mlir;
using spirv::Capability;

namespace heddle::vulkan {

bool Variant::changes(KernelOp kernel) const {
  return subgroups && kernel.walk([](LaneReduceOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

llvm::ArrayRef<Variant> variants() {
  static const Variant all[] = {
      {"baseline", 0, {Capability::Shader}, false},
      {"subgroup arithmetic",
       uint64_t(format::Need::SubgroupArithmetic),
       {Capability::Shader, Capability::GroupNonUniform, Capability::GroupNonUniformArithmetic},
       true},
  };
  return all;
}

} // namespace heddle::vulkan
