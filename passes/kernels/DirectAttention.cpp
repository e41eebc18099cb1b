// heddle.attention on devices, four at a time: a load of four words costs what a load of one does.
//
// Scores: a lane owns four neighbouring keys of the block, queries are uniform. Softmax: a lane owns a query,
// and goes over the block's keys, so that nothing is reduced across lanes. Values: a lane owns four
// neighbouring columns, exponentials are uniform; sums stay in registers from the first key to the last.
//
// One token has too few heads to keep a device busy, and too few queries for its lanes: SplitAttention.
#include "passes/kernels/AttentionEmitter.h"

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kFour = 4;
constexpr int64_t kFours = 12; // sums of four columns that a lane has registers for

class DirectAttention : public AttentionEmitter {
public:
  DirectAttention(AttentionOp op, EmitContext &context) : AttentionEmitter(op, context) {
    laneColumns = kFour * options.lanes;
    parts = llvm::divideCeil(width, laneColumns);
    chooseTile(std::max<int64_t>(1, kFours / parts));
  }

  void emit() override {
    placeTile();
    for (unsigned n = 0; n < depths.size(); ++n)
      scores.push_back(scratch({options.lanes, kKeys / kFour}, fourType()));
    allocate();
    auto [from, to] = visitedKeys();
    State state = attend(from, to);
    keepSums(state.sums);
    store(state.total, ofQueries, k.lane);
    storeResults();
    k.finish({{hasTokens ? 1 : 0, hasTokens ? tokenTile : 1, groupBlocks * heads}});
  }

protected:
  /// A lane's query has these, and a lane's columns of all queries the sums [q * parts + part].
  struct State {
    Value greatest, total;
    SmallVector<Value> sums;

    SmallVector<Value> values() const {
      SmallVector<Value> all{greatest, total};
      llvm::append_range(all, sums);
      return all;
    }
    static State of(ValueRange values) {
      return {values[0], values[1], SmallVector<Value>(values.drop_front(2))};
    }
  };

  void allocate() {
    ofQueries = scratch({options.lanes}, k.builder.getF32Type());
    sums = scratch({queries, parts, options.lanes}, fourType());
    for (int64_t depth : depths) {
      int64_t fours = llvm::divideCeil(depth, kFour);
      queryTiles.push_back(
          scratch({queries, static_cast<int64_t>(llvm::alignTo(fours, options.lanes))}, fourType()));
    }
  }

  State attend(Value from, Value to) {
    loadQueries();
    State start = begin();
    start.sums.assign(queries * parts, spread(k.real(0)));
    return State::of(k.loop(from, to, kKeys, start.values(), [&](Value first, ValueRange carried) {
      State state = State::of(carried);
      for (unsigned n = 0; n < depths.size(); ++n)
        for (auto [q, four] : llvm::enumerate(multiplyKeys(n, first)))
          store(four, scores[n], ValueRange{k.constant(q), k.lane});
      softmax(state, first, to);
      for (int64_t q = 0; q < queries; ++q) {
        Value factor = spread(load(ofQueries, k.constant(q)));
        for (Value &sum : MutableArrayRef(state.sums).slice(q * parts, parts))
          sum = arith::MulFOp::create(k.builder, k.loc, sum, factor);
      }
      Value count = arith::SubIOp::create(k.builder, k.loc, to, first);
      state.sums = addValues(state.sums, first, atMost(count, k.constant(kKeys)));
      return state.values();
    }));
  }

  /// The lane's four columns from `first` on, of an axis list of these sizes; lanes beyond the last repeat
  /// it.
  Idx ownColumns(Value first, int64_t size) {
    Idx own = k.index.withLane(k.index.uniform(first, laneColumns), kFour);
    if (size % laneColumns == 0)
      return own;
    return k.index.perLane(atMost(k.index.value(own), k.constant((size - 1) / kFour * kFour)), kFour);
  }

