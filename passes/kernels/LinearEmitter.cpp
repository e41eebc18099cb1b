#include "passes/kernels/LinearEmitter.h"

using namespace mlir;
using namespace heddle;

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

LinearEmitter::LinearEmitter(LinearOp op, EmitContext &context)
    : op(op), options(context.options), k(context.kernel(op)), points(k),
      weightType(cast<NamedTensorType>(op.getWeights()[0].getType())) {
  over = axisNames(op.getOver());
  for (StringRef axis : over)
    columnSizes.push_back(weightType.size(axis));
  for (StringAttr axis : weightType.getNames())
    if (!llvm::is_contained(over, axis.getValue())) {
      rowAxes.push_back(axis.getValue());
      rowSizes.push_back(weightType.size(axis));
    }
  columns = product(columnSizes), rows = product(rowSizes);
  groups = llvm::divideCeil(rows, options.lanes);
  paddedColumns = llvm::alignTo(columns, 32); // whole blocks of every format
  hasTokens = llvm::any_of(op.getInputs(),
                           [](Value input) { return cast<NamedTensorType>(input.getType()).has("T"); });
  Block &prologue = op.getPrologue().front();
  for (auto [argument, input] : llvm::zip(prologue.getArguments(), op.getInputs()))
    points.bind(argument, input);
}

void StagedLinear::emit() {
  if (hasTokens && !options.decode)
    manyTokens();
  else
    oneToken();
}

void LinearEmitter::forEachColumn(Env &env, llvm::function_ref<void(Value column, Value value)> body) {
  rememberTokenReductions(op.getPrologue().front(), points, env);
  Value vector = op.getPrologue().front().getTerminator()->getOperand(0);
  k.loop(k.constant(0), k.constant(paddedColumns), options.lanes, [&](Value iv) {
    Idx column = k.index.withLane(k.index.uniform(iv, options.lanes));
    Value inside;
    if (columns != paddedColumns) {
      inside = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, k.index.value(column),
                                     k.constant(columns));
      Value last = k.constant(columns - 1);
      Idx clamped = k.index.perLane(arith::MinUIOp::create(k.builder, k.loc, k.index.value(column), last));
      setColumn(env, columns % options.lanes ? clamped : column);
    } else {
      setColumn(env, column);
    }
    Value value = points.point(vector, env);
    if (inside)
      value = arith::SelectOp::create(k.builder, k.loc, inside, value, k.real(0));
    body(k.index.value(column), value);
  });
}

void LinearEmitter::setColumn(Env &env, const Idx &column) {
  for (auto [axis, index] : llvm::zip(over, k.index.split(column, columnSizes)))
    env[axis] = index;
}

const Packing *LinearEmitter::packing(unsigned n) {
  auto weight = op.getWeights()[n].getDefiningOp<WeightOp>();
  const Packing *known = weight ? k.memory.packing(weight.getName()) : nullptr;
  return known && known->panels ? known : nullptr;
}
Value LinearEmitter::computedElement(unsigned n, Value group, Value column) {
  Env env;
  Idx index = row(group);
  if (rows % options.lanes) {
    Value last = k.constant(rows - 1);
    index = k.index.perLane(arith::MinUIOp::create(k.builder, k.loc, k.index.value(index), last));
  }
  for (auto [axis, part] : llvm::zip(rowAxes, k.index.split(index, rowSizes)))
    env[axis] = part;
  for (auto [axis, part] : llvm::zip(over, k.index.split(k.index.uniform(column), columnSizes)))
    env[axis] = part;
  return points.point(op.getWeights()[n], env);
}
BlockDecoder LinearEmitter::decoder(unsigned n, Value group, Value step, int64_t width) {
  Value memref = panels(n), block = step, first;
  if (int64_t steps = blockShape(packing(n)->format).columns / width; steps > 1) {
    block = k.builder.createOrFold<arith::DivUIOp>(k.loc, step, k.constant(steps));
    first = times(k.builder.createOrFold<arith::RemUIOp>(k.loc, step, k.constant(steps)), width / 8);
  }
  auto load = [=, this](Value word) -> Value {
    return memref::LoadOp::create(k.builder, k.loc, memref, ValueRange{group, block, word, k.lane});
  };
  return BlockDecoder(k.builder, k.loc, packing(n)->format, load, first);
}

int64_t LinearEmitter::commonGroup() {
  int64_t group = 32;
  for (unsigned n = 0; n < op.getWeights().size(); ++n)
    if (quantized(n))
      group = std::min(group, blockShape(packing(n)->format).group);
  return group;
}

void LinearEmitter::epilogue(Env env, Value group, ArrayRef<Value> products) {
  Idx index = row(group);
  for (auto [axis, part] : llvm::zip(rowAxes, k.index.split(index, rowSizes)))
    env[axis] = part;
  Value inside;
  if (rows % options.lanes)
    inside = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, k.index.value(index),
                                   k.constant(rows));
  SmallVector<Value> arguments(products);
  for (Value extra : op.getExtras())
    arguments.push_back(points.point(extra, env));
  auto results = points.inlineScalars(op.getEpilogue().front(), arguments);
  for (auto [out, value] : llvm::zip(op.getOuts(), results))
    points.store(out, env, value, inside);
}

