#include "passes/kernels/PointEmitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/kernels/BlockDecoder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace heddle;

static NamedTensorType typeOf(Value tensor) { return cast<NamedTensorType>(tensor.getType()); }

bool heddle::isVirtual(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return false;
  return isa<WeightOp, ConstantOp, PositionOp, IndexOp, ExtentOp, RegroupOp, SliceOp>(op);
}

/// Whether a tensor has an element for each token and key.
static bool isOfPairs(Value tensor) {
  NamedTensorType type = typeOf(tensor);
  return type.has("T") && (type.has("S") || type.has("U"));
}

/// Maps and lookups above one another that are made anew wherever they are read.
constexpr unsigned mostMade = 4;

/// Whether it is a function of positions, constants and weights' elements.
static bool isOfPositions(Value tensor, unsigned most = mostMade) {
  Operation *op = tensor.getDefiningOp();
  if (isa_and_nonnull<PositionOp, IndexOp, ExtentOp, ConstantOp, WeightOp>(op))
    return true;
  return most > 0 && isa_and_nonnull<MapOp, LookupOp>(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) { return isOfPositions(operand, most - 1); });
}

/// Whether only attentions' scores read it, or maps and lookups of pairs that only these read.
static bool isForScores(Value tensor, unsigned most = mostMade) {
  return llvm::all_of(tensor.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto attention = dyn_cast<AttentionOp>(user))
      return llvm::is_contained(attention.getExtras(), use.get());
    return most > 0 && isa<MapOp, LookupOp>(user) && isOfPairs(user->getResult(0)) &&
           isForScores(user->getResult(0), most - 1);
  });
}

bool heddle::isMadeWhereRead(Value tensor) {
  return isa_and_nonnull<MapOp, LookupOp>(tensor.getDefiningOp()) && isOfPairs(tensor) &&
         isOfPositions(tensor) && isForScores(tensor);
}

Operation *heddle::storesThrough(Value tensor) {
  if (!tensor.hasOneUse())
    return nullptr;
  Operation *user = *tensor.user_begin();
  if (isa<ConcatOp, KeepOp>(user))
    return user;
  // A renaming of T into S is not a store: the cache is the keep's.
  if (auto regroup = dyn_cast<RegroupOp>(user))
    return regroup->getParentOp() == tensor.getParentBlock()->getParentOp() ? user : nullptr;
  return nullptr;
}

//===- memory
//----------------------------------------------------------------------------------------------------------===//

SmallVector<Value> PointEmitter::address(const Layout &layout, const Env &env) {
  SmallVector<Value> indices;
  for (const LayoutDim &dim : layout.dims) {
    Idx index = env.lookup(dim.axis);
    assert(index.base && "no index for an axis");
    if (dim.ring)
      index = k.index.modulo(index, dim.ring);
    if (dim.divide > 1)
      index = k.index.divide(index, dim.divide);
    if (dim.modulo)
      index = k.index.modulo(index, dim.modulo);
    indices.push_back(k.index.value(index));
  }
  return indices;
}

/// Conditions lie in memory as i32.
Value PointEmitter::load(const Storage &place, NamedTensorType type, const Env &env) {
  Value argument = k.read(place.memref, place.layout.dynamicDims(k.builder.getContext()));
  Value value = memref::LoadOp::create(k.builder, k.loc, argument, address(place.layout, env));
  if (type.getFormat() == Format::I1)
    value = arith::TruncIOp::create(k.builder, k.loc, k.builder.getI1Type(), value);
  return value;
}

void PointEmitter::storeAt(const Storage &place, const Env &env, Value scalar, Value where) {
  if (scalar.getType().isInteger(1))
    scalar = arith::ExtUIOp::create(k.builder, k.loc, k.builder.getI32Type(), scalar);
  Value argument = k.write(place.memref, place.layout.dynamicDims(k.builder.getContext()));
  SmallVector<Value> indices = address(place.layout, env);
  if (where)
    StoreWhereOp::create(k.builder, k.loc, where, scalar, argument, indices);
  else
    memref::StoreOp::create(k.builder, k.loc, scalar, argument, indices);
}

