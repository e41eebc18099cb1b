//===- Variants.cpp - what shaders may use beyond the baseline ------------===//

#include "backends/vulkan/Variants.h"

#include "runtime/program/program_generated.h"

using namespace mlir;
using spirv::Capability;

namespace heddle::vulkan {

bool Variant::changes(KernelOp kernel) const {
  auto uses = [&](Operation *op) {
    return (subgroups && isa<LaneReduceOp>(op)) || (dots && isa<Dot4Op>(op)) ? WalkResult::interrupt()
                                                                             : WalkResult::advance();
  };
  return kernel.walk(uses).wasInterrupted();
}

llvm::ArrayRef<Variant> variants() {
  static const Variant all[] = {
      {"baseline", 0, {Capability::Shader}},
      {"subgroup arithmetic",
       uint64_t(format::Need::SubgroupArithmetic),
       {Capability::Shader, Capability::GroupNonUniform, Capability::GroupNonUniformArithmetic},
       /*subgroups=*/true},
      {"integer dot product",
       uint64_t(format::Need::IntegerDot),
       {Capability::Shader, Capability::DotProduct, Capability::DotProductInput4x8BitPacked},
       /*subgroups=*/false,
       /*dots=*/true,
       {spirv::Extension::SPV_KHR_integer_dot_product}},
  };
  return all;
}

} // namespace heddle::vulkan