void StagedLinear::oneToken() {
  int64_t chunk = std::clamp<int64_t>(groups / 16, 1, 8), chunks = llvm::divideCeil(groups, chunk);
  Env env;
  if (hasTokens)
    env["T"] = k.index.constant(0);
  allocate(1, 1, 0);
  placeToken(env, k.constant(0), k.constant(0));
  Value from = times(k.piece, chunk);
  Value to = arith::MinUIOp::create(k.builder, k.loc, plus(from, k.constant(chunk)), k.constant(groups));
  k.loop(from, to, 1, [&](Value group) {
    SmallVector<Value> products;
    for (unsigned n = 0; n < op.getWeights().size(); ++n)
      products.push_back(dot(n, group));
    epilogue(env, group, products);
  });
  finish({0, 1}, chunks);
}

void StagedLinear::manyTokens() {
  int64_t count = op.getWeights().size(), sums = options.accumulators / registersPerSum();
  // One weight: two groups of rows side by side, where registers allow.
  int64_t together = count == 1 && sums >= 8 && groups % 2 == 0 ? 2 : 1;
  int64_t vectors = count * together, tokens = std::max<int64_t>(1, sums / vectors);
  int64_t tiles = std::clamp<int64_t>(options.tileBytes / (tokens * bytesPerToken()), 1,
                                      std::max<int64_t>(1, 192 / tokens));
  int64_t chunk =
      std::min<int64_t>(groups, llvm::alignTo(std::max<int64_t>(8, llvm::divideCeil(groups, 4)), together));
  int64_t chunks = llvm::divideCeil(groups, chunk), block = tiles * tokens;
  allocate(tiles, tokens, vectors);
  Value results = scratch({vectors, tokens, options.lanes}, k.builder.getF32Type());

  Value chunkCount = k.constant(chunks);
  Value first = times(arith::DivUIOp::create(k.builder, k.loc, k.piece, chunkCount), block);
  Value left = arith::SubIOp::create(k.builder, k.loc, k.size("T"), first);
  Value needed = arith::CeilDivUIOp::create(k.builder, k.loc, left, k.constant(tokens));
  Value tileCount = arith::MinUIOp::create(k.builder, k.loc, needed, k.constant(tiles));
  auto tokenOf = [&](Value tile, Value place) { return plus(plus(first, times(tile, tokens)), place); };
  // The prologue. Places beyond the last token repeat it; their results are not stored.
  k.loop(k.constant(0), tileCount, 1, [&](Value tile) {
    k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
      Value last = arith::SubIOp::create(k.builder, k.loc, k.size("T"), k.constant(1));
      Env env;
      env["T"] = k.index.uniform(arith::MinUIOp::create(k.builder, k.loc, tokenOf(tile, place), last));
      placeToken(env, tile, place);
    });
  });
  Value from = times(arith::RemUIOp::create(k.builder, k.loc, k.piece, chunkCount), chunk);
  Value to = arith::MinUIOp::create(k.builder, k.loc, plus(from, k.constant(chunk)), k.constant(groups));
  k.loop(from, to, together, [&](Value group) {
    SmallVector<Value> groupOf;
    for (int64_t v = 0; v < vectors; ++v)
      groupOf.push_back(plus(group, k.constant(v / count)));
    for (int64_t v = 0; v < vectors; ++v)
      unpackPanel(v % count, groupOf[v], v);
    k.loop(k.constant(0), tileCount, 1, [&](Value tile) {
      SmallVector<Value> products = multiplyTile(tile, tokens, vectors);
      for (int64_t v = 0; v < vectors; ++v)
        for (int64_t t = 0; t < tokens; ++t)
          store(products[v * tokens + t], results, ValueRange{k.constant(v), k.constant(t), k.lane});
      k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
        Value token = tokenOf(tile, place);
        k.when(arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, token, k.size("T")), [&] {
          Env env;
          env["T"] = k.index.uniform(token);
          for (int64_t side = 0; side < together; ++side) {
            SmallVector<Value> sides;
            for (int64_t n = 0; n < count; ++n)
              sides.push_back(load(results, ValueRange{k.constant(side * count + n), place, k.lane}));
            epilogue(env, groupOf[side * count], sides);
          }
        });
      });
    });
  });
  finish({1, block}, chunks);
}

void heddle::emitLinear(LinearOp op, EmitContext &context) {
  std::unique_ptr<LinearEmitter> emitter;
  if (context.options.direct)
    emitter = directLinear(op, context);
  else if (context.options.dot2)
    emitter = integerLinear(op, context);
  if (!emitter)
    emitter = floatLinear(op, context);
  emitter->emit();
}
