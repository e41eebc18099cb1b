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
    : KernelEmitter(op, context), op(op), context(context),
      weightType(cast<NamedTensorType>(op.getWeights()[0].getType())) {
  over = axisNames(op.getOver());
  for (StringRef axis : over)
    columnSizes.push_back(weightType.size(axis));
  for (StringAttr axis : weightType.getNames())
    if (!llvm::is_contained(over, axis.getValue()) && axis != op.matrixAxis()) {
      rowAxes.push_back(axis.getValue());
      rowSizes.push_back(weightType.size(axis));
    }
  columns = product(columnSizes), rows = product(rowSizes);
  groups = llvm::divideCeil(rows, options.lanes);
  paddedColumns = llvm::alignTo(columns, 32); // whole blocks of every format
  sequence = op.sequence();
  hasTokens = !sequence.empty();
  isMany = hasTokens && !(sequence == "T" && options.decode);
  if (op.getChosen())
    choices.emplace(op.getChosen());
  if (StringAttr axis = op.matrixAxis())
    matrices = weightType.size(axis);
  Block &prologue = op.getPrologue().front();
  for (auto [argument, input] : llvm::zip(prologue.getArguments(), op.getInputs()))
    points.bind(argument, input);
}

void StagedLinear::emit() {
  if (isMany)
    manyTokens();
  else
    oneToken();
}

Env LinearEmitter::vectorAt(Value number) {
  if (choices)
    return choices->at(k, number);
  Env env;
  if (hasTokens)
    env[sequence] = k.index.uniform(number);
  if (op.getEach())
    env[*op.getEach()] = k.index.uniform(choice);
  return env;
}

Value LinearEmitter::takeMatrix(Value part) {
  if (!op.getEach())
    return part;
  Value count = k.constant(matrices);
  choice = arith::RemUIOp::create(k.builder, k.loc, part, count);
  return arith::DivUIOp::create(k.builder, k.loc, part, count);
}

std::pair<Value, Value> LinearEmitter::takeGroup(Value part) {
  choice = part;
  vectorGroups = choices->group(context, k.loc, matrices);
  Value bounds = k.read(vectorGroups.bounds);
  auto bound = [&](int64_t which) -> Value {
    Value value = load(bounds, ValueRange{part, k.constant(which)});
    return arith::IndexCastOp::create(k.builder, k.loc, k.builder.getIndexType(), value);
  };
  return {bound(0), bound(1)};
}

Env LinearEmitter::groupedVectorAt(Value place) {
  Value number = load(k.read(vectorGroups.order, vectorGroups.dims), choices->places(k, place));
  return vectorAt(arith::IndexCastOp::create(k.builder, k.loc, k.builder.getIndexType(), number));
}

void LinearEmitter::finish(GridFactor tokens, int64_t pieces) {
  int64_t perToken = choices ? choices->perToken() : matrices, weights = op.getWeights().size();
  GridFactor operations{paramNumber(sequence), 1, 2 * rows * columns * weights * perToken};
  LaunchOp launch = k.finish({{tokens.param, tokens.divide, pieces}}, /*serial=*/false, operations);
  if (!choices || isGrouped())
    return;
  uint64_t bytes = 0; // of the matrices that are chosen, not of all
  for (unsigned n = 0; n < op.getWeights().size(); ++n)
    if (const Packing *packed = packing(n))
      bytes += packedBytes(*packed, cast<NamedTensorType>(op.getWeights()[n].getType()));
  bytes = bytes / matrices * std::min(perToken, matrices);
  launch->setAttr("weight_bytes", k.builder.getI64IntegerAttr(bytes));
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
  if (!known || !known->panels)
    return nullptr;
  // Another linear of this function may read the same weight in another way: then it is computed from its
  // panels.
  SmallVector<StringRef> axes(rowAxes);
  if (StringAttr axis = op.matrixAxis())
    axes.insert(axes.begin(), axis.getValue());
  bool isOurs = llvm::equal(known->allRows(), axes) && llvm::equal(known->over, over) &&
                (known->each.empty() ? !choices : bool(op.matrixAxis()));
  return isOurs ? known : nullptr;
}

Value LinearEmitter::computedElement(unsigned n, Value group, Value column) {
  Idx index = row(group);
  if (rows % options.lanes) {
    Value last = k.constant(rows - 1);
    index = k.index.perLane(arith::MinUIOp::create(k.builder, k.loc, k.index.value(index), last));
  }
  return computedElement(n, index, column);
}

Value LinearEmitter::computedElement(unsigned n, const Idx &row, Value column) {
  Env env;
  for (auto [axis, part] : llvm::zip(rowAxes, k.index.split(row, rowSizes)))
    env[axis] = part;
  for (auto [axis, part] : llvm::zip(over, k.index.split(k.index.uniform(column), columnSizes)))
    env[axis] = part;
  if (choice)
    env[op.matrixAxis()] = k.index.uniform(choice);
  return points.point(op.getWeights()[n], env);
}

