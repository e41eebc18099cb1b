#include "passes/kernels/Choices.h"

using namespace mlir;
using namespace heddle;

Choices::Choices(Value chosen) : chosen(chosen) {
  auto type = cast<NamedTensorType>(chosen.getType());
  tokens = type.has("T");
  for (auto [name, size] : llvm::zip(type.getNames(), type.getSizes()))
    if (name != "T") {
      axes.push_back(name.str());
      sizes.push_back(size);
      count *= size;
    }
}

Env Choices::at(KernelBuilder &k, Value number) const {
  Env env;
  SmallVector<int64_t> all(sizes);
  if (tokens)
    all.insert(all.begin(), 1); // the outermost takes what is left
  SmallVector<Idx> parts = k.index.split(k.index.uniform(number), all);
  if (tokens)
    env["T"] = parts.front();
  for (auto [axis, index] : llvm::zip(axes, ArrayRef(parts).drop_front(tokens)))
    env[axis] = index;
  return env;
}

SmallVector<Value> Choices::places(KernelBuilder &k, Value place) const {
  if (!tokens)
    return {place};
  Value each = k.constant(count);
  return {arith::DivUIOp::create(k.builder, k.loc, place, each),
          arith::RemUIOp::create(k.builder, k.loc, place, each)};
}

Value Choices::choiceAt(PointEmitter &points, KernelBuilder &k, const Env &env, int64_t size) const {
  OpBuilder &b = k.builder;
  auto integer = [&](int64_t value) -> Value { return arith::ConstantIntOp::create(b, k.loc, value, 32); };
  Value number = arith::MaxSIOp::create(b, k.loc, points.point(chosen, env), integer(0));
  number = arith::MinSIOp::create(b, k.loc, number, integer(size - 1));
  return arith::IndexCastOp::create(b, k.loc, b.getIndexType(), number);
}

/// A piece of the grid is a choice. It counts the vectors with a lesser one, then lists its own behind them:
/// the order is that of the vectors, whatever the threads do.
VectorGroups Choices::group(EmitContext &context, Location loc, int64_t size) const {
  VectorGroups &groups = context.memory.groups[chosen];
  if (groups.order)
    return groups;
  KernelBuilder k(context.memory, context.prefix + ".group", loc, context.launchAt, context.options.lanes);
  PointEmitter points(k);
  OpBuilder &b = k.builder;
  Type integer = b.getI32Type();
  SmallVector<int64_t> shape = {count};
  if (tokens) {
    shape.insert(shape.begin(), ShapedType::kDynamic);
    groups.dims.push_back(b.getStringAttr("T"));
  }
  groups.order = BufferOp::create(context.launchAt, loc, MemRefType::get(shape, integer),
                                  b.getArrayAttr(groups.dims), IntegerAttr());
  groups.bounds = BufferOp::create(context.launchAt, loc, MemRefType::get({size, 2}, integer),
                                   b.getArrayAttr({}), IntegerAttr());

  Value total = k.constant(count), one = k.constant(1), zero = k.constant(0);
  if (tokens)
    total = arith::MulIOp::create(b, loc, k.size("T"), total);
  auto countWhere = [&](Value before, Value number, arith::CmpIPredicate how,
                        llvm::function_ref<void()> then) {
    Value choice = choiceAt(points, k, at(k, number), size);
    Value is = arith::CmpIOp::create(b, loc, how, choice, k.piece);
    if (then)
      k.when(is, then);
    Value more = arith::SelectOp::create(b, loc, is, one, zero);
    return SmallVector<Value>{arith::AddIOp::create(b, loc, before, more)};
  };
  auto asInteger = [&](Value index) -> Value { return arith::IndexCastOp::create(b, loc, integer, index); };
  Value first = k.loop(zero, total, 1, zero, [&](Value number, ValueRange carried) {
    return countWhere(carried[0], number, arith::CmpIPredicate::ult, nullptr);
  })[0];
  Value order = k.write(groups.order, groups.dims), bounds = k.write(groups.bounds);
  Value end = k.loop(zero, total, 1, first, [&](Value number, ValueRange carried) {
    return countWhere(carried[0], number, arith::CmpIPredicate::eq, [&] {
      memref::StoreOp::create(b, loc, asInteger(number), order, places(k, carried[0]));
    });
  })[0];
  memref::StoreOp::create(b, loc, asInteger(first), bounds, ValueRange{k.piece, zero});
  memref::StoreOp::create(b, loc, asInteger(end), bounds, ValueRange{k.piece, one});
  k.finish({{0, 1, size}});
  return groups;
}
