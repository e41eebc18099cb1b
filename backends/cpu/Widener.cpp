//===- Widener.cpp - ops on values, for all lanes -------------------------===//
//
// Goes through a kernel once, from top to bottom. A varying value's defining op is changed in place to work on vectors
// and its result's type becomes a vector's; so every op finds its varying operands widened already, and broadcasts the
// uniform ones.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Widener.h"

#include "backends/lanes/Words.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace heddle::cpu {

LogicalResult Widener::run() {
  if (lanes < 1 || !llvm::isPowerOf2_64(lanes) || lanes > 64)
    return kernel.emitError() << "lanes of a kernel must be a power of two up to 64, found " << lanes;
  return widenBlock(kernel.getBody().front());
}

LogicalResult Widener::widenBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block))
    if (failed(widen(&op)))
      return failure();
  return success();
}

LogicalResult Widener::widen(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return widenFor(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return widenIf(branch);
  if (auto reduce = dyn_cast<LaneReduceOp>(op))
    return widenReduce(reduce);
  if (auto store = dyn_cast<StoreWhereOp>(op))
    return widenStoreWhere(store);
  if (isa<Dot2Op, Dot4Op>(op))
    return widenDot(op), success();
  if (auto choose = dyn_cast<ChooseBytesOp>(op))
    return widenChooseBytes(choose), success();
  if (auto lane = dyn_cast<LaneOp>(op))
    return widenLane(lane), success();
  if (auto yield = dyn_cast<scf::YieldOp>(op))
    return widenYield(yield);
  if (op->getNumRegions() != 0)
    return op->emitError() << "'" << op->getName() << "' cannot be in a kernel: control flow is scf.for and scf.if";
  if (!divergence.hasVaryingOperand(op))
    return success();
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (auto vector = dyn_cast<VectorType>(type); vector && vector.getRank() != 1)
        return op->emitError() << "vectors of kernels have one dimension, found " << vector;
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return widenLoad(op, load.getMemRef(), load.getIndices());
  if (auto load = dyn_cast<vector::LoadOp>(op))
    return widenLoad(op, load.getBase(), load.getIndices());
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return widenStore(op, store.getValue(), store.getMemRef(), store.getIndices());
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return widenStore(op, store.getValueToStore(), store.getBase(), store.getIndices());
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op))
    return widenBroadcast(broadcast), success();
  if (auto extract = dyn_cast<vector::ExtractOp>(op))
    return widenExtract(extract);
  if (auto vectors = dyn_cast<vector::FromElementsOp>(op))
    return widenFromElements(vectors), success();
  return widenElementwise(op);
}

LogicalResult Widener::mustBeUniform(Operation *op, Value value, StringRef what, StringRef remedy) {
  if (!isVarying(value))
    return success();
  InFlightDiagnostic error = op->emitError() << what << " must be the same in all lanes; " << remedy;
  error.attachNote(value.getLoc()) << "this differs from lane to lane";
  return error;
}

//===----------------------------------------------------------------------===//
// Scalars and vectors
//===----------------------------------------------------------------------===//

VectorType Widener::vectorOf(Type type) const {
  Type element = getElementTypeOrSelf(type);
  return VectorType::get(lanes * elementsOf(type),
                         element.isIndex() ? IntegerType::get(element.getContext(), 32) : element);
}

Value Widener::asVector(OpBuilder &builder, Location loc, Value value) {
  if (isVarying(value))
    return value;
  if (isa<VectorType>(value.getType()))
    return tiled(builder, loc, value);
  VectorType type = vectorOf(value.getType());
  if (value.getType().isIndex())
    value = arith::IndexCastOp::create(builder, loc, type.getElementType(), value);
  return vector::BroadcastOp::create(builder, loc, type, value);
}

Value Widener::splat(OpBuilder &builder, Location loc, int64_t value) const {
  VectorType type = VectorType::get(lanes, builder.getI32Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, APInt(32, value, true, true)));
}