void PointEmitter::store(Value tensor, const Env &env, Value scalar, Value where) {
  if (const Storage *storage = k.memory.find(tensor))
    return storeAt(*storage, env, scalar, where);
  Operation *through = storesThrough(tensor);
  assert(through && "a tensor without memory");
  storeInto(through, tensor, env, scalar, where);
}

void PointEmitter::storeInto(Operation *through, Value tensor, const Env &env, Value scalar, Value where) {
  Env inner = env;
  if (auto keep = dyn_cast<KeepOp>(through)) {
    Value before = arith::SubIOp::create(k.builder, k.loc, k.size("S"), k.size("T"));
    inner["S"] = k.index.add(env.lookup("T"), k.index.uniform(before));
  } else if (auto concat = dyn_cast<ConcatOp>(through)) {
    int64_t offset = 0;
    for (auto [part, axis] : llvm::zip(concat.getParts(), axisNames(concat.getFrom()))) {
      if (part == tensor)
        inner[concat.getTo()] = k.index.addConstant(env.lookup(axis), offset);
      offset += typeOf(part).size(axis);
    }
  } else {
    auto regroup = cast<RegroupOp>(through);
    inner = regrouped(env, tensor, regroup.getFrom(), regroup.getResult(), regroup.getTo());
  }
  store(through->getResult(0), inner, scalar, where);
}

Value PointEmitter::loadWeight(WeightOp weight, const Env &env) {
  Value memref = k.memory.packed(weight);
  const Packing &packing = *k.memory.packing(weight.getName());
  auto type = typeOf(weight.getResult());
  Value argument = k.read(memref);
  if (!packing.panels) {
    auto indices =
        llvm::map_to_vector(packing.rows, [&](auto &axis) { return k.index.value(env.lookup(axis)); });
    return memref::LoadOp::create(k.builder, k.loc, argument, indices);
  }
  auto flatten = [&](ArrayRef<std::string> axes) {
    auto indices = llvm::map_to_vector(axes, [&](auto &axis) { return env.lookup(axis); });
    auto sizes = llvm::map_to_vector(axes, [&](auto &axis) { return type.size(axis); });
    return k.index.join(indices, sizes);
  };
  int64_t columns = blockShape(packing.format).columns;
  Idx row = flatten(packing.rows), column = flatten(packing.over);
  Idx inPart = k.index.divide(row, packing.lanes);
  if (!packing.each.empty()) {
    int64_t rows = 1;
    for (const std::string &axis : packing.rows)
      rows *= type.size(axis);
    int64_t groups = llvm::divideCeil(rows, packing.lanes);
    inPart = k.index.add(k.index.scale(flatten(packing.each), groups), inPart);
  }
  Value group = k.index.value(inPart), slot = k.index.value(k.index.modulo(row, packing.lanes));
  Value block = k.index.value(k.index.divide(column, columns)),
        inner = k.index.value(k.index.modulo(column, columns));
  if (packing.format == Format::F32)
    return memref::LoadOp::create(k.builder, k.loc, argument, ValueRange{group, block, slot});
  BlockDecoder decoder(k.builder, k.loc, packing.format, [&](Value word) -> Value {
    return memref::LoadOp::create(k.builder, k.loc, argument, ValueRange{group, block, word, slot});
  });
  return decoder.element(inner);
}

Value PointEmitter::loadConstant(ConstantOp constant, const Env &env) {
  if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
    return arith::ConstantOp::create(k.builder, k.loc, splat.getSplatValue<TypedAttr>());
  Value argument = k.read(k.memory.packed(constant));
  auto indices = llvm::map_to_vector(typeOf(constant.getResult()).getNames(),
                                     [&](StringAttr axis) { return k.index.value(env.lookup(axis)); });
  return memref::LoadOp::create(k.builder, k.loc, argument, indices);
}

//===- values
//------------------------------------------------------------------------------------------------------------===//

Value PointEmitter::point(Value tensor, const Env &env) {
  if (auto found = known.find(tensor); found != known.end())
    return found->second;
  if (auto found = aliases.find(tensor); found != aliases.end())
    return point(found->second, env);
  if (const Storage *storage = k.memory.find(tensor))
    return load(*storage, typeOf(tensor), env);
  return compute(tensor, env);
}