  /// Four neighbouring columns of a tensor: `set` puts a column's indices into an environment, `axes` and
  /// `sizes` are what a column is made of. Columns beyond the last repeat it.
  Value fourColumns(Value tensor, const Env &env, const Idx &first, StringRef innermost,
                    ArrayRef<int64_t> sizes, llvm::function_ref<void(Env &, const Idx &)> set) {
    Env inner = env;
    if (!sizes.empty() && sizes.back() % kFour == 0) {
      set(inner, first);
      return points.four(tensor, inner, innermost);
    }
    int64_t size = std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies());
    SmallVector<Value> values;
    for (int64_t side = 0; side < kFour; ++side) {
      Value column = atMost(plus(k.index.value(first), k.constant(side)), k.constant(size - 1));
      set(inner, first.lane || first.varying ? k.index.perLane(column) : k.index.uniform(column));
      values.push_back(points.point(tensor, inner));
    }
    return vector::FromElementsOp::create(k.builder, k.loc, fourType(), values);
  }

  /// Into scratch; columns beyond the last are zero, so that it does not matter what keys have there.
  void loadQueries() {
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value number) {
      Env env = queryEnv(number);
      for (unsigned n = 0; n < depths.size(); ++n)
        k.loop(k.constant(0), k.constant(llvm::alignTo(depths[n], laneColumns)), laneColumns, [&](Value at) {
          Idx first = ownColumns(at, depths[n]);
          Value four =
              fourColumns(op.getQueries()[n], env, first, axisNames(cast<ArrayAttr>(op.getOver()[n])).back(),
                          depthSizes[n], [&](Env &one, const Idx &column) { setOver(one, n, column); });
          if (depths[n] % kFour)
            four = arith::SelectOp::create(k.builder, k.loc, below(k.index.value(first), depths[n]), four,
                                           spread(k.real(0)));
          Value place = arith::DivUIOp::create(k.builder, k.loc, at, k.constant(kFour));
          store(four, queryTiles[n], ValueRange{number, plus(place, k.lane)});
        });
    });
  }

  /// first + {0, 1, 2, 3} < size, for each.
  Value below(Value first, Value size) {
    auto type = VectorType::get({kFour}, k.builder.getI32Type());
    auto word = [&](Value index) -> Value {
      return arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI32Type(), index);
    };
    Value steps = arith::ConstantOp::create(k.builder, k.loc,
                                            DenseIntElementsAttr::get(type, ArrayRef<int32_t>{0, 1, 2, 3}));
    Value at = arith::AddIOp::create(k.builder, k.loc, spread(word(first)), steps);
    return isBelow(at, spread(word(size)));
  }
  Value below(Value first, int64_t size) { return below(first, k.constant(size)); }

  /// Of the lane's query, before any key. A sink is one term of the sum from the start, without a value.
  State begin() {
    if (!op.getSink())
      return {k.real(std::numeric_limits<float>::lowest()), k.real(0), {}};
    return {points.point(op.getSink(), queryEnv(k.lane, nullptr, /*perLane=*/true)), k.real(1), {}};
  }

  /// The elements of keys n in a column, of the lane's four keys in the block that begins at `first`. A cache
  /// has room for whole blocks; other memory ends after the last key, or after its vector where keys lie in
  /// vectors: what is beyond repeats the last, and softmax masks it.
  Value fourKeys(unsigned n, Value first, Value column) {
    Value keys = op.getKeys()[n];
    Env env = headEnv;
    setOver(env, n, k.index.uniform(column));
    Idx own = k.index.withLane(k.index.uniform(first, options.lanes), kFour);
    if (!areCached(keys)) {
      Value last = lastKey(keys);
      if (!lieInVectors(keys)) {
        SmallVector<Value> values;
        for (int64_t side = 0; side < kFour; ++side) {
          env[axis] = k.index.perLane(atMost(plus(k.index.value(own), k.constant(side)), last));
          values.push_back(points.point(keys, env));
        }
        return vector::FromElementsOp::create(k.builder, k.loc, fourType(), values);
      }
      Value four = k.constant(kFour);
      Value most = times(arith::DivUIOp::create(k.builder, k.loc, last, four), kFour);
      own = k.index.perLane(atMost(k.index.value(own), most), kFour);
    }
    env[axis] = own;
    return points.four(keys, env, axis);
  }

  /// The products with keys n of the lane's four keys in the block at `first`, for each query; four columns a
  /// turn.
  SmallVector<Value> multiplyKeys(unsigned n, Value first) {
    SmallVector<Value> zeros(queries, spread(k.real(0)));
    Value fours = k.constant(llvm::divideCeil(depths[n], kFour));
    return k.loop(k.constant(0), fours, 1, zeros, [&](Value turn, ValueRange carried) {
      SmallVector<Value> keys, next(carried);
      for (int64_t side = 0; side < kFour; ++side) {
        Value column = plus(times(turn, kFour), k.constant(side));
        if (depths[n] % kFour)
          column = atMost(column, k.constant(depths[n] - 1));
        keys.push_back(fourKeys(n, first, column));
      }
      for (int64_t q = 0; q < queries; ++q) {
        Value query = load(queryTiles[n], ValueRange{k.constant(q), turn});
        for (int64_t side = 0; side < kFour; ++side)
          next[q] = fma(keys[side], spread(part(query, side)), next[q]);
      }
      return next;
    });
  }

  /// The score function, for four keys from `key` on; keys from `to` on are not seen. Where blocks begin at
  /// multiples of their size and no token sees a key behind it, the score function says so itself.
  Value scoreOf(ValueRange products, const Env &env, Value key, Value to) {
    SmallVector<Value> arguments(products);
    for (Value extra : op.getExtras())
      arguments.push_back(points.four(extra, env, axis));
    Value score = points.inlineScalars(op.getScore().front(), arguments)[0];
    if (!op.getVisitsFrom() && op.getVisitsTo() && *op.getVisitsTo() <= 0)
      return score;
    Value unseen = spread(k.real(-std::numeric_limits<float>::infinity()));
    return arith::SelectOp::create(k.builder, k.loc, below(key, to), score, unseen);
  }

  /// The greater of two. Of a NaN and another it is either: the NaN's exponential is in the sum.
  Value greater(Value a, Value b) {
    Value isFirst = arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::OGT, a, b);
    return arith::SelectOp::create(k.builder, k.loc, isFirst, a, b);
  }
  Value greatestOf(Value four) {
    return greater(greater(part(four, 0), part(four, 1)), greater(part(four, 2), part(four, 3)));
  }

  /// The score function, then the block's exponentials into scores[0], for the lane's query; the factors of
  /// all queries' sums. Lanes without a query work on rows that nobody reads.
  void softmax(State &state, Value first, Value to) {
    Env env = queryEnv(k.lane, nullptr, /*perLane=*/true);
    SmallVector<Value> fours;
    Value most;
    for (int64_t at = 0; at < kKeys; at += kFour) {
      Value key = plus(first, k.constant(at));
      env[axis] = k.index.uniform(key, kFour);
      SmallVector<Value> products;
      for (Value score : scores)
        products.push_back(load(score, ValueRange{k.lane, k.constant(at / kFour)}));
      Value score = scoreOf(products, env, key, to);
      fours.push_back(score);
      most = most ? greater(most, score) : score;
    }
    Value now = greater(state.greatest, greatestOf(most));
    Value factor = exponential(state.greatest, now), sum;
    for (auto [turn, four] : llvm::enumerate(fours)) {
      Value risen = exponential(four, spread(now));
      store(risen, scores[0], ValueRange{k.lane, k.constant(turn)});
      sum = sum ? Value(arith::AddFOp::create(k.builder, k.loc, sum, risen)) : risen;
    }
    state.greatest = now;
    state.total = fma(state.total, factor, acrossFour<arith::AddFOp>(sum));
    store(factor, ofQueries, k.lane);
  }

  /// The lane's columns of a key's values, four by four.
  SmallVector<Value> valuesOf(Value key) {
    Env env = headEnv;
    env[axis] = k.index.uniform(key);
    SmallVector<Value> values;
    for (int64_t p = 0; p < parts; ++p)
      values.push_back(fourColumns(op.getValues(), env, ownColumns(k.constant(p * laneColumns), width),
                                   valueAxes.back(), valueSizes,
                                   [&](Env &one, const Idx &column) { setValueColumn(one, column); }));
    return values;
  }

  /// sums[q] + exponential[q][key] * value[key] over `count` keys from `first` on: four a turn, then one by
  /// one those that are left.
  SmallVector<Value> addValues(ArrayRef<Value> sums, Value first, Value count) {
    auto add = [&](SmallVector<Value> &sums, int64_t q, ArrayRef<Value> values, Value exponential) {
      for (int64_t p = 0; p < parts; ++p)
        sums[q * parts + p] = fma(values[p], spread(exponential), sums[q * parts + p]);
    };
    Value four = k.constant(kFour);
    Value turns = arith::DivUIOp::create(k.builder, k.loc, count, four);
    auto ofFours = k.loop(k.constant(0), turns, 1, sums, [&](Value turn, ValueRange carried) {
      SmallVector<Value> next(carried);
      SmallVector<SmallVector<Value>> values;
      for (int64_t side = 0; side < kFour; ++side)
        values.push_back(valuesOf(plus(plus(first, times(turn, kFour)), k.constant(side))));
      for (int64_t q = 0; q < queries; ++q) {
        Value exponentials = load(scores[0], ValueRange{k.constant(q), turn});
        for (int64_t side = 0; side < kFour; ++side)
          add(next, q, values[side], part(exponentials, side));
      }
      return next;
    });
    return k.loop(times(turns, kFour), count, 1, ofFours, [&](Value key, ValueRange carried) {
      SmallVector<Value> next(carried);
      SmallVector<Value> values = valuesOf(plus(first, key));
      Value turn = arith::DivUIOp::create(k.builder, k.loc, key, four);
      Value side = arith::RemUIOp::create(k.builder, k.loc, key, four);
      for (int64_t q = 0; q < queries; ++q) {
        Value exponentials = load(scores[0], ValueRange{k.constant(q), turn});
        add(next, q, values, vector::ExtractOp::create(k.builder, k.loc, exponentials, side));
      }
      return next;
    });
  }

  /// Puts the sums where loops find them.
  void keepSums(ArrayRef<Value> all) {
    for (int64_t q = 0; q < queries; ++q)
      for (int64_t p = 0; p < parts; ++p)
        store(all[q * parts + p], sums, ValueRange{k.constant(q), k.constant(p), k.lane});
  }

  /// Calls body(query, first column, sum) for all queries and parts, in loops: its code is there once.
  void forEachSum(llvm::function_ref<void(Value query, Value at, Value sum)> body) {
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value query) {
      k.loop(k.constant(0), k.constant(parts), 1,
             [&](Value p) { body(query, times(p, laneColumns), load(sums, ValueRange{query, p, k.lane})); });
    });
  }

  void storeResults() {
    forEachSum([&](Value query, Value at, Value sum) {
      Value inside;
      Env env = queryEnv(query, &inside);
      k.when(inside, [&] {
        Value total = spread(load(ofQueries, query));
        storeColumns(env, at, arith::DivFOp::create(k.builder, k.loc, sum, total));
      });
    });
  }

  /// Stores the lane's four columns from `at` on of the query in `env`.
  void storeColumns(Env env, Value at, Value four) {
    Idx own = k.index.withLane(k.index.uniform(at, laneColumns), kFour);
    auto inside = [&](Value column) -> Value {
      return width % laneColumns ? isBelow(column, k.constant(width)) : Value();
    };
    if (!valueSizes.empty() && valueSizes.back() % kFour == 0) {
      setValueColumn(env, own);
      return points.storeFour(op.getResult(), env, valueAxes.back(), four, inside(k.index.value(own)));
    }
    for (int64_t side = 0; side < kFour; ++side) {
      Value column = plus(k.index.value(own), k.constant(side));
      setValueColumn(env, k.index.perLane(column));
      points.store(op.getResult(), env, part(four, side), inside(column));
    }
  }

  int64_t laneColumns, parts;
  Value ofQueries, sums; // a number for each query; a lane's sums, when all keys have been visited
  SmallVector<Value> queryTiles, scores;
};

