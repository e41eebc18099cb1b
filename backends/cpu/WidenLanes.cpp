//===- WidenLanes.cpp - turn kernels for one lane into vector code --------===//
//
// Expects: heddle.kernel ops, their bodies in arith, math, scf.for, scf.if, memref.load/store and heddle's kernel ops.
// Leaves: the same kernels, for all lanes at once, with vectors where values vary. See Widener.cpp for how.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/FlattenScratch.h"
#include "backends/cpu/Passes.h"
#include "backends/cpu/Widener.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace heddle::cpu {

#define GEN_PASS_DEF_WIDENLANES
#include "backends/cpu/Passes.h.inc"

namespace {

struct WidenLanes : impl::WidenLanesBase<WidenLanes> {
  using WidenLanesBase::WidenLanesBase;

  void runOnOperation() override {
    llvm::Expected<CpuTarget> target = cpuTarget(cpu);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    bool failure = false;
    getOperation().walk([&](KernelOp kernel) {
      failure |= failed(flattenScratch(kernel)) || failed(Widener(kernel, *target).run());
    });
    if (failure)
      signalPassFailure();
  }
};

} // namespace

} // namespace heddle::cpu
