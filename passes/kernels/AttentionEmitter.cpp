#include "passes/kernels/AttentionEmitter.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace heddle;

static int64_t product(ArrayRef<int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies());
}

AttentionEmitter::AttentionEmitter(AttentionOp op, EmitContext &context)
    : KernelEmitter(op, context), op(op), context(context),
      valueType(cast<NamedTensorType>(op.getValues().getType())), axis(op.getAxis()) {
  // Queries that differ in an axis that neither keys nor values have go together.
  auto isShared = [&](StringRef head) {
    return valueType.has(head) || llvm::any_of(op.getKeys(), [&](Value keys) {
             return cast<NamedTensorType>(keys.getType()).has(head);
           });
  };
  llvm::StringSet<> known; // heads
  for (auto [query, keys, over] : llvm::zip(op.getQueries(), op.getKeys(), op.getOver())) {
    auto type = cast<NamedTensorType>(query.getType()), keyType = cast<NamedTensorType>(keys.getType());
    auto isHead = [&, over = cast<ArrayAttr>(over)](StringRef name) {
      return name != "T" && name != axis && !llvm::is_contained(axisNames(over), name) &&
             known.insert(name).second;
    };
    for (auto [name, size] : llvm::zip(keyType.getNames(), keyType.getSizes()))
      if (!type.has(name) && isHead(name)) { // one query for all heads
        shared.push_back(name.str());
        sharedSizes.push_back(size);
      }
    for (StringAttr name : type.getNames()) {
      StringRef head = name.getValue();
      if (!isHead(head))
        continue;
      (isShared(head) ? shared : grouped).push_back(head.str());
      (isShared(head) ? sharedSizes : groupSizes).push_back(type.size(head));
    }
    auto &sizes = depthSizes.emplace_back();
    for (StringRef name : axisNames(cast<ArrayAttr>(over)))
      sizes.push_back(type.size(name));
    depths.push_back(product(sizes));
  }
  for (auto [name, size] : llvm::zip(valueType.getNames(), valueType.getSizes()))
    if (name != axis && !known.contains(name)) {
      valueAxes.push_back(name.str());
      valueSizes.push_back(size);
    }
  groups = product(groupSizes), heads = product(sharedSizes), width = product(valueSizes);
  hasTokens = op.getResult().getType().has("T");
}

void AttentionEmitter::chooseTile(int64_t most) {
  groupTile = std::min(groups, most);
  tokenTile = options.decode || !hasTokens ? 1 : std::max<int64_t>(1, most / groupTile);
  groupBlocks = llvm::divideCeil(groups, groupTile);
  queries = tokenTile * groupTile;
}

void AttentionEmitter::placeTile() {
  SmallVector<Idx> parts = k.index.split(k.index.uniform(k.piece), {1, groupBlocks, heads});
  major = parts[0].base;
  row = k.builder.createOrFold<arith::RemUIOp>(k.loc, k.piece, k.constant(groupBlocks * heads));
  firstToken = times(major, tokenTile);
  firstGroup = times(parts[1].base, groupTile);
  for (auto [name, index] : llvm::zip(shared, k.index.split(parts[2], sharedSizes)))
    headEnv[name] = index;
  before = arith::SubIOp::create(k.builder, k.loc, k.size("S"), k.size("T"));
}

Env AttentionEmitter::queryEnv(Value number, Value *inside, bool perLane) {
  Env env = headEnv;
  auto index = [&](Value value) { return perLane ? k.index.perLane(value) : k.index.uniform(value); };
  Value token = plus(firstToken, arith::DivUIOp::create(k.builder, k.loc, number, k.constant(groupTile)));
  Value group = plus(firstGroup, arith::RemUIOp::create(k.builder, k.loc, number, k.constant(groupTile)));
  Value tokens = hasTokens ? k.size("T") : k.constant(1);
  if (inside)
    *inside =
        arith::AndIOp::create(k.builder, k.loc, isBelow(token, tokens), isBelow(group, k.constant(groups)));
  auto clamp = [&](Value a, Value size) -> Value {
    return atMost(a, arith::SubIOp::create(k.builder, k.loc, size, k.constant(1)));
  };
  // A query without T is the last token's.
  if (hasTokens)
    env["T"] = index(tokenTile > 1 || perLane ? clamp(token, tokens) : token);
  else
    env["T"] = k.index.uniform(arith::SubIOp::create(k.builder, k.loc, k.size("T"), k.constant(1)));
  Idx whole = index(groups % groupTile ? clamp(group, k.constant(groups)) : group);
  for (auto [name, part] : llvm::zip(grouped, k.index.split(whole, groupSizes)))
    env[name] = part;
  return env;
}

void AttentionEmitter::setOver(Env &env, unsigned n, const Idx &column) {
  auto names = axisNames(cast<ArrayAttr>(op.getOver()[n]));
  for (auto [name, index] : llvm::zip(names, k.index.split(column, depthSizes[n])))
    env[name] = index;
}

void AttentionEmitter::setValueColumn(Env &env, const Idx &column) {
  for (auto [name, index] : llvm::zip(valueAxes, k.index.split(column, valueSizes)))
    env[name] = index;
}

std::pair<Value, Value> AttentionEmitter::visitedKeys() {
  auto type = cast<NamedTensorType>(op.getKeys()[0].getType());
  Value from = k.constant(0), to = k.axisSize(type, axis);
  if (axis == "U")
    return {from, to};
  Value lastToken = arith::SubIOp::create(k.builder, k.loc, k.size("T"), k.constant(1));
  Value tokenBefore = hasTokens ? firstToken : lastToken;
  if (op.getVisitsTo()) {
    Value last = plus(firstToken, k.constant(tokenTile - 1));
    last = hasTokens ? Value(arith::MinUIOp::create(k.builder, k.loc, last, lastToken)) : lastToken;
    Value end = plus(plus(before, last), k.constant(*op.getVisitsTo() + 1));
    to = arith::MinSIOp::create(k.builder, k.loc, to, end);
  }
  if (op.getVisitsFrom()) {
    Value first = plus(plus(before, tokenBefore), k.constant(*op.getVisitsFrom()));
    first = arith::MaxSIOp::create(k.builder, k.loc, first, from);
    Value vectors = arith::DivUIOp::create(k.builder, k.loc, first, k.constant(options.lanes));
    from = arith::MulIOp::create(k.builder, k.loc, vectors, k.constant(options.lanes));
  }
  return {from, to};
}

bool AttentionEmitter::areCached(Value keys) { return isa_and_nonnull<KeepOp>(keys.getDefiningOp()); }

Value AttentionEmitter::lastKey(Value keys) {
  Value count = k.axisSize(cast<NamedTensorType>(keys.getType()), axis);
  return arith::SubIOp::create(k.builder, k.loc, count, k.constant(1));
}

bool AttentionEmitter::lieInVectors(Value keys) {
  const Storage *storage = k.memory.find(keys);
  return storage && llvm::any_of(storage->layout.dims, [](const LayoutDim &dim) { return dim.modulo; });
}

void heddle::emitAttention(AttentionOp op, EmitContext &context) {
  (context.options.direct ? directAttention(op, context) : stagedAttention(op, context))->emit();
}
