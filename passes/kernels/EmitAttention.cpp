// heddle.attention: for a tile of queries, block after block of keys, with a running maximum and sum (the
// softmax of a stream: Milakov and Gimelshein, 2018; FlashAttention, 2022).
//
// Scores: a lane owns a key, queries are uniform. Then maximum and sum across lanes, exponentials into
// scratch. Values: a lane owns a column, exponentials are uniform. A tile is `tokenTile` tokens times
// `groupTile` of the heads that share keys and values. On devices, a single query's keys are split, too
// (Flash-Decoding, 2023).
#include "passes/kernels/Emit.h"

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kKeys = 64;       // keys to a block
constexpr int64_t kSplitKeys = 512; // keys to a split

class AttentionEmitter {
public:
  AttentionEmitter(AttentionOp op, EmitContext &context)
      : op(op), context(context), options(context.options), k(context.kernel(op)), points(k),
        valueType(cast<NamedTensorType>(op.getValues().getType())), axis(op.getAxis()) {
    for (auto [query, over] : llvm::zip(op.getQueries(), op.getOver()))
      for (StringAttr name : cast<NamedTensorType>(query.getType()).getNames()) {
        StringRef head = name.getValue();
        if (head == "T" || llvm::is_contained(axisNames(cast<ArrayAttr>(over)), head) || sizes.count(head))
          continue;
        int64_t size = sizes[head] = cast<NamedTensorType>(query.getType()).size(head);
        (valueType.has(head) ? shared : grouped).push_back(head.str());
        (valueType.has(head) ? sharedSizes : groupSizes).push_back(size);
      }
    for (auto [name, size] : llvm::zip(valueType.getNames(), valueType.getSizes()))
      if (name != axis && !sizes.count(name)) {
        valueAxes.push_back(name.str());
        valueSizes.push_back(size);
      }
    for (int64_t size : groupSizes)
      groups *= size;
    for (int64_t size : sharedSizes)
      heads *= size;
    for (int64_t size : valueSizes)
      width *= size;
    hasTokens = op.getResult().getType().has("T");
    int64_t most = std::max<int64_t>(options.accumulators / 2, 3);
    groupTile = std::min(groups, most);
    tokenTile = options.decode || !hasTokens ? 1 : std::max<int64_t>(1, most / groupTile);
    groupBlocks = llvm::divideCeil(groups, groupTile);
    queries = tokenTile * groupTile;
    paddedWidth = llvm::alignTo(width, options.lanes);
  }

  void emit() {
    if (isSplit())
      return emitSplit();
    placeTile();
    allocate();
    auto [from, to] = visitedKeys();
    attend(from, to);
    storeResults();
    if (hasTokens)
      k.finish({{1, tokenTile, groupBlocks * heads}});
    else
      k.finish({{0, 1, groupBlocks * heads}});
  }

private:
  /// One query has too few heads to keep a device busy; the keys of the cache are split as well.
  bool isSplit() const { return options.direct && axis == "S" && (options.decode || !hasTokens); }