BlockDecoder LinearEmitter::decoder(unsigned n, Value group, Value block, Value first) {
  Value memref = panels(n);
  group = packedGroup(group);
  auto load = [=, this](Value word) { return this->load(memref, ValueRange{group, block, word, k.lane}); };
  return BlockDecoder(k.builder, k.loc, packing(n)->format, load, first);
}

BlockDecoder LinearEmitter::decoder(unsigned n, Value group, Value step, int64_t width) {
  Value memref = panels(n);
  group = packedGroup(group);
  return decoder(n, step, width, [=, this](Value block, Value word) {
    return load(memref, ValueRange{group, block, word, k.lane});
  });
}

BlockDecoder LinearEmitter::decoder(unsigned n, Value step, int64_t width,
                                    std::function<Value(Value block, Value word)> load) {
  Value block = step, first;
  if (int64_t steps = blockShape(packing(n)->format).columns / width; steps > 1) {
    block = k.builder.createOrFold<arith::DivUIOp>(k.loc, step, k.constant(steps));
    first = times(k.builder.createOrFold<arith::RemUIOp>(k.loc, step, k.constant(steps)), width / 8);
  }
  auto ofBlock = [load = std::move(load), block](Value word) { return load(block, word); };
  return BlockDecoder(k.builder, k.loc, packing(n)->format, ofBlock, first);
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
  Value inside;
  if (rows % options.lanes)
    inside = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, k.index.value(index),
                                   k.constant(rows));
  epilogue(env, index, products, inside);
}

void LinearEmitter::epilogue(Env env, const Idx &row, ArrayRef<Value> products, Value where) {
  for (auto [axis, part] : llvm::zip(rowAxes, k.index.split(row, rowSizes)))
    env[axis] = part;
  SmallVector<Value> arguments(products);
  for (Value extra : op.getExtras())
    arguments.push_back(points.point(extra, env));
  auto results = points.inlineScalars(op.getEpilogue().front(), arguments);
  for (auto [out, value] : llvm::zip(op.getOuts(), results))
    points.store(out, env, value, where);
}

/// So far ahead a dot asks for its weights. Each is read once, past the nearer caches; without this, blocks
/// of 256 columns came at half the speed on a Zen 5.
static constexpr int64_t kPrefetchBytes = 4096;

void StagedLinear::prefetch(unsigned n, Value group, Value block, Value part, int64_t parts) {
  int64_t all = blockShape(packing(n)->format).words, words = llvm::divideCeil(all, parts);
  // Past a row's end are the next rows.
  block = plus(block, k.constant(llvm::divideCeil(kPrefetchBytes, all * options.lanes * 4)));
  for (int64_t word = 0; word < words; ++word) {
    SmallVector<Value> at = {packedGroup(group), block};
    if (packing(n)->format != Format::F32)
      at.push_back(plus(times(part, words), k.constant(word)));
    at.push_back(k.constant(0));
    memref::PrefetchOp::create(k.builder, k.loc, panels(n), at, /*isWrite=*/false, /*localityHint=*/0,
                               /*isDataCache=*/true);
  }
}

void StagedLinear::oneToken() {
  int64_t all = op.getEach() ? groups * matrices : groups;
  int64_t chunk = std::min(groups, std::clamp<int64_t>(all / 16, 1, 8));
  int64_t chunks = llvm::divideCeil(groups, chunk);
  Value part = k.piece, number = k.constant(0);
  if (op.matrixAxis()) {
    Value which = arith::DivUIOp::create(k.builder, k.loc, k.piece, k.constant(chunks));
    (choices ? number : choice) = which;
    part = arith::RemUIOp::create(k.builder, k.loc, k.piece, k.constant(chunks));
  }
  Env env = vectorAt(number);
  if (choices)
    takeChoice(env);
  allocate(1, 1, 0);
  auto place = [&] { placeToken(env, k.constant(0), k.constant(0)); };
  if (op.matrixAxis()) // each piece has its own vector
    place();
  else
    k.when(FirstPieceOp::create(k.builder, k.loc), place);
  Value from = times(part, chunk);
  Value to = arith::MinUIOp::create(k.builder, k.loc, plus(from, k.constant(chunk)), k.constant(groups));
  k.loop(from, to, 1, [&](Value group) {
    SmallVector<Value> products;
    for (unsigned n = 0; n < op.getWeights().size(); ++n)
      products.push_back(dot(n, group));
    epilogue(env, group, products);
  });
  finish({0, 1}, chunks * (choices ? choices->perToken() : matrices));
}

