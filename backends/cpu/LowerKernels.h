//===- LowerKernels.h - what a kernel needs when it is called ---*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_LOWERKERNELS_H
#define HEDDLE_BACKENDS_CPU_LOWERKERNELS_H

#include "ir/Heddle.h"
#include "llvm/ADT/DenseMap.h"

namespace heddle::cpu {

/// Where each `heddle.scratch` of a kernel lies: byte offsets into the thread's scratch memory, multiples of 64.
struct ScratchPlan {
  llvm::DenseMap<mlir::Operation *, uint64_t> offsets;
  uint64_t bytes = 0;
};

/// Plans the scratch memory of a kernel; reports an error when a shape is dynamic or the sum is above 1 GiB.
mlir::FailureOr<ScratchPlan> planScratch(KernelOp kernel);

} // namespace heddle::cpu

#endif
