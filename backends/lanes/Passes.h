//===- Passes.h - what backends share about kernels for lanes ---*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_LANES_PASSES_H
#define HEDDLE_BACKENDS_LANES_PASSES_H

#include "mlir/Pass/Pass.h"

namespace heddle::lanes {

#define GEN_PASS_DECL
#include "backends/lanes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "backends/lanes/Passes.h.inc"

} // namespace heddle::lanes

#endif