/// One token. Its keys are split, and a second kernel brings the splits together where there is more than one
/// (Flash-Decoding, 2023). All scores of a split are near: a lane, which computes those of four keys of each
/// block, takes these keys' exponentials as well, once the greatest score is known.
class SplitAttention : public DirectAttention {
public:
  SplitAttention(AttentionOp op, EmitContext &context) : DirectAttention(op, context) {
    int64_t depth = std::accumulate(depths.begin(), depths.end(), int64_t(0));
    while (splitKeys > kKeys && queries * (splitKeys + depth) * 4 > kNear)
      splitKeys /= 2;
  }

  void emit() override {
    place();
    SmallVector<int64_t> shape = {ShapedType::kDynamic, groupBlocks * heads, queries,
                                  parts * laneColumns + options.lanes};
    Attribute dims = k.builder.getStringAttr(("C/" + llvm::Twine(splitKeys)).str());
    Value partial = BufferOp::create(context.launchAt, k.loc, MemRefType::get(shape, k.builder.getF32Type()),
                                     k.builder.getArrayAttr(dims), IntegerAttr());
    Value written = k.write(partial, dims);
    auto [from, to] = visitedKeys();
    Value first = times(major, splitKeys);
    from = arith::MaxUIOp::create(k.builder, k.loc, from, first);
    to = atMost(to, plus(first, k.constant(splitKeys)));
    to = arith::MaxUIOp::create(k.builder, k.loc, from, to); // a window may see nothing of a split
    attendSplit(from, to);
    Value limit = k.constant(splitKeys), size = k.size("S");
    k.when(isBelow(limit, size), [&] { storePartial(written); });
    k.when(isBelow(size, plus(limit, k.constant(1))), [&] { storeResults(); });
    k.finish({{2, splitKeys, groupBlocks * heads}});
    SplitAttention(op, context).merge(partial, dims);
  }

private:
  void place() {
    placeTile();
    firstToken = k.constant(0);
  }

