// The passes from a page's mathematics to kernels: one constructor each, and their registration for heddle-opt.
#ifndef HEDDLE_PASSES_PASSES_H
#define HEDDLE_PASSES_PASSES_H

#include "ir/Heddle.h"
#include "mlir/Pass/Pass.h"

namespace heddle {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// Makes every pass of this folder known by its name (`--fuse-attention`), once a process.
void registerPasses();

} // namespace heddle

#endif
