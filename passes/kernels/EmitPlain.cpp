// Kernels of the plain road: every op alone, a lane a point.
#include "passes/kernels/Emit.h"

using namespace mlir;
using namespace heddle;

/// The name that the page gave to the value, or the op's own.
static std::string nameOf(Operation *op) {
  Location loc = op->getLoc();
  while (auto call = dyn_cast<CallSiteLoc>(loc))
    loc = call.getCallee();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (isa<NameLoc>(part))
        loc = part;
  std::string kind = op->getName().stripDialect().str();
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str() + "." + kind;
  return kind;
}

KernelBuilder EmitContext::kernel(Operation *op) const {
  return KernelBuilder(memory, prefix + "." + nameOf(op), op->getLoc(), launchAt, options.lanes);
}

const Layout &heddle::layoutOf(Value tensor, const Memory &memory) {
  static const Layout none;
  if (const Storage *storage = memory.find(tensor))
    return storage->layout;
  if (Operation *through = storesThrough(tensor))
    return layoutOf(through->getResult(0), memory);
  return none;
}

SmallVector<GridFactor> heddle::forEachPoint(KernelBuilder &k, NamedTensorType type, const Layout &layout,
                                             llvm::function_ref<void(const Env &, Value)> body) {
  // The order of the axes: the layout's where it has them, the type's for others (an op stored as part of
  // something else).
  SmallVector<StringRef> axes;
  for (const LayoutDim &dim : layout.dims)
    if (type.has(dim.axis) && !llvm::is_contained(axes, dim.axis))
      axes.push_back(dim.axis);
  for (StringAttr axis : type.getNames())
    if (!llvm::is_contained(axes, axis.getValue()))
      axes.push_back(axis);
  StringRef laneAxis = axes.empty() ? StringRef() : axes.back();
  if (!layout.dims.empty() && type.has(layout.dims.back().axis))
    laneAxis = layout.dims.back().axis;

  SmallVector<GridFactor> grid;
  Env env;
  Value rest = k.piece;
  for (StringRef axis : llvm::reverse(axes)) {
    if (axis == laneAxis)
      continue;
    Value size = k.axisSize(type, axis);
    env[axis] = k.index.uniform(arith::RemUIOp::create(k.builder, k.loc, rest, size));
    rest = arith::DivUIOp::create(k.builder, k.loc, rest, size);
    if (type.size(axis) == NamedTensorType::kDynamic)
      grid.push_back({paramNumber(axis), 1, 1});
    else
      grid.push_back({0, 1, type.size(axis)});
  }
  if (grid.empty())
    grid.push_back({});
  if (laneAxis.empty()) {
    body(env, Value());
    return grid;
  }
  k.loop(k.constant(0), k.axisSize(type, laneAxis), k.lanes, [&](Value iv) {
    env[laneAxis] = k.index.withLane(k.index.uniform(iv, k.lanes));
    body(env, PointEmitter(k).within(env[laneAxis], type, laneAxis));
  });
  return grid;
}

void heddle::emitPlain(Value result, EmitContext &context) {
  KernelBuilder k = context.kernel(result.getDefiningOp());
  PointEmitter points(k);
  auto grid = forEachPoint(
      k, cast<NamedTensorType>(result.getType()), layoutOf(result, context.memory),
      [&](const Env &env, Value where) { points.store(result, env, points.compute(result, env), where); });
  LaunchOp launch = k.finish(grid);
  // A look-up in a weight reads one row of it for each index, not all of it.
  auto lookup = result.getDefiningOp<LookupOp>();
  auto weight = lookup ? lookup.getInput().getDefiningOp<WeightOp>() : WeightOp();
  if (!weight)
    return;
  uint64_t rows = 1;
  for (StringRef axis : axisNames(lookup.getAxes()))
    rows *= weight.getResult().getType().size(axis);
  uint64_t bytes = packedBytes(*context.memory.packing(weight.getName()), weight.getResult().getType());
  launch->setAttr("weight_bytes", k.builder.getI64IntegerAttr(bytes / std::max<uint64_t>(rows, 1)));
}