Value PointEmitter::compute(Value tensor, const Env &env) {
  auto integer = [&](const Idx &index) -> Value {
    return arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), k.index.value(index));
  };
  return TypeSwitch<Operation *, Value>(tensor.getDefiningOp())
      .Case<WeightOp>([&](WeightOp op) { return loadWeight(op, env); })
      .Case<ConstantOp>([&](ConstantOp op) { return loadConstant(op, env); })
      .Case<IndexOp>([&](IndexOp op) { return integer(env.lookup(op.getAxis())); })
      .Case<ExtentOp>([&](ExtentOp op) { return integer(k.index.uniform(k.size(op.getAxis()))); })
      .Case<PositionOp>([&](PositionOp op) -> Value {
        Idx index = env.lookup(op.getAxis());
        if (op.getAxis() != "T")
          return integer(index);
        Value before = arith::SubIOp::create(k.builder, k.loc, k.size("S"), k.size("T"));
        return integer(k.index.add(index, k.index.uniform(before)));
      })
      .Case<MapOp>([&](MapOp op) { return map(op, env); })
      .Case<RegroupOp>([&](RegroupOp op) { return regroup(op, env); })
      .Case<SliceOp>([&](SliceOp op) {
        Env inner = env;
        inner[op.getFrom()] = k.index.addConstant(env.lookup(op.getTo()), op.getOffset());
        return point(op.getInput(), inner);
      })
      .Case<ConcatOp>([&](ConcatOp op) { return concat(op, env); })
      .Case<LookupOp>([&](LookupOp op) { return lookup(op, env); })
      .Case<ContractOp>([&](ContractOp op) { return contract(op, env); })
      .Case<ReduceOp>([&](ReduceOp op) {
        return reduce(op.getKind(), typeOf(op.getInput()), axisNames(op.getOver()), env,
                      [&](const Env &inner) { return point(op.getInput(), inner); });
      })
      .Case<KeepOp>([&](KeepOp op) { return point(op.getInput(), env); })
      .Default([](Operation *) -> Value { llvm_unreachable("an op that has a kernel of its own"); });
}

/// Where an operand is a vector of four, the others become such, and the results.
static void inFours(Operation *op) {
  if (llvm::none_of(op->getOperandTypes(), llvm::IsaPred<VectorType>))
    return;
  OpBuilder builder(op);
  auto four = [](Type type) { return VectorType::get({4}, type); };
  for (OpOperand &operand : op->getOpOperands())
    if (!isa<VectorType>(operand.get().getType()))
      operand.set(
          vector::BroadcastOp::create(builder, op->getLoc(), four(operand.get().getType()), operand.get()));
  for (Value result : op->getResults())
    result.setType(four(result.getType()));
}

SmallVector<Value> PointEmitter::inlineScalars(Block &body, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  // Scalars from outside the region are constants: the kernel gets its own.
  auto bring = [&](Value value) {
    if (mapping.contains(value) || value.getParentBlock() == &body)
      return;
    mapping.map(value, k.builder.clone(*value.getDefiningOp<arith::ConstantOp>())->getResult(0));
  };
  for (Operation &op : body.without_terminator()) {
    llvm::for_each(op.getOperands(), bring);
    inFours(k.builder.clone(op, mapping));
  }
  llvm::for_each(body.getTerminator()->getOperands(), bring);
  return llvm::map_to_vector(body.getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookup(value); });
}

Value PointEmitter::map(MapOp op, const Env &env) {
  auto arguments = llvm::map_to_vector(op.getInputs(), [&](Value input) { return point(input, env); });
  return inlineScalars(op.getBody().front(), arguments)[0];
}

Env PointEmitter::regrouped(const Env &env, Value from, ArrayAttr fromAxes, Value to, ArrayAttr toAxes) {
  auto sizes = [](Value tensor, ArrayAttr axes) {
    return llvm::map_to_vector(axisNames(axes), [&](StringRef axis) { return typeOf(tensor).size(axis); });
  };
  auto indices = llvm::map_to_vector(axisNames(fromAxes), [&](StringRef axis) { return env.lookup(axis); });
  Idx whole = k.index.join(indices, sizes(from, fromAxes));
  Env result = env;
  for (auto [axis, index] : llvm::zip(axisNames(toAxes), k.index.split(whole, sizes(to, toAxes))))
    result[axis] = index;
  return result;
}