  void attendSplit(Value from, Value to) {
    scores.push_back(scratch({queries, splitKeys / kFour}, fourType()));
    allocate();
    Value greatestOfLanes = scratch({queries, options.lanes}, fourType());
    greatest = scratch({options.lanes}, k.builder.getF32Type());
    loadQueries();

    Value count = arith::SubIOp::create(k.builder, k.loc, to, from);
    Value blocks = arith::CeilDivUIOp::create(k.builder, k.loc, count, k.constant(kKeys));
    SmallVector<Value> least(queries, spread(k.real(std::numeric_limits<float>::lowest())));
    auto most = k.loop(k.constant(0), blocks, 1, least, [&](Value block, ValueRange carried) {
      return storeScores(plus(from, times(block, kKeys)), to, ownPlace(block), carried);
    });
    for (auto [q, four] : llvm::enumerate(most))
      store(four, greatestOfLanes, ValueRange{k.constant(q), k.lane});
    k.loop(k.constant(0), k.constant(queries), 1,
           [&](Value query) { softmaxOf(query, load(greatestOfLanes, ValueRange{query, k.lane}), blocks); });
    SmallVector<Value> zeros(queries * parts, spread(k.real(0)));
    keepSums(addValues(zeros, from, count));
  }

  /// Where the scores of the lane's four keys of a block are.
  Value ownPlace(Value block) { return plus(times(block, options.lanes), k.lane); }

