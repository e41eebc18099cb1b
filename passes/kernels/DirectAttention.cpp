// heddle.attention on devices, four at a time: a load of four words costs what a load of one does.
//
// Scores: a lane owns four neighbouring keys of the block, queries are uniform. Softmax: a lane owns a query,
// and goes over the block's keys, so that nothing is reduced across lanes. Values: a lane owns four
// neighbouring columns, exponentials are uniform; sums stay in registers from the first key to the last. A
// single query has too few heads to keep a device busy: its keys are split as well, and a second kernel
// brings the splits together (Flash-Decoding, 2023).
#include "passes/kernels/AttentionEmitter.h"

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kFour = 4;
constexpr int64_t kFours = 12;      // sums of four columns that a lane has registers for
constexpr int64_t kSplitKeys = 512; // keys to a split

class DirectAttention : public AttentionEmitter {
public:
  DirectAttention(AttentionOp op, EmitContext &context) : AttentionEmitter(op, context) {
    laneColumns = kFour * options.lanes;
    parts = llvm::divideCeil(width, laneColumns);
    chooseTile(std::max<int64_t>(1, kFours / parts));
    isSplit = axis == "S" && (options.decode || !hasTokens);
  }

  void emit() override {
    place();
    allocate();
    auto [from, to] = visitedKeys();
    if (isSplit)
      return emitSplit(from, to);
    finishSums(attend(from, to));
    storeResults();
    k.finish({{hasTokens ? 1 : 0, hasTokens ? tokenTile : 1, groupBlocks * heads}});
  }

private:
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

  void place() {
    placeTile();
    if (isSplit)
      firstToken = k.constant(0);
  }