  /// The greatest score, the sum and the weighted values of each split of the keys, into memory of their own;
  /// a second kernel brings them together.
  void emitSplit() {
    SmallVector<int64_t> shape = {ShapedType::kDynamic, groupBlocks * heads, queries,
                                  paddedWidth + options.lanes};
    Attribute dims = k.builder.getStringAttr(("C/" + llvm::Twine(kSplitKeys)).str());
    Value partial = BufferOp::create(context.launchAt, k.loc, MemRefType::get(shape, k.builder.getF32Type()),
                                     k.builder.getArrayAttr(dims), IntegerAttr());
    placeTile();
    allocate();
    auto [from, to] = visitedKeys();
    Value first = times(split, kSplitKeys), end = plus(first, k.constant(kSplitKeys));
    from = arith::MaxUIOp::create(k.builder, k.loc, from, first);
    to = arith::MinUIOp::create(k.builder, k.loc, to, end);
    Value there = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, first, k.size("S"));
    Value written = k.write(partial, dims);
    k.when(there, [&, from = from, to = to] {
      attend(from, to);
      storePartial(written);
    });
    k.finish({{3, kSplitKeys, groupBlocks * heads}});
    AttentionEmitter(op, context).merge(partial, dims);
  }

  void attend(Value from, Value to) {
    loadQueries();
    k.loop(from, to, kKeys, [&](Value first) {
      Value left = arith::SubIOp::create(k.builder, k.loc, to, first);
      Value count = arith::MinUIOp::create(k.builder, k.loc, left, k.constant(kKeys));
      for (unsigned n = 0; n < op.getQueries().size(); ++n)
        multiplyKeys(n, first);
      softmaxStep(first, to);
      addValues(first, count);
    });
  }

  Value load(Value memref, ValueRange at) { return memref::LoadOp::create(k.builder, k.loc, memref, at); }
  void store(Value value, Value memref, ValueRange at) {
    memref::StoreOp::create(k.builder, k.loc, value, memref, at);
  }
  Value scratch(ArrayRef<int64_t> shape) {
    return ScratchOp::create(k.builder, k.loc, MemRefType::get(shape, k.builder.getF32Type()));
  }
  Value fma(Value a, Value b, Value c) { return math::FmaOp::create(k.builder, k.loc, a, b, c); }
  Value exponential(Value a, Value less) {
    return math::ExpOp::create(k.builder, k.loc, arith::SubFOp::create(k.builder, k.loc, a, less));
  }
  Value laneReduce(ReduceKind kind, Value value) {
    return LaneReduceOp::create(k.builder, k.loc, value.getType(), kind, value);
  }
  Value plus(Value a, Value b) { return k.builder.createOrFold<arith::AddIOp>(k.loc, a, b); }
  Value times(Value a, int64_t b) { return k.builder.createOrFold<arith::MulIOp>(k.loc, a, k.constant(b)); }
  Idx lanesAt(Value base) { return k.index.withLane(k.index.uniform(base, options.lanes)); }

  /// piece = (block of tokens, or split; block of the group; shared head).
  void placeTile() {
    SmallVector<Idx> parts = k.index.split(k.index.uniform(k.piece), {1, groupBlocks, heads});
    split = parts[0].base;
    row = k.builder.createOrFold<arith::RemUIOp>(k.loc, k.piece, k.constant(groupBlocks * heads));
    firstToken = isSplit() ? k.constant(0) : times(split, tokenTile);
    firstGroup = k.builder.createOrFold<arith::MulIOp>(k.loc, parts[1].base, k.constant(groupTile));
    for (auto [name, index] : llvm::zip(shared, k.index.split(parts[2], sharedSizes)))
      headEnv[name] = index;
    before = arith::SubIOp::create(k.builder, k.loc, k.size("S"), k.size("T"));
  }

  void allocate() {
    for (auto [query, over] : llvm::zip(op.getQueries(), op.getOver())) {
      SmallVector<int64_t> overSizes;
      int64_t depth = 1;
      for (StringRef name : axisNames(cast<ArrayAttr>(over))) {
        overSizes.push_back(cast<NamedTensorType>(query.getType()).size(name));
        depth *= overSizes.back();
      }
      depths.push_back(depth);
      depthSizes.push_back(overSizes);
      queryTiles.push_back(scratch({queries, static_cast<int64_t>(llvm::alignTo(depth, options.lanes))}));
      scores.push_back(scratch({queries, kKeys}));
    }
    greatest = scratch({queries});
    total = scratch({queries});
    result = scratch({queries, paddedWidth});
  }

  /// Query `number` of the tile: its token and heads. Places beyond the last token or head repeat the last.
  Env queryEnv(Value number, Value *inside = nullptr) {
    Env env = headEnv;
    Value token = plus(firstToken, arith::DivUIOp::create(k.builder, k.loc, number, k.constant(groupTile)));
    Value group = plus(firstGroup, arith::RemUIOp::create(k.builder, k.loc, number, k.constant(groupTile)));
    auto below = [&](Value a, Value b) -> Value {
      return arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, a, b);
    };
    Value tokens = hasTokens ? k.size("T") : k.constant(1);
    if (inside)
      *inside =
          arith::AndIOp::create(k.builder, k.loc, below(token, tokens), below(group, k.constant(groups)));
    auto clamp = [&](Value a, Value size) -> Value {
      Value last = arith::SubIOp::create(k.builder, k.loc, size, k.constant(1));
      return arith::MinUIOp::create(k.builder, k.loc, a, last);
    };
    // A query without T is the last token's.
    if (hasTokens)
      env["T"] = k.index.uniform(tokenTile > 1 ? clamp(token, tokens) : token);
    else
      env["T"] = k.index.uniform(arith::SubIOp::create(k.builder, k.loc, k.size("T"), k.constant(1)));
    Idx whole = k.index.uniform(groups % groupTile ? clamp(group, k.constant(groups)) : group);
    for (auto [name, index] : llvm::zip(grouped, k.index.split(whole, groupSizes)))
      env[name] = index;
    return env;
  }

  void loadQueries() {
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value number) {
      Env env = queryEnv(number);
      for (unsigned n = 0; n < queryTiles.size(); ++n)
        k.loop(k.constant(0), k.constant(depths[n]), options.lanes, [&](Value column) {
          Idx index = lanesAt(column);
          if (depths[n] % options.lanes) // lanes beyond the last column repeat it; nobody reads them
            index = k.index.perLane(
                arith::MinUIOp::create(k.builder, k.loc, k.index.value(index), k.constant(depths[n] - 1)));
          setOver(env, n, index);
          store(points.point(op.getQueries()[n], env), queryTiles[n],
                ValueRange{number, k.index.value(lanesAt(column))});
        });
      if (op.getSink()) { // one term of the sum from the start, without a value; of the first split's
        Value sink = points.point(op.getSink(), env), one = k.real(1);
        if (isSplit()) {
          Value isFirst =
              arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::eq, split, k.constant(0));
          one = arith::SelectOp::create(k.builder, k.loc, isFirst, one, k.real(0));
          sink = arith::SelectOp::create(k.builder, k.loc, isFirst, sink,
                                         k.real(std::numeric_limits<float>::lowest()));
        }
        store(sink, greatest, number);
        store(one, total, number);
      } else {
        store(k.real(std::numeric_limits<float>::lowest()), greatest, number);
        store(k.real(0), total, number);
      }
      k.loop(k.constant(0), k.constant(paddedWidth), options.lanes, [&](Value column) {
        store(k.real(0), result, ValueRange{number, k.index.value(lanesAt(column))});
      });
    });
  }
  void setOver(Env &env, unsigned n, const Idx &column) {
    auto names = axisNames(cast<ArrayAttr>(op.getOver()[n]));
    for (auto [name, index] : llvm::zip(names, k.index.split(column, depthSizes[n])))
      env[name] = index;
  }

  /// The keys that some query of the tile may see: [from, to), `from` at the start of a vector.
  std::pair<Value, Value> visitedKeys() {
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

  /// A vector of keys from `base` on. A cache has room for whole blocks; other memory ends after the last
  /// key, or after its vector where keys lie in vectors: what is beyond repeats the last, and softmaxStep
  /// masks it.
  Idx keysAt(Value keys, Value base) {
    if (keys.getDefiningOp() && isa<KeepOp>(keys.getDefiningOp()))
      return lanesAt(base);
    Value last = arith::SubIOp::create(
        k.builder, k.loc, k.axisSize(cast<NamedTensorType>(keys.getType()), axis), k.constant(1));
    auto atMost = [&](Value index, Value most) {
      return arith::MinUIOp::create(k.builder, k.loc, index, most).getResult();
    };
    const Storage *storage = k.memory.find(keys);
    bool inVectors =
        storage && llvm::any_of(storage->layout.dims, [](const LayoutDim &dim) { return dim.modulo; });
    if (!inVectors)
      return k.index.perLane(atMost(k.index.value(lanesAt(base)), last));
    Value vectors = arith::DivUIOp::create(k.builder, k.loc, last, k.constant(options.lanes));
    return lanesAt(atMost(base, arith::MulIOp::create(k.builder, k.loc, vectors, k.constant(options.lanes))));
  }

  /// scores[n][query][key] of one block: a register tile of queries times vectors of keys.
  void multiplyKeys(unsigned n, Value first) {
    int64_t vectors = kKeys / options.lanes;
    int64_t together = std::clamp<int64_t>(
        llvm::bit_floor<uint64_t>(std::max<int64_t>(1, options.accumulators / queries)), 1, vectors);
    k.loop(k.constant(0), k.constant(kKeys), together * options.lanes, [&](Value at) {
      SmallVector<Value> zeros(queries * together, k.real(0));
      auto sums =
          k.loop(k.constant(0), k.constant(depths[n]), 1, zeros, [&](Value column, ValueRange carried) {
            SmallVector<Value> keys, next;
            for (int64_t v = 0; v < together; ++v) {
              Env env = headEnv;
              Value base = plus(plus(first, at), k.constant(v * options.lanes));
              env[axis] = keysAt(op.getKeys()[n], base);
              setOver(env, n, k.index.uniform(column));
              keys.push_back(points.point(op.getKeys()[n], env));
            }
            for (int64_t q = 0; q < queries; ++q) {
              Value x = load(queryTiles[n], ValueRange{k.constant(q), column});
              for (int64_t v = 0; v < together; ++v)
                next.push_back(fma(keys[v], x, carried[q * together + v]));
            }
            return next;
          });
      for (int64_t q = 0; q < queries; ++q)
        for (int64_t v = 0; v < together; ++v) {
          Value key = plus(at, k.constant(v * options.lanes));
          store(sums[q * together + v], scores[n], ValueRange{k.constant(q), k.index.value(lanesAt(key))});
        }
    });
  }

  /// The score function, then the block's exponentials into scores[0]; greatest, total and result are brought
  /// up to date.
  void softmaxStep(Value first, Value to) {
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value number) {
      Env env = queryEnv(number);
      SmallVector<Value> values;
      Value most;
      for (int64_t at = 0; at < kKeys; at += options.lanes) {
        Idx inBlock = lanesAt(k.constant(at));
        env[axis] = lanesAt(plus(first, k.constant(at)));
        SmallVector<Value> arguments;
        for (Value score : scores)
          arguments.push_back(load(score, ValueRange{number, k.index.value(inBlock)}));
        for (Value extra : op.getExtras())
          arguments.push_back(points.point(extra, env));
        Value score = points.inlineScalars(op.getScore().front(), arguments)[0];
        Value seen =
            arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, k.index.value(env[axis]), to);
        score = arith::SelectOp::create(k.builder, k.loc, seen, score,
                                        k.real(-std::numeric_limits<float>::infinity()));
        values.push_back(score);
        most = most ? Value(arith::MaximumFOp::create(k.builder, k.loc, most, score)) : score;
      }
      Value old = load(greatest, number), blockMost = laneReduce(ReduceKind::Max, most);
      Value rises = arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::OGT, blockMost, old);
      k.when(rises, [&] {
        Value factor = exponential(old, blockMost);
        store(blockMost, greatest, number);
        store(arith::MulFOp::create(k.builder, k.loc, load(total, number), factor), total, number);
        k.loop(k.constant(0), k.constant(paddedWidth), options.lanes, [&](Value column) {
          Value at = k.index.value(lanesAt(column));
          store(arith::MulFOp::create(k.builder, k.loc, load(result, ValueRange{number, at}), factor), result,
                ValueRange{number, at});
        });
      });
      Value now = load(greatest, number), sum;
      for (int64_t at = 0; at < kKeys; at += options.lanes) {
        Value part = exponential(values[at / options.lanes], now);
        store(part, scores[0], ValueRange{number, k.index.value(lanesAt(k.constant(at)))});
        sum = sum ? Value(arith::AddFOp::create(k.builder, k.loc, sum, part)) : part;
      }
      Value added =
          arith::AddFOp::create(k.builder, k.loc, load(total, number), laneReduce(ReduceKind::Sum, sum));
      store(added, total, number);
    });
  }

  Idx valueColumn(Value column) {
    Idx index = lanesAt(column);
    if (width % options.lanes == 0)
      return index;
    return k.index.perLane(
        arith::MinUIOp::create(k.builder, k.loc, k.index.value(index), k.constant(width - 1)));
  }

  /// result[query][column] += exponential[query][key] * value[key][column] over the block's first `count`
  /// keys.
  void addValues(Value first, Value count) {
    int64_t vectors = paddedWidth / options.lanes;
    int64_t together = std::clamp<int64_t>(options.accumulators / queries, 1, vectors);
    while (vectors % together)
      --together;
    k.loop(k.constant(0), k.constant(paddedWidth), together * options.lanes, [&](Value at) {
      auto place = [&](int64_t q, int64_t v) {
        Value column = plus(at, k.constant(v * options.lanes));
        return SmallVector<Value>{k.constant(q), k.index.value(lanesAt(column))};
      };
      SmallVector<Value> start;
      for (int64_t q = 0; q < queries; ++q)
        for (int64_t v = 0; v < together; ++v)
          start.push_back(load(result, place(q, v)));
      auto sums = k.loop(k.constant(0), count, 1, start, [&](Value key, ValueRange carried) {
        SmallVector<Value> values, next;
        for (int64_t v = 0; v < together; ++v) {
          Env env = headEnv;
          env[axis] = k.index.uniform(plus(first, key));
          Idx column = valueColumn(plus(at, k.constant(v * options.lanes)));
          for (auto [name, index] : llvm::zip(valueAxes, k.index.split(column, valueSizes)))
            env[name] = index;
          values.push_back(points.point(op.getValues(), env));
        }
        for (int64_t q = 0; q < queries; ++q) {
          Value part = load(scores[0], ValueRange{k.constant(q), key});
          for (int64_t v = 0; v < together; ++v)
            next.push_back(fma(part, values[v], carried[q * together + v]));
        }
        return next;
      });
      for (int64_t q = 0; q < queries; ++q)
        for (int64_t v = 0; v < together; ++v)
          store(sums[q * together + v], result, place(q, v));
    });
  }

  /// Of each query: its weighted values, then the greatest score, then the sum.
  void storePartial(Value partial) {
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value number) {
      k.loop(k.constant(0), k.constant(paddedWidth), options.lanes, [&](Value column) {
        Value at = k.index.value(lanesAt(column));
        store(load(result, ValueRange{number, at}), partial, ValueRange{split, row, number, at});
      });
      store(load(greatest, number), partial, ValueRange{split, row, number, k.constant(paddedWidth)});
      store(load(total, number), partial, ValueRange{split, row, number, k.constant(paddedWidth + 1)});
    });
  }

  /// The kernel that brings the splits together: sums of exp(greatest of the split - greatest of all) times
  /// theirs.
  void merge(Value memory, Attribute dims) {
    placeTile();
    Value partial = k.read(memory, dims);
    Value splits = arith::CeilDivUIOp::create(k.builder, k.loc, k.size("S"), k.constant(kSplitKeys));
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value number) {
      Value inside;
      Env env = queryEnv(number, &inside);
      auto at = [&](Value one, Value column) { return load(partial, ValueRange{one, row, number, column}); };
      auto overSplits = [&](Value start, llvm::function_ref<Value(Value one, Value before)> body) {
        return k.loop(k.constant(0), splits, 1, start, [&](Value one, ValueRange carried) {
          return SmallVector<Value>{body(one, carried[0])};
        })[0];
      };
      k.when(inside, [&] {
        Value most = overSplits(k.real(std::numeric_limits<float>::lowest()), [&](Value one, Value before) {
          return arith::MaximumFOp::create(k.builder, k.loc, before, at(one, k.constant(paddedWidth)));
        });
        auto weighted = [&](Value column) {
          return overSplits(k.real(0), [&](Value one, Value before) {
            return fma(exponential(at(one, k.constant(paddedWidth)), most), at(one, column), before);
          });
        };
        Value sum = weighted(k.constant(paddedWidth + 1));
        storeQuery(env, sum, [&](const Idx &column) { return weighted(k.index.value(column)); });
      });
    });
    k.finish({{0, 1, groupBlocks * heads}});
  }

  void storeResults() {
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value number) {
      Value inside;
      Env env = queryEnv(number, &inside);
      k.when(inside, [&] {
        storeQuery(env, load(total, number), [&](const Idx &column) {
          return load(result, ValueRange{number, k.index.value(column)});
        });
      });
    });
  }

  /// value(column) / sum for all columns of the query in `env`.
  void storeQuery(Env env, Value sum, llvm::function_ref<Value(const Idx &column)> value) {
    k.loop(k.constant(0), k.constant(paddedWidth), options.lanes, [&](Value column) {
      Idx lanes = lanesAt(column);
      Value mask;
      if (width % options.lanes)
        mask = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, k.index.value(lanes),
                                     k.constant(width));
      for (auto [name, index] : llvm::zip(valueAxes, k.index.split(lanes, valueSizes)))
        env[name] = index;
      points.store(op.getResult(), env, arith::DivFOp::create(k.builder, k.loc, value(lanes), sum), mask);
    });
  }

  AttentionOp op;
  EmitContext &context;
  KernelOptions options;
  KernelBuilder k;
  PointEmitter points;
  NamedTensorType valueType;
  StringRef axis;
  llvm::StringMap<int64_t> sizes; // of all heads
  SmallVector<std::string> shared, grouped, valueAxes;
  SmallVector<int64_t> sharedSizes, groupSizes, valueSizes, depths;
  SmallVector<SmallVector<int64_t>> depthSizes;
  int64_t groups = 1, heads = 1, width = 1, paddedWidth, groupTile, tokenTile, groupBlocks, queries;
  bool hasTokens;
  Value split, row, firstToken, firstGroup, before, greatest, total, result;
  SmallVector<Value> queryTiles, scores;
  Env headEnv;
};

} // namespace

void heddle::emitAttention(AttentionOp op, EmitContext &context) { AttentionEmitter(op, context).emit(); }
