//===- Divergence.cpp - which values differ from lane to lane -------------===//
//
// A value loaded from memory is varying when its address is. What flows around a loop is found by going over
// the kernel until nothing is added: each round passes one loop-carried value on, and there are few.
//
//===----------------------------------------------------------------------===//

#include "backends/lanes/Divergence.h"

using namespace mlir;

namespace heddle::lanes {

Divergence::Divergence(KernelOp kernel) {
  bool changed = true;
  while (changed) {
    changed = false;
    kernel.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) { changed |= visit(op); });
  }
}

bool Divergence::hasVaryingOperand(Operation *op) const {
  return llvm::any_of(op->getOperands(), [&](Value operand) { return isVarying(operand); });
}

bool Divergence::visit(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return markLoop(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return markIf(branch);
  if (isa<LaneReduceOp>(op) || (!isa<LaneOp>(op) && !hasVaryingOperand(op)))
    return false;
  bool changed = false;
  for (Value result : op->getResults())
    changed |= mark(result);
  return changed;
}

bool Divergence::markLoop(scf::ForOp loop) {
  bool changed = false;
  for (auto [init, arg, yielded, result] :
       llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues(), loop.getResults()))
    if (isVarying(init) || isVarying(yielded))
      changed |= mark(arg), changed |= mark(result);
  return changed;
}

bool Divergence::markIf(scf::IfOp branch) {
  bool changed = false;
  for (Region &region : branch->getRegions())
    if (!region.empty())
      for (auto [yielded, result] :
           llvm::zip(region.front().getTerminator()->getOperands(), branch.getResults()))
        if (isVarying(yielded))
          changed |= mark(result);
  return changed;
}

} // namespace heddle::lanes