Value PointEmitter::regroup(RegroupOp op, const Env &env) {
  return point(op.getInput(), regrouped(env, op.getResult(), op.getTo(), op.getInput(), op.getFrom()));
}

/// Each part at an index clamped into it, and of these the one that the index falls in.
Value PointEmitter::concat(ConcatOp op, const Env &env) {
  Value at = k.index.value(env.lookup(op.getTo()));
  Value result;
  int64_t offset = 0;
  for (auto [part, axis] : llvm::zip(op.getParts(), axisNames(op.getFrom()))) {
    int64_t size = typeOf(part).size(axis);
    if (size == 0)
      continue;
    Value begin = k.constant(offset), last = k.constant(offset + size - 1);
    Value clamped =
        arith::MinUIOp::create(k.builder, k.loc, arith::MaxUIOp::create(k.builder, k.loc, at, begin), last);
    Env inner = env;
    inner[axis] = k.index.perLane(arith::SubIOp::create(k.builder, k.loc, clamped, begin));
    Value value = point(part, inner);
    if (result) {
      Value here = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::uge, at, begin);
      result = arith::SelectOp::create(k.builder, k.loc, here, value, result);
    } else {
      result = value;
    }
    offset += size;
  }
  return result;
}

/// Indices are clamped: lanes beyond a sequence's end read whatever lies there.
Value PointEmitter::lookup(LookupOp op, const Env &env) {
  Env inner = env;
  auto type = typeOf(op.getInput());
  for (auto [axis, indices] : llvm::zip(axisNames(op.getAxes()), op.getIndices())) {
    Value number = point(indices, env);
    Value zero = arith::ConstantIntOp::create(k.builder, k.loc, 0, 32);
    Value size = arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), k.axisSize(type, axis));
    Value one = arith::ConstantIntOp::create(k.builder, k.loc, 1, 32);
    Value last = arith::SubIOp::create(k.builder, k.loc, size, one);
    Value clamped = arith::MinSIOp::create(k.builder, k.loc,
                                           arith::MaxSIOp::create(k.builder, k.loc, number, zero), last);
    inner[axis] =
        k.index.perLane(arith::IndexCastOp::create(k.builder, k.loc, k.builder.getIndexType(), clamped));
  }
  return point(op.getInput(), inner);
}

Value PointEmitter::contract(ContractOp op, const Env &env) {
  auto left = typeOf(op.getLeft());
  // The product has the axes of both sides.
  SmallVector<StringRef> names =
      llvm::map_to_vector(left.getNames(), [](StringAttr name) { return name.getValue(); });
  SmallVector<int64_t> sizes(left.getSizes());
  auto right = typeOf(op.getRight());
  for (auto [name, size] : llvm::zip(right.getNames(), right.getSizes()))
    if (!left.has(name)) {
      names.push_back(name);
      sizes.push_back(size);
    }
  NamedTensorType product = tensorType(op.getContext(), names, sizes);
  return reduce(ReduceKind::Sum, product, axisNames(op.getOver()), env, [&](const Env &inner) -> Value {
    Value a = point(op.getLeft(), inner), b = point(op.getRight(), inner);
    return arith::MulFOp::create(k.builder, k.loc, a, b);
  });
}

//===- four at a time
//------------------------------------------------------------------------------------------------------===//

/// Whether four neighbouring indices of an axis, from a multiple of four on, are four words side by side that
/// begin at a multiple of four words.
static bool isDenseInFours(const Layout &layout, StringRef axis) {
  auto isWhole = [](int64_t size) { return size % 4 == 0; };
  for (auto [place, dim] : llvm::enumerate(layout.dims)) {
    bool innermost = place + 1 == layout.dims.size();
    if (!innermost) {
      if (dim.axis == axis && (dim.modulo || !isWhole(dim.divide)))
        return false;
      continue;
    }
    int64_t size = dim.modulo ? dim.modulo : dim.size;
    if (dim.axis != axis || dim.divide != 1 || size == ShapedType::kDynamic || !isWhole(size))
      return false;
  }
  return !layout.dims.empty();
}