void heddle::emitSoftmax(SoftmaxOp op, EmitContext &context) {
  KernelBuilder k = context.kernel(op);
  PointEmitter points(k);
  auto type = cast<NamedTensorType>(op.getInput().getType());
  StringRef over = op.getOver();
  // Lanes run along the innermost axis that is not reduced.
  Layout outer = layoutOf(op.getResult(), context.memory);
  llvm::erase_if(outer.dims, [&](const LayoutDim &dim) { return dim.axis == over; });
  auto grid = forEachPoint(k, type.without(over), outer, [&](const Env &env, Value where) {
    Env inner = env;
    auto at = [&](Value iv) {
      inner[over] = k.index.uniform(iv);
      return points.point(op.getInput(), inner);
    };
    auto exponential = [&](Value value, Value greatest) -> Value {
      return math::ExpOp::create(k.builder, k.loc, arith::SubFOp::create(k.builder, k.loc, value, greatest));
    };
    Value none = k.real(-std::numeric_limits<float>::infinity()), size = k.axisSize(type, over);
    Value first = op.getExtra() ? points.point(op.getExtra(), env) : none;
    Value greatest = k.loop(k.constant(0), size, 1, first, [&](Value iv, ValueRange carried) {
      return SmallVector<Value>{arith::MaximumFOp::create(k.builder, k.loc, carried[0], at(iv))};
    })[0];
    Value extra = op.getExtra() ? exponential(first, greatest) : k.real(0);
    Value sum = k.loop(k.constant(0), size, 1, extra, [&](Value iv, ValueRange carried) {
      return SmallVector<Value>{
          arith::AddFOp::create(k.builder, k.loc, carried[0], exponential(at(iv), greatest))};
    })[0];
    k.loop(k.constant(0), size, 1, [&](Value iv) {
      Value part = arith::DivFOp::create(k.builder, k.loc, exponential(at(iv), greatest), sum);
      points.store(op.getResult(), inner, part, where);
    });
  });
  k.finish(grid);
}

/// The next greatest, as often as there are results: greatest value below the last one, or equal and behind
/// it.
void heddle::emitTop(TopOp op, EmitContext &context) {
  KernelBuilder k = context.kernel(op);
  PointEmitter points(k);
  auto type = cast<NamedTensorType>(op.getInput().getType());
  auto result = cast<NamedTensorType>(op.getBest().getType());
  OpBuilder &b = k.builder;
  Layout outer = layoutOf(op.getBest(), context.memory);
  llvm::erase_if(outer.dims, [&](const LayoutDim &dim) { return dim.axis == op.getTo(); });
  auto integer = [&](int64_t value) -> Value { return arith::ConstantIntOp::create(b, k.loc, value, 32); };
  auto grid = forEachPoint(k, type.without(op.getFrom()), outer, [&](const Env &env, Value where) {
    Env inner = env;
    Value start = k.real(std::numeric_limits<float>::infinity()), before = integer(-1);
    k.loop(
        k.constant(0), k.axisSize(result, op.getTo()), 1, {start, before}, [&](Value place, ValueRange last) {
          Value worst = k.real(-std::numeric_limits<float>::infinity());
          auto found = k.loop(
              k.constant(0), k.axisSize(type, op.getFrom()), 1, {worst, integer(0), integer(0)},
              [&](Value iv, ValueRange best) -> SmallVector<Value> {
                inner[op.getFrom()] = k.index.uniform(iv);
                Value value = points.point(op.getInput(), inner);
                Value number = arith::IndexCastOp::create(b, k.loc, b.getI32Type(), iv);
                auto compare = [&](arith::CmpFPredicate how, Value x, Value y) -> Value {
                  return arith::CmpFOp::create(b, k.loc, how, x, y);
                };
                Value behind = arith::CmpIOp::create(b, k.loc, arith::CmpIPredicate::sgt, number, last[1]);
                Value equal = arith::AndIOp::create(
                    b, k.loc, compare(arith::CmpFPredicate::OEQ, value, last[0]), behind);
                Value open =
                    arith::OrIOp::create(b, k.loc, compare(arith::CmpFPredicate::OLT, value, last[0]), equal);
                Value first = arith::CmpIOp::create(b, k.loc, arith::CmpIPredicate::eq, best[2], integer(0));
                Value better =
                    arith::OrIOp::create(b, k.loc, compare(arith::CmpFPredicate::OGT, value, best[0]), first);
                Value take = arith::AndIOp::create(b, k.loc, open, better);
                auto choose = [&](Value yes, Value no) -> Value {
                  return arith::SelectOp::create(b, k.loc, take, yes, no);
                };
                return {choose(value, best[0]), choose(number, best[1]), choose(integer(1), best[2])};
              });
          inner[op.getTo()] = k.index.uniform(place);
          points.store(op.getBest(), inner, found[0], where);
          points.store(op.getWhere(), inner, found[1], where);
          return SmallVector<Value>{found[0], found[1]};
        });
  });
  k.finish(grid);
}
