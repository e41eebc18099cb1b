//===- WidenMemory.cpp - loads, stores and addresses, for all lanes -------===//
//
// An index that varies is taken apart into a uniform scalar, a multiple of the lane, and a vector for the
// rest (LaneIndex). The scalar stays among the indices of the memory op; what varies of all dimensions is
// multiplied by their strides and summed. Is that sum the lane itself (or four times the lane, where each
// touches four elements), the lanes are neighbours in memory: a vector load or store. Otherwise it is a
// vector of 32-bit offsets: a gather or scatter.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Widener.h"

using namespace mlir;

namespace heddle::cpu {

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

namespace {

/// Sums and products in which a null value stands for zero.
Value addIndices(OpBuilder &builder, Location loc, Value left, Value right) {
  if (!left || !right)
    return left ? left : right;
  return arith::AddIOp::create(builder, loc, left, right);
}

Value scaled(OpBuilder &builder, Location loc, Value value, Value factor) {
  return value ? Value(arith::MulIOp::create(builder, loc, value, factor)) : nullptr;
}

} // namespace

LaneIndex Widener::laneIndex(Value index) const {
  if (!isVarying(index))
    return {index, 0, nullptr};
  auto known = indices.find(index);
  return known != indices.end() ? known->second : LaneIndex{nullptr, 0, index};
}

Value Widener::varyingPart(OpBuilder &builder, Location loc, const LaneIndex &index) {
  if (index.perLane == 0)
    return index.rest;
  Value steps = laneNumbers(builder, loc);
  if (index.perLane != 1)
    steps = arith::MulIOp::create(builder, loc, steps, splat(builder, loc, index.perLane));
  return addIndices(builder, loc, index.rest, steps);
}

/// Before an op on indices becomes one on vectors: takes its result apart, if it is a sum or a product with a uniform
/// value.
void Widener::noteIndex(Operation *op) {
  if (op->getNumResults() != 1 || !op->getResult(0).getType().isIndex() || !isa<arith::AddIOp, arith::MulIOp>(op))
    return;
  OpBuilder builder(op);
  Location loc = op->getLoc();
  LaneIndex left = laneIndex(op->getOperand(0)), right = laneIndex(op->getOperand(1)), result;
  if (isa<arith::AddIOp>(op)) {
    result.uniform = addIndices(builder, loc, left.uniform, right.uniform);
    result.rest = addIndices(builder, loc, left.rest, right.rest);
    result.perLane = left.perLane + right.perLane;
  } else {
    if (left.isUniform())
      std::swap(left, right);
    if (!right.isUniform())
      return;
    Value factor = right.uniform;
    result.uniform = scaled(builder, loc, left.uniform, factor);
    if (std::optional<int64_t> constant = getConstantIntValue(factor)) {
      result.perLane = left.perLane * *constant;
      result.rest = scaled(builder, loc, left.rest, splat(builder, loc, *constant));
    } else {
      result.rest = scaled(builder, loc, varyingPart(builder, loc, left), asVector(builder, loc, factor));
    }
  }
  indices[op->getResult(0)] = result;
}

FailureOr<LaneAddress> Widener::address(Operation *op, Value memref, ValueRange subscripts, int64_t count) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.getLayout().isIdentity() || isa<VectorType>(type.getElementType()))
    return op->emitError() << "memory of kernels must be scalars in row-major order, found " << type;
  OpBuilder builder(op);
  Location loc = op->getLoc();
  LaneAddress result;
  LaneIndex offset;
  Value stride;              // the product of the dynamic dimensions inside this one, or null
  int64_t staticStride = 1;  // the product of the static ones
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    LaneIndex index = laneIndex(subscripts[dim]);
    result.indices.push_back(index.uniform ? index.uniform
                                           : Value(arith::ConstantIndexOp::create(builder, loc, 0)));
    if (!stride) {
      offset.perLane += index.perLane * staticStride;
      if (index.rest && staticStride != 1)
        index.rest = scaled(builder, loc, index.rest, splat(builder, loc, staticStride));
      offset.rest = addIndices(builder, loc, offset.rest, index.rest);
    } else if (!index.isUniform()) {
      Value factor = scaled(builder, loc, stride, arith::ConstantIndexOp::create(builder, loc, staticStride));
      Value part = scaled(builder, loc, varyingPart(builder, loc, index), asVector(builder, loc, factor));
      offset.rest = addIndices(builder, loc, offset.rest, part);
    }
    if (!type.isDynamicDim(dim)) {
      staticStride *= type.getDimSize(dim);
      continue;
    }
    Value size = memref::DimOp::create(builder, loc, memref, dim);
    stride = stride ? Value(arith::MulIOp::create(builder, loc, stride, size)) : size;
  }
  std::reverse(result.indices.begin(), result.indices.end());
  if (offset.perLane == count && !offset.rest)
    return result;
  result.offsets = offset.isUniform() ? splat(builder, loc, 0) : varyingPart(builder, loc, offset);
  if (count != 1) {
    auto numbers = llvm::to_vector(llvm::seq<int32_t>(count));
    Value within = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(VectorType::get(count, builder.getI32Type()), ArrayRef(numbers)));
    result.offsets = arith::AddIOp::create(builder, loc, repeated(builder, loc, result.offsets, count),
                                           tiled(builder, loc, within));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