Value PointEmitter::four(Value tensor, const Env &env, StringRef axis) {
  auto spread = [&](Value scalar) -> Value {
    return vector::BroadcastOp::create(k.builder, k.loc, VectorType::get({4}, scalar.getType()), scalar);
  };
  if (auto found = known.find(tensor); found != known.end())
    return spread(found->second);
  if (auto found = aliases.find(tensor); found != aliases.end())
    return four(found->second, env, axis);
  NamedTensorType type = typeOf(tensor);
  if (!type.has(axis))
    return spread(point(tensor, env));
  assert(env.lookup(axis).divisor() % 4 == 0 && "four neighbours begin at a multiple of four");
  const Storage *storage = k.memory.find(tensor);
  if (!storage)
    return computeFour(tensor, env, axis);
  if (type.getFormat() == Format::I1 || !isDenseInFours(storage->layout, axis))
    return fourPoints(env, axis, [&](const Env &one) { return point(tensor, one); });
  Value argument = k.read(storage->memref, storage->layout.dynamicDims(k.builder.getContext()));
  return vector::LoadOp::create(k.builder, k.loc, VectorType::get({4}, type.scalarType()), argument,
                                address(storage->layout, env));
}

Value PointEmitter::fourPoints(const Env &env, StringRef axis, llvm::function_ref<Value(const Env &)> point) {
  SmallVector<Value> values;
  for (int64_t place = 0; place < 4; ++place) {
    Env one = env;
    one[axis] = k.index.addConstant(env.lookup(axis), place);
    values.push_back(point(one));
  }
  return vector::FromElementsOp::create(k.builder, k.loc, VectorType::get({4}, values[0].getType()), values);
}

Value PointEmitter::computeFour(Value tensor, const Env &env, StringRef axis) {
  Operation *op = tensor.getDefiningOp();
  if (auto map = dyn_cast<MapOp>(op)) {
    auto inputs = llvm::map_to_vector(map.getInputs(), [&](Value input) { return four(input, env, axis); });
    return inlineScalars(map.getBody().front(), inputs)[0];
  }
  if (isa<IndexOp, PositionOp>(op)) {
    Value first = compute(tensor, env);
    auto type = VectorType::get({4}, first.getType());
    Value steps = arith::ConstantOp::create(k.builder, k.loc,
                                            DenseIntElementsAttr::get(type, ArrayRef<int32_t>{0, 1, 2, 3}));
    return arith::AddIOp::create(k.builder, k.loc, vector::BroadcastOp::create(k.builder, k.loc, type, first),
                                 steps);
  }
  return fourPoints(env, axis, [&](const Env &one) { return compute(tensor, one); });
}

void PointEmitter::storeFour(Value tensor, const Env &env, StringRef axis, Value values, Value where) {
  const Storage *storage = k.memory.find(tensor);
  if (!storage || typeOf(tensor).getFormat() == Format::I1 || !isDenseInFours(storage->layout, axis)) {
    for (int64_t place = 0; place < 4; ++place) {
      Env one = env;
      one[axis] = k.index.addConstant(env.lookup(axis), place);
      store(tensor, one, vector::ExtractOp::create(k.builder, k.loc, values, place), where);
    }
    return;
  }
  Value argument = k.write(storage->memref, storage->layout.dynamicDims(k.builder.getContext()));
  SmallVector<Value> indices = address(storage->layout, env);
  if (where)
    StoreWhereOp::create(k.builder, k.loc, where, values, argument, indices);
  else
    vector::StoreOp::create(k.builder, k.loc, values, argument, indices);
}

//===- reductions
//----------------------------------------------------------------------------------------------------------===//

Value PointEmitter::within(const Idx &index, NamedTensorType type, StringRef axis) {
  int64_t size = type.size(axis);
  if (!index.lane && !index.varying)
    return {};
  int64_t together = k.lanes * index.neighbours;
  if (size != NamedTensorType::kDynamic && index.lane && size % together == 0 && index.align % together == 0)
    return {};
  return arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, k.index.value(index),
                               k.axisSize(type, axis));
}