void StagedLinear::manyTokens() {
  Tiling tiling;
  int64_t sums = options.accumulators / registersPerSum();
  tiling.count = op.getWeights().size();
  // One weight: two groups of rows side by side, where registers allow.
  tiling.together = tiling.count == 1 && sums >= 8 && groups % 2 == 0 ? 2 : 1;
  tiling.vectors = tiling.count * tiling.together;
  tiling.tokens = std::max<int64_t>(1, sums / tiling.vectors);
  tiling.tiles = std::clamp<int64_t>(options.tileBytes / (tiling.tokens * bytesPerToken()), 1,
                                     std::max<int64_t>(1, 192 / tiling.tokens));
  int64_t chunk = std::min<int64_t>(
      groups, llvm::alignTo(std::max<int64_t>(8, llvm::divideCeil(groups, 4)), tiling.together));
  int64_t chunks = llvm::divideCeil(groups, chunk), block = tiling.tiles * tiling.tokens;
  allocate(tiling.tiles, tiling.tokens, tiling.vectors);
  Value results = scratch({tiling.vectors, tiling.tokens, options.lanes}, k.builder.getF32Type());
  // The first of the vectors that the thread has in scratch: none at its first piece, which may have no
  // vectors itself (an expert that no token chose).
  held = scratch({1}, k.builder.getI32Type());
  k.when(FirstPieceOp::create(k.builder, k.loc), [&] {
    store(arith::ConstantOp::create(k.builder, k.loc, k.builder.getI32IntegerAttr(-1)), held, k.constant(0));
  });

  Value chunkCount = k.constant(chunks);
  Value part = arith::DivUIOp::create(k.builder, k.loc, k.piece, chunkCount);
  Value from = times(arith::RemUIOp::create(k.builder, k.loc, k.piece, chunkCount), chunk);
  Value to = arith::MinUIOp::create(k.builder, k.loc, plus(from, k.constant(chunk)), k.constant(groups));
  if (!isGrouped()) {
    part = takeMatrix(part);
    computeTiles(tiling, times(part, block), vectorCount(), from, to, results);
    return finish({paramNumber(sequence), block}, chunks * matrices);
  }
  auto [begin, end] = takeGroup(part);
  k.loop(begin, end, block,
         [&, end = end](Value first) { computeTiles(tiling, first, end, from, to, results); });
  finish({0, 1}, chunks * matrices);
}

void StagedLinear::computeTiles(const Tiling &tiling, Value first, Value end, Value from, Value to,
                                Value results) {
  auto [count, together, vectors, tokens, tiles] = tiling;
  Value left = arith::SubIOp::create(k.builder, k.loc, end, first);
  Value needed = arith::CeilDivUIOp::create(k.builder, k.loc, left, k.constant(tokens));
  Value tileCount = arith::MinUIOp::create(k.builder, k.loc, needed, k.constant(tiles));
  auto placeOf = [&](Value tile, Value place) {
    return plus(plus(first, times(tile, tiling.tokens)), place);
  };
  auto vectorIn = [&](Value place) { return isGrouped() ? groupedVectorAt(place) : vectorAt(place); };
  // The prologue, unless the thread has these vectors already. Places beyond the last vector repeat it; their
  // results are not stored.
  Value vectorsFrom = op.getEach() ? plus(times(first, matrices), choice) : first;
  Value number = arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), vectorsFrom);
  Value isOther =
      arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ne, number, load(held, k.constant(0)));
  k.when(isOther, [&, tokens = tokens] {
    store(number, held, k.constant(0));
    k.loop(k.constant(0), tileCount, 1, [&](Value tile) {
      k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
        Value last = arith::SubIOp::create(k.builder, k.loc, end, k.constant(1));
        Env env = vectorIn(arith::MinUIOp::create(k.builder, k.loc, placeOf(tile, place), last));
        placeToken(env, tile, place);
      });
    });
  });
  k.loop(from, to, together,
         [&, count = count, together = together, vectors = vectors, tokens = tokens](Value group) {
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
               Value at = placeOf(tile, place);
               k.when(arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, at, end), [&] {
                 Env env = vectorIn(at);
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
}

bool heddle::allQuantized(LinearOp op, const Memory &memory) {
  return llvm::all_of(op.getWeights(), [&](Value operand) {
    auto weight = operand.getDefiningOp<WeightOp>();
    const Packing *packing = weight ? memory.packing(weight.getName()) : nullptr;
    return packing && packing->panels && blockShape(packing->format).quantized();
  });
}

void heddle::emitLinear(LinearOp op, EmitContext &context) {
  std::unique_ptr<LinearEmitter> emitter;
  if (context.options.direct)
    emitter = directLinear(op, context);
  else if (context.options.activationBits < 32)
    emitter = integerLinear(op, context);
  if (!emitter)
    emitter = floatLinear(op, context);
  emitter->emit();
}