  void allocate() {
    for (unsigned n = 0; n < depths.size(); ++n)
      scores.push_back(scratch({options.lanes, kKeys / kFour}, fourType()));
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
        multiplyKeys(n, first);
      softmax(state, first, to);
      addValues(state, first, to);
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

  /// Of the lane's query, before any key. A sink is one term of the sum from the start, without a value; of
  /// the first split's.
  State begin() {
    Value least = k.real(std::numeric_limits<float>::lowest()), nothing = k.real(0);
    if (!op.getSink())
      return {least, nothing, {}};
    Value sink = points.point(op.getSink(), queryEnv(k.lane, nullptr, /*perLane=*/true)), one = k.real(1);
    if (!isSplit)
      return {sink, one, {}};
    Value isFirst = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::eq, major, k.constant(0));
    return {arith::SelectOp::create(k.builder, k.loc, isFirst, sink, least),
            arith::SelectOp::create(k.builder, k.loc, isFirst, one, nothing),
            {}};
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

  /// scores[n][query][key] of one block, four columns a turn.
  void multiplyKeys(unsigned n, Value first) {
    SmallVector<Value> zeros(queries, spread(k.real(0)));
    Value fours = k.constant(llvm::divideCeil(depths[n], kFour));
    auto sums = k.loop(k.constant(0), fours, 1, zeros, [&](Value turn, ValueRange carried) {
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
    for (int64_t q = 0; q < queries; ++q)
      store(sums[q], scores[n], ValueRange{k.constant(q), k.lane});
  }

  /// The greatest, or the sum, of four.
  template <typename Op> Value reduce(Value four) {
    Value low = Op::create(k.builder, k.loc, part(four, 0), part(four, 1));
    Value high = Op::create(k.builder, k.loc, part(four, 2), part(four, 3));
    return Op::create(k.builder, k.loc, low, high);
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
      SmallVector<Value> arguments;
      for (Value score : scores)
        arguments.push_back(load(score, ValueRange{k.lane, k.constant(at / kFour)}));
      for (Value extra : op.getExtras())
        arguments.push_back(points.four(extra, env, axis));
      Value score = points.inlineScalars(op.getScore().front(), arguments)[0];
      Value unseen = spread(k.real(-std::numeric_limits<float>::infinity()));
      score = arith::SelectOp::create(k.builder, k.loc, below(key, to), score, unseen);
      fours.push_back(score);
      most = most ? Value(arith::MaximumFOp::create(k.builder, k.loc, most, score)) : score;
    }
    Value now = arith::MaximumFOp::create(k.builder, k.loc, state.greatest, reduce<arith::MaximumFOp>(most));
    Value factor = exponential(state.greatest, now), sum;
    for (auto [turn, four] : llvm::enumerate(fours)) {
      Value risen = exponential(four, spread(now));
      store(risen, scores[0], ValueRange{k.lane, k.constant(turn)});
      sum = sum ? Value(arith::AddFOp::create(k.builder, k.loc, sum, risen)) : risen;
    }
    state.greatest = now;
    state.total = fma(state.total, factor, reduce<arith::AddFOp>(sum));
    store(factor, ofQueries, k.lane);
  }

  /// sums[q] = sums[q] * factor[q] + exponential[q][key] * value[key] over the block's keys, four keys a
  /// turn; keys beyond the last have exponentials of zero, and the last's values.
  void addValues(State &state, Value first, Value to) {
    for (int64_t q = 0; q < queries; ++q) {
      Value factor = spread(load(ofQueries, k.constant(q)));
      for (int64_t p = 0; p < parts; ++p) {
        Value &sum = state.sums[q * parts + p];
        sum = arith::MulFOp::create(k.builder, k.loc, sum, factor);
      }
    }
    Value count = atMost(arith::SubIOp::create(k.builder, k.loc, to, first), k.constant(kKeys));
    Value turns = arith::CeilDivUIOp::create(k.builder, k.loc, count, k.constant(kFour));
    Value last = arith::SubIOp::create(k.builder, k.loc, to, k.constant(1));
    state.sums = k.loop(k.constant(0), turns, 1, state.sums, [&](Value turn, ValueRange carried) {
      SmallVector<Value> values, next(carried);
      for (int64_t side = 0; side < kFour; ++side) {
        Env env = headEnv;
        Value key = plus(plus(first, times(turn, kFour)), k.constant(side));
        env[axis] = k.index.uniform(atMost(key, last));
        for (int64_t p = 0; p < parts; ++p)
          values.push_back(fourColumns(op.getValues(), env, ownColumns(k.constant(p * laneColumns), width),
                                       valueAxes.back(), valueSizes,
                                       [&](Env &one, const Idx &column) { setValueColumn(one, column); }));
      }
      for (int64_t q = 0; q < queries; ++q) {
        Value four = load(scores[0], ValueRange{k.constant(q), turn});
        for (int64_t side = 0; side < kFour; ++side) {
          Value factor = spread(part(four, side));
          for (int64_t p = 0; p < parts; ++p) {
            Value &sum = next[q * parts + p];
            sum = fma(values[side * parts + p], factor, sum);
          }
        }
      }
      return next;
    });
  }

  /// Puts the sums, and each query's total, where loops find them.
  void finishSums(const State &state) {
    for (int64_t q = 0; q < queries; ++q)
      for (int64_t p = 0; p < parts; ++p)
        store(state.sums[q * parts + p], sums, ValueRange{k.constant(q), k.constant(p), k.lane});
    store(state.total, ofQueries, k.lane);
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

  /// The greatest score, the sum and the weighted values of each split of the keys, into memory of their own;
  /// a second kernel brings them together. Where there is one split, it has the results.
  void emitSplit(Value from, Value to) {
    SmallVector<int64_t> shape = {ShapedType::kDynamic, groupBlocks * heads, queries,
                                  parts * laneColumns + options.lanes};
    Attribute dims = k.builder.getStringAttr(("C/" + llvm::Twine(kSplitKeys)).str());
    Value partial = BufferOp::create(context.launchAt, k.loc, MemRefType::get(shape, k.builder.getF32Type()),
                                     k.builder.getArrayAttr(dims), IntegerAttr());
    Value first = times(major, kSplitKeys), end = plus(first, k.constant(kSplitKeys));
    from = arith::MaxUIOp::create(k.builder, k.loc, from, first);
    to = atMost(to, end);
    Value written = k.write(partial, dims);
    k.when(isBelow(first, k.size("S")), [&, from = from, to = to] {
      State state = attend(from, to);
      finishSums(state);
      k.when(isOneSplit(), [&] { storeResults(); });
      k.when(areSplits(), [&] { storePartial(state, written); });
    });
    k.finish({{3, kSplitKeys, groupBlocks * heads}});
    DirectAttention(op, context).merge(partial, dims);
  }

  Value isOneSplit() { return isBelow(k.size("S"), k.constant(kSplitKeys + 1)); }
  Value areSplits() { return isBelow(k.constant(kSplitKeys), k.size("S")); }

  void storePartial(const State &state, Value partial) {
    forEachSum([&](Value query, Value at, Value sum) {
      Value column = k.index.value(k.index.withLane(k.index.uniform(at, laneColumns), kFour));
      vector::StoreOp::create(k.builder, k.loc, sum, partial, ValueRange{major, row, query, column});
    });
    Value isQuery = isBelow(k.lane, k.constant(queries)), query = atMost(k.lane, k.constant(queries - 1));
    for (auto [place, value] : llvm::enumerate(ArrayRef<Value>{state.greatest, state.total}))
      StoreWhereOp::create(k.builder, k.loc, isQuery, value, partial,
                           ValueRange{major, row, query, k.constant(parts * laneColumns + place)});
  }

  /// The kernel that brings the splits together: sums of exp(greatest of the split - greatest of all) times
  /// theirs.
  void merge(Value memory, Attribute dims) {
    place();
    Value partial = k.read(memory, dims);
    Value splits = arith::CeilDivUIOp::create(k.builder, k.loc, k.size("S"), k.constant(kSplitKeys));
    Value greatestAt = k.constant(parts * laneColumns), totalAt = k.constant(parts * laneColumns + 1);
    k.when(areSplits(), [&] {
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
          Value most =
              overSplits(k.real(std::numeric_limits<float>::lowest()), [&](Value split, Value before) {
                return arith::MaximumFOp::create(k.builder, k.loc, before, at(split, greatestAt));
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
    });
    k.finish({{0, 1, groupBlocks * heads}});
  }

  int64_t laneColumns, parts;
  bool isSplit;
  Value ofQueries, sums; // a number for each query; a lane's sums, when all keys have been visited
  SmallVector<Value> queryTiles, scores;
};

} // namespace

std::unique_ptr<AttentionEmitter> heddle::directAttention(AttentionOp op, EmitContext &context) {
  return std::make_unique<DirectAttention>(op, context);
}