Value Widener::laneNumbers(OpBuilder &builder, Location loc) const {
  SmallVector<int32_t> numbers(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers[lane] = lane;
  VectorType type = VectorType::get(lanes, builder.getI32Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(numbers)));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

void Widener::replaceVarying(Operation *op, Value value) {
  // A new op's result may lie where the old one's did: nothing of the old one may be remembered.
  Value result = op->getResult(0);
  divergence.replace(result, value);
  indices.erase(result);
  result.setType(value.getType());
  result.replaceAllUsesWith(value);
  op->erase();
}

void Widener::widenLane(LaneOp lane) {
  // The vector is for those that use it as a number; addresses know it by its LaneIndex.
  OpBuilder builder(lane);
  Value numbers = laneNumbers(builder, lane.getLoc());
  replaceVarying(lane, numbers);
  indices[numbers] = LaneIndex{nullptr, 1, nullptr};
}

void Widener::widenIndexCast(Operation *op, bool isSigned) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Value value = op->getOperand(0);
  VectorType type = vectorOf(op->getResult(0).getType());
  unsigned from = cast<VectorType>(value.getType()).getElementTypeBitWidth(), to = type.getElementTypeBitWidth();
  if (to < from)
    value = arith::TruncIOp::create(builder, loc, type, value);
  else if (to > from && isSigned)
    value = arith::ExtSIOp::create(builder, loc, type, value);
  else if (to > from)
    value = arith::ExtUIOp::create(builder, loc, type, value);
  replaceVarying(op, value);
}

LogicalResult Widener::widenElementwise(Operation *op) {
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
    return widenIndexCast(op, isa<arith::IndexCastOp>(op)), success();
  if (!OpTrait::hasElementwiseMappableTraits(op))
    return op->emitError() << "'" << op->getName() << "' has no form for values that differ from lane to lane";
  noteIndex(op);
  OpBuilder builder(op);
  int64_t elements = lanes * elementsOf(op->getResult(0).getType());
  for (OpOperand &operand : op->getOpOperands()) {
    // A scalar may choose between vectors.
    Value value = asVector(builder, op->getLoc(), operand.get());
    operand.set(repeated(builder, op->getLoc(), value, elements / elementsOf(value.getType())));
  }
  for (Value result : op->getResults())
    result.setType(vectorOf(result.getType()));
  return success();
}

LogicalResult Widener::widenReduce(LaneReduceOp reduce) {
  if (reduce.getKind() != ReduceKind::Sum && reduce.getKind() != ReduceKind::Max)
    return reduce.emitError("a reduction over the lanes must be 'sum' or 'max'");
  OpBuilder builder(reduce);
  Location loc = reduce.getLoc();
  Value value = asVector(builder, loc, reduce.getValue());
  bool isFloat = isa<FloatType>(reduce.getType()), isSum = reduce.getKind() == ReduceKind::Sum;
  // The upper half onto the lower one, until one is left: an order that does not depend on the processor.
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> low(half), high(half);
    for (int64_t i = 0; i < half; ++i)
      low[i] = i, high[i] = half + i;
    Value left = vector::ShuffleOp::create(builder, loc, value, value, low);
    Value right = vector::ShuffleOp::create(builder, loc, value, value, high);
    if (isSum)
      value = isFloat ? Value(arith::AddFOp::create(builder, loc, left, right))
                      : Value(arith::AddIOp::create(builder, loc, left, right));
    else
      value = isFloat ? Value(arith::MaximumFOp::create(builder, loc, left, right))
                      : Value(arith::MaxSIOp::create(builder, loc, left, right));
  }
  reduce.replaceAllUsesWith(Value(vector::ExtractOp::create(builder, loc, value, ArrayRef<int64_t>{0})));
  reduce.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

