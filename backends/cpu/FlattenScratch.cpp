//===- FlattenScratch.cpp - scratch memory of scalars ---------------------===//

#include "backends/cpu/FlattenScratch.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::cpu {

/// Replaces a load or store of one vector.
static LogicalResult flattenUse(Operation *op, Value memory) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  auto within = [&](ValueRange indices) {
    SmallVector<Value> result(indices);
    result.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
    return result;
  };
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    auto type = cast<VectorType>(load.getType());
    Value value = vector::LoadOp::create(builder, loc, type, memory, within(load.getIndices()));
    load.replaceAllUsesWith(value);
  } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
    vector::StoreOp::create(builder, loc, store.getValue(), memory, within(store.getIndices()));
  } else {
    return op->emitError() << "'" << op->getName() << "' has no form for scratch memory of vectors";
  }
  op->erase();
  return success();
}

LogicalResult flattenScratch(KernelOp kernel) {
  SmallVector<ScratchOp> scratches;
  kernel.walk([&](ScratchOp scratch) { scratches.push_back(scratch); });
  for (ScratchOp scratch : scratches) {
    auto type = cast<MemRefType>(scratch.getType());
    auto vector = dyn_cast<VectorType>(type.getElementType());
    if (!vector || vector.getRank() != 1 || !type.getLayout().isIdentity())
      continue;
    SmallVector<int64_t> shape(type.getShape());
    shape.push_back(vector.getDimSize(0));
    scratch.getResult().setType(MemRefType::get(shape, vector.getElementType()));
    for (Operation *user : llvm::make_early_inc_range(scratch->getUsers()))
      if (failed(flattenUse(user, scratch.getResult())))
        return failure();
  }
  return success();
}

} // namespace heddle::cpu
