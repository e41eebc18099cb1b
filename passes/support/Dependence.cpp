#include "passes/support/Dependence.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace heddle;

/// Walks definitions upward from a value, inside one block, until an op of `ops` is met.
static bool reaches(Value value, const OpSet &ops, llvm::DenseSet<Operation *> &seen) {
  Operation *op = value.getDefiningOp();
  if (!op || !seen.insert(op).second)
    return false;
  if (ops.contains(op))
    return true;
  return llvm::any_of(usedFromOutside(op), [&](Value used) { return reaches(used, ops, seen); });
}

bool heddle::dependsOn(Value value, const OpSet &ops) {
  llvm::DenseSet<Operation *> seen;
  return reaches(value, ops, seen);
}

bool heddle::reachesAround(Operation *op, const OpSet &ops) {
  return llvm::any_of(usedFromOutside(op), [&](Value used) {
    Operation *definition = used.getDefiningOp();
    return definition && !ops.contains(definition) && dependsOn(used, ops);
  });
}

llvm::SetVector<Value> heddle::usedFromOutside(Operation *op) {
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  return used;
}

void heddle::restoreOrder(Block &block) { sortTopologically(&block); }

void heddle::eraseDead(Region &region) {
  for (Block &block : region)
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
}