LogicalResult Widener::widenFor(scf::ForOp loop) {
  for (Value bound : {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    if (failed(mustBeUniform(loop, bound, "a bound of a loop", "loop over the largest range and select what counts")))
      return failure();
  OpBuilder builder(loop);
  for (auto [index, arg] : llvm::enumerate(loop.getRegionIterArgs())) {
    if (!isVarying(arg))
      continue;
    OpOperand &init = loop.getInitArgsMutable()[index];
    init.set(asVector(builder, loop.getLoc(), init.get()));
    arg.setType(vectorOf(arg.getType()));
    loop.getResult(index).setType(arg.getType());
  }
  return widenBlock(*loop.getBody());
}

LogicalResult Widener::widenIf(scf::IfOp branch) {
  if (failed(mustBeUniform(branch, branch.getCondition(), "the condition of 'scf.if'",
                           "use arith.select, or heddle.store_where")))
    return failure();
  for (Value result : branch.getResults())
    if (isVarying(result))
      result.setType(vectorOf(result.getType()));
  for (Region &region : branch->getRegions())
    if (!region.empty() && failed(widenBlock(region.front())))
      return failure();
  return success();
}

LogicalResult Widener::widenYield(scf::YieldOp yield) {
  OpBuilder builder(yield);
  for (auto [operand, result] : llvm::zip(yield->getOpOperands(), yield->getParentOp()->getResults()))
    if (isVarying(result))
      operand.set(asVector(builder, yield.getLoc(), operand.get()));
  return success();
}

//===----------------------------------------------------------------------===//
// Words: dot2, dot4, choose_bytes
//===----------------------------------------------------------------------===//

/// Elements [first, first + width) of a vector.
static Value slice(OpBuilder &builder, Location loc, Value value, int64_t first, int64_t width) {
  return vector::ExtractStridedSliceOp::create(builder, loc, value, ArrayRef<int64_t>{first},
                                               ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
}

static int64_t widthOf(Value vector) { return cast<VectorType>(vector.getType()).getNumElements(); }

/// An intrinsic whose result is of the type of `like`.
static Value call(ImplicitLocOpBuilder &b, Value like, const Twine &name, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, like.getType(), b.getStringAttr(name), operands).getResult(0);
}

/// Words as a vector of their parts of `bits` bits.
static Value partsOf(ImplicitLocOpBuilder &b, Value words, int64_t bits) {
  return vector::BitCastOp::create(b, VectorType::get(widthOf(words) * 32 / bits, b.getIntegerType(bits)), words);
}

void Widener::widenWords(Operation *op, int64_t least, WordsEmitter written, WordsEmitter chunk) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  if (!isVarying(op->getResult(0))) {
    op->replaceAllUsesWith(ValueRange{written(b, op->getOperands())});
    op->erase();
    return;
  }
  auto words = llvm::map_to_vector(op->getOperands(), [&](Value word) { return asVector(b, b.getLoc(), word); });
  int64_t count = widthOf(words[0]), width = std::min<int64_t>(count, target.lanes());
  if (width < least)
    return replaceVarying(op, written(b, words));
  if (width == count)
    return replaceVarying(op, chunk(b, words));
  Value whole = words[0];
  for (int64_t first = 0; first < count; first += width) {
    auto parts = llvm::map_to_vector(words, [&](Value word) { return slice(b, b.getLoc(), word, first, width); });
    Value part = chunk(b, parts);
    whole = vector::InsertStridedSliceOp::create(b, part, whole, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{1});
  }
  replaceVarying(op, whole);
}

//===----------------------------------------------------------------------===//
// dot2, dot4
//===----------------------------------------------------------------------===//

template <typename Shift> static Value shift(ImplicitLocOpBuilder &b, Value value, int64_t bits) {
  return bits ? Value(Shift::create(b, value,
                                    createScalarOrSplatConstant(b, b.getLoc(), value.getType(), bits)))
              : value;
}

/// accumulator + the products of the words' parts of `bits` bits, signed on the right: written out, for scalars and
/// for vectors that no instruction takes.
static Value dotByArithmetic(ImplicitLocOpBuilder &b, Value accumulator, Value left, Value right, int64_t bits,
                             bool signedLeft) {
  Value sum = accumulator;
  for (int64_t first = 0; first < 32; first += bits) {
    auto part = [&](Value word, bool isSigned) {
      Value top = shift<arith::ShLIOp>(b, word, 32 - bits - first);
      return isSigned ? shift<arith::ShRSIOp>(b, top, 32 - bits) : shift<arith::ShRUIOp>(b, top, 32 - bits);
    };
    Value product = arith::MulIOp::create(b, part(left, signedLeft), part(right, true));
    sum = arith::AddIOp::create(b, sum, product);
  }
  return sum;
}

/// accumulator + the products of pairs of int16.
static Value addPairs(ImplicitLocOpBuilder &b, Value accumulator, Value left, Value right) {
  int64_t width = widthOf(accumulator);
  StringRef multiply = width == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                       : width == 8 ? "llvm.x86.avx2.pmadd.wd"
                                    : "llvm.x86.sse2.pmadd.wd";
  return arith::AddIOp::create(b, accumulator, call(b, accumulator, multiply, {left, right}));
}

Value Widener::dotOfPairs(ImplicitLocOpBuilder &b, Value accumulator, Value left, Value right) {
  left = partsOf(b, left, 16), right = partsOf(b, right, 16);
  if (target.vnni())
    return call(b, accumulator, "llvm.x86.avx512.vpdpwssd." + Twine(32 * widthOf(accumulator)),
                {accumulator, left, right});
  return addPairs(b, accumulator, left, right);
}

Value Widener::dotOfBytes(ImplicitLocOpBuilder &b, Value accumulator, Value left, Value right) {
  if (target.vnni())
    return call(b, accumulator, "llvm.x86.avx512.vpdpbusd." + Twine(32 * widthOf(accumulator)),
                {accumulator, partsOf(b, left, 8), partsOf(b, right, 8)});
  // pmaddubsw would saturate: every other byte at a time, as int16.
  left = partsOf(b, left, 16), right = partsOf(b, right, 16);
  Value low = arith::AndIOp::create(b, left, createScalarOrSplatConstant(b, b.getLoc(), left.getType(), 255));
  Value lowSigned = shift<arith::ShRSIOp>(b, shift<arith::ShLIOp>(b, right, 8), 8);
  Value sum = addPairs(b, accumulator, low, lowSigned);
  return addPairs(b, sum, shift<arith::ShRUIOp>(b, left, 8), shift<arith::ShRSIOp>(b, right, 8));
}

void Widener::widenDot(Operation *dot) {
  bool pairs = isa<Dot2Op>(dot);
  widenWords(
      dot, /*least=*/4,
      [&](ImplicitLocOpBuilder &b, ValueRange words) {
        return dotByArithmetic(b, words[0], words[1], words[2], pairs ? 16 : 8, /*signedLeft=*/pairs);
      },
      [&](ImplicitLocOpBuilder &b, ValueRange words) {
        return pairs ? dotOfPairs(b, words[0], words[1], words[2]) : dotOfBytes(b, words[0], words[1], words[2]);
      });
}

//===----------------------------------------------------------------------===//
// choose_bytes
//===----------------------------------------------------------------------===//

/// One instruction: bytes of a vector chosen by those of another, within 16.
static Value chooseChunk(ImplicitLocOpBuilder &b, Value codes, ArrayRef<int8_t> table) {
  Value chosen = partsOf(b, codes, 8);
  SmallVector<int8_t> entries;
  for (int64_t i = 0; i < widthOf(chosen); ++i)
    entries.push_back(table[i % 16]);
  auto bytes = cast<VectorType>(chosen.getType());
  Value all = arith::ConstantOp::create(b, DenseElementsAttr::get(bytes, ArrayRef(entries)));
  StringRef name = widthOf(codes) == 16 ? "llvm.x86.avx512.pshuf.b.512" : "llvm.x86.avx2.pshuf.b";
  return vector::BitCastOp::create(b, codes.getType(), call(b, chosen, name, {all, chosen}));
}

void Widener::widenChooseBytes(ChooseBytesOp choose) {
  ArrayRef<int8_t> table = choose.getTable();
  widenWords(
      choose, /*least=*/8,
      [&](ImplicitLocOpBuilder &b, ValueRange words) { return lanes::chooseBytes(b, words[0], table); },
      [&](ImplicitLocOpBuilder &b, ValueRange words) { return chooseChunk(b, words[0], table); });
}

} // namespace heddle::cpu
