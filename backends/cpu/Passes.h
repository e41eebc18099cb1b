//===- Passes.h - passes of the CPU backend ---------------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_PASSES_H
#define HEDDLE_BACKENDS_CPU_PASSES_H

#include "mlir/Pass/Pass.h"
#include <memory>

namespace mlir {
class OpPassManager;
}

namespace heddle::cpu {

#define GEN_PASS_DECL
#include "backends/cpu/Passes.h.inc"

/// Appends the conversions from kernels that `lower-kernels` has turned into functions to the llvm dialect.
void addLowerToLLVM(mlir::OpPassManager &passes);

/// Registers all passes of this folder, for heddle-opt.
void registerCpuPasses();

} // namespace heddle::cpu

#endif
