//===- RegisterPasses.cpp - the passes of the CPU backend, by name --------===//

#include "backends/cpu/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace heddle::cpu {

#define GEN_PASS_REGISTRATION
#include "backends/cpu/Passes.h.inc"

void registerCpuPasses() {
  registerCpuBackendPasses();
  PassPipelineRegistration<>("kernels-to-llvm", "functions that lower-kernels has made, to the llvm dialect",
                             addLowerToLLVM);
}

} // namespace heddle::cpu
