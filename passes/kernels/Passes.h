// The passes from fused mathematics to kernels.
#ifndef HEDDLE_PASSES_KERNELS_PASSES_H
#define HEDDLE_PASSES_KERNELS_PASSES_H

#include "ir/Heddle.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace heddle {

#define GEN_PASS_DECL
#include "passes/kernels/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/kernels/Passes.h.inc"

} // namespace heddle

#endif