  /// The scores of the lane's four keys in the block at `first`, and the greatest of these and those before.
  SmallVector<Value> storeScores(Value first, Value to, Value place, ValueRange before) {
    SmallVector<SmallVector<Value>> products;
    for (unsigned n = 0; n < depths.size(); ++n)
      products.push_back(multiplyKeys(n, first));
    Idx own = k.index.withLane(k.index.uniform(first, options.lanes), kFour);
    SmallVector<Value> most;
    for (int64_t q = 0; q < queries; ++q) {
      Env env = queryEnv(k.constant(q));
      env[axis] = own;
      SmallVector<Value> ofQuery;
      for (const auto &product : products)
        ofQuery.push_back(product[q]);
      Value score = scoreOf(ofQuery, env, k.index.value(own), to);
      store(score, scores[0], ValueRange{k.constant(q), place});
      most.push_back(greater(before[q], score));
    }
    return most;
  }

  Value acrossLanes(ReduceKind kind, Value value) {
    return LaneReduceOp::create(k.builder, k.loc, kind, value);
  }

  /// Turns a query's scores to exponentials. `most`: the greatest of the lane's. A sink is one more term, of
  /// the first split, without a value.
  void softmaxOf(Value query, Value most, Value blocks) {
    most = acrossLanes(ReduceKind::Max, greatestOf(most));
    Value sink;
    if (op.getSink()) {
      Value isFirst = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::eq, major, k.constant(0));
      sink = arith::SelectOp::create(k.builder, k.loc, isFirst, points.point(op.getSink(), queryEnv(query)),
                                     k.real(-std::numeric_limits<float>::infinity()));
      most = greater(most, sink);
    }
    Value sum = k.loop(k.constant(0), blocks, 1, spread(k.real(0)), [&](Value block, ValueRange carried) {
      SmallVector<Value> at{query, ownPlace(block)};
      Value risen = exponential(load(scores[0], at), spread(most));
      store(risen, scores[0], at);
      return SmallVector<Value>{arith::AddFOp::create(k.builder, k.loc, carried[0], risen)};
    })[0];
    Value total = acrossLanes(ReduceKind::Sum, acrossFour<arith::AddFOp>(sum));
    if (sink)
      total = arith::AddFOp::create(k.builder, k.loc, total, exponential(sink, most));
    store(most, greatest, query);
    store(total, ofQueries, query);
  }

  /// The greatest score, the sum of the exponentials and the weighted values of a split.
  void storePartial(Value partial) {
    forEachSum([&](Value query, Value at, Value sum) {
      Value column = k.index.value(k.index.withLane(k.index.uniform(at, laneColumns), kFour));
      vector::StoreOp::create(k.builder, k.loc, sum, partial, ValueRange{major, row, query, column});
    });
    Value ofWhole[] = {greatest, ofQueries};
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value query) {
      for (auto [place, memory] : llvm::enumerate(ofWhole))
        store(load(memory, query), partial,
              ValueRange{major, row, query, k.constant(parts * laneColumns + place)});
    });
  }

  /// The kernel that brings the splits together: sums of exp(greatest of the split - greatest of all) times
  /// theirs.
  void merge(Value memory, Attribute dims) {
    place();
    Value partial = k.read(memory, dims);
    Value splits = arith::CeilDivUIOp::create(k.builder, k.loc, k.size("S"), k.constant(splitKeys));
    Value greatestAt = k.constant(parts * laneColumns), totalAt = k.constant(parts * laneColumns + 1);
    k.loop(k.constant(0), k.constant(queries), 1, [&](Value query) {
      Value inside;
      Env env = queryEnv(query, &inside);
      auto at = [&](Value split, Value column) {
        return load(partial, ValueRange{split, row, query, column});
      };
      auto overSplits = [&](Value start, llvm::function_ref<Value(Value split, Value before)> body) {
        return k.loop(k.constant(0), splits, 1, start, [&](Value split, ValueRange carried) {
          return SmallVector<Value>{body(split, carried[0])};
        })[0];
      };
      k.when(inside, [&] {
        Value most = overSplits(k.real(std::numeric_limits<float>::lowest()), [&](Value split, Value before) {
          return greater(before, at(split, greatestAt));
        });
        auto weight = [&](Value split) { return exponential(at(split, greatestAt), most); };
        Value total = overSplits(k.real(0), [&](Value split, Value before) {
          return fma(weight(split), at(split, totalAt), before);
        });
        for (int64_t p = 0; p < parts; ++p) {
          Value first = k.constant(p * laneColumns);
          Value column = k.index.value(k.index.withLane(k.index.uniform(first, laneColumns), kFour));
          Value sum = overSplits(spread(k.real(0)), [&](Value split, Value before) {
            Value four = vector::LoadOp::create(k.builder, k.loc, fourType(), partial,
                                                ValueRange{split, row, query, column});
            return fma(spread(weight(split)), four, before);
          });
          storeColumns(env, first, arith::DivFOp::create(k.builder, k.loc, sum, spread(total)));
        }
      });
    });
    k.finish({{0, 1, groupBlocks * heads}}, /*serial=*/false, {}, /*beyond=*/splitKeys);
  }

  /// Of scores and queries together: what every device has for a workgroup, less what reductions take.
  static constexpr int64_t kNear = 15 * 1024;
  int64_t splitKeys = 512;
  Value greatest; // of each query
};

} // namespace

std::unique_ptr<AttentionEmitter> heddle::directAttention(AttentionOp op, EmitContext &context) {
  bool oneToken = context.options.decode || !op.getResult().getType().has("T");
  if (oneToken && op.getAxis() == "S")
    return std::make_unique<SplitAttention>(op, context);
  return std::make_unique<DirectAttention>(op, context);
}