Value PointEmitter::neutral(ReduceKind kind, Type type) {
  OpBuilder &b = k.builder;
  if (kind == ReduceKind::Any)
    return arith::ConstantIntOp::create(b, k.loc, 0, 1);
  bool lowest = kind == ReduceKind::Max;
  if (type.isF32())
    return arith::ConstantOp::create(
        b, k.loc, b.getF32FloatAttr(lowest ? -std::numeric_limits<float>::infinity() : 0.0f));
  return arith::ConstantIntOp::create(b, k.loc, lowest ? std::numeric_limits<int32_t>::min() : 0, 32);
}

Value PointEmitter::combine(ReduceKind kind, Value a, Value b) {
  bool real = a.getType().isF32();
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean:
    if (real)
      return arith::AddFOp::create(k.builder, k.loc, a, b);
    return arith::AddIOp::create(k.builder, k.loc, a, b);
  case ReduceKind::Max:
    if (real)
      return arith::MaximumFOp::create(k.builder, k.loc, a, b);
    return arith::MaxSIOp::create(k.builder, k.loc, a, b);
  case ReduceKind::Any:
    return arith::OrIOp::create(k.builder, k.loc, a, b);
  }
  llvm_unreachable("all kinds");
}

/// How many elements the axes `over` have together, as a real.
Value PointEmitter::elements(NamedTensorType type, ArrayRef<StringRef> over) {
  double fixed = 1;
  Value count;
  for (StringRef axis : over) {
    if (type.size(axis) != NamedTensorType::kDynamic) {
      fixed *= type.size(axis);
      continue;
    }
    Value size = arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), k.axisSize(type, axis));
    size = arith::SIToFPOp::create(k.builder, k.loc, k.builder.getF32Type(), size);
    count = count ? arith::MulFOp::create(k.builder, k.loc, count, size) : size;
  }
  if (!count)
    return k.real(fixed);
  return fixed == 1 ? count : arith::MulFOp::create(k.builder, k.loc, count, k.real(fixed));
}

Value PointEmitter::reduce(ReduceKind kind, NamedTensorType type, ArrayRef<StringRef> over, const Env &env,
                           llvm::function_ref<Value(const Env &)> element) {
  bool across = kind != ReduceKind::Any && !over.empty();
  for (StringAttr axis : type.getNames())
    if (!llvm::is_contained(over, axis.getValue())) {
      Idx index = env.lookup(axis);
      across = across && !index.lane && !index.varying;
    }
  // Lanes run along the longest axis; short ones are not worth it.
  StringRef laneAxis;
  if (across)
    for (StringRef axis : over)
      if (type.size(axis) == NamedTensorType::kDynamic || type.size(axis) >= k.lanes / 2)
        laneAxis = axis;
  Env inner = env;
  Type scalar = type.scalarType();
  std::function<Value(size_t, Value)> nest = [&](size_t depth, Value carried) -> Value {
    if (depth == over.size()) {
      Value value = element(inner);
      if (!laneAxis.empty())
        if (Value valid = within(inner[laneAxis], type, laneAxis))
          value = arith::SelectOp::create(k.builder, k.loc, valid, value, neutral(kind, scalar));
      return combine(kind, carried, value);
    }
    bool lanes = over[depth] == laneAxis;
    int64_t step = lanes ? k.lanes : 1;
    return k.loop(k.constant(0), k.axisSize(type, over[depth]), step, carried,
                  [&](Value iv, ValueRange args) {
                    Idx index = k.index.uniform(iv, step);
                    inner[over[depth]] = lanes ? k.index.withLane(index) : index;
                    return SmallVector<Value>{nest(depth + 1, args[0])};
                  })[0];
  };
  Value result = nest(0, neutral(kind, scalar));
  if (!laneAxis.empty())
    result = LaneReduceOp::create(k.builder, k.loc, result.getType(),
                                  kind == ReduceKind::Max ? kind : ReduceKind::Sum, result);
  if (kind == ReduceKind::Mean)
    result = arith::DivFOp::create(k.builder, k.loc, result, elements(type, over));
  return result;
}