static Value allTrue(OpBuilder &builder, Location loc, VectorType like) {
  VectorType type = VectorType::get(like.getShape(), builder.getI1Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, true));
}

LogicalResult Widener::widenLoad(Operation *op, Value memref, ValueRange subscripts) {
  Type loaded = op->getResult(0).getType();
  FailureOr<LaneAddress> where = address(op, memref, subscripts, elementsOf(loaded));
  if (failed(where))
    return failure();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  VectorType type = vectorOf(loaded);
  if (!where->offsets) {
    replaceVarying(op, vector::LoadOp::create(builder, loc, type, memref, where->indices));
    return success();
  }
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  replaceVarying(op, vector::GatherOp::create(builder, loc, type, memref, where->indices, where->offsets,
                                              allTrue(builder, loc, type), zero));
  return success();
}

LogicalResult Widener::widenStore(Operation *op, Value value, Value memref, ValueRange subscripts) {
  if (llvm::none_of(subscripts, [&](Value index) { return isVarying(index); }))
    return mustBeUniform(op, value, "a value stored at one place",
                         "store at an index that depends on heddle.lane, or reduce over the lanes");
  OpBuilder builder(op);
  Location loc = op->getLoc();
  FailureOr<LaneAddress> where = address(op, memref, subscripts, perLane(value));
  if (failed(where))
    return failure();
  value = asVector(builder, loc, value);
  if (!where->offsets)
    vector::StoreOp::create(builder, loc, value, memref, where->indices);
  else
    vector::ScatterOp::create(builder, loc, Type(), memref, where->indices, where->offsets,
                              allTrue(builder, loc, cast<VectorType>(value.getType())), value);
  op->erase();
  return success();
}

LogicalResult Widener::widenStoreWhere(StoreWhereOp store) {
  OpBuilder builder(store);
  Location loc = store.getLoc();
  Value value = store.getValue(), memref = store.getMemref();
  int64_t count = perLane(value);
  if (!isVarying(store.getCondition())) {
    auto branch = scf::IfOp::create(builder, loc, store.getCondition(), /*withElseRegion=*/false);
    builder.setInsertionPoint(branch.thenYield());
    Operation *plain =
        count != 1 ? vector::StoreOp::create(builder, loc, value, memref, store.getIndices()).getOperation()
                   : memref::StoreOp::create(builder, loc, value, memref, store.getIndices()).getOperation();
    store.erase();
    return widen(plain);
  }
  FailureOr<LaneAddress> where = address(store, memref, store.getIndices(), count);
  if (failed(where))
    return failure();
  value = asVector(builder, loc, value);
  Value condition = repeated(builder, loc, store.getCondition(), count);
  if (!where->offsets)
    vector::MaskedStoreOp::create(builder, loc, memref, where->indices, condition, value);
  else
    vector::ScatterOp::create(builder, loc, Type(), memref, where->indices, where->offsets, condition, value);
  store.erase();
  return success();
}

} // namespace heddle::cpu
