// heddle.attention on processors.
//
// Scores: a lane owns a key, queries are uniform. Then maximum and sum across lanes, exponentials into
// scratch. Values: a lane owns a column, exponentials are uniform.
#include "passes/kernels/AttentionEmitter.h"

using namespace mlir;
using namespace heddle;

namespace {

class StagedAttention : public AttentionEmitter {
public:
  StagedAttention(AttentionOp op, EmitContext &context) : AttentionEmitter(op, context) {
    chooseTile(std::max<int64_t>(options.accumulators / 2, 3));
    paddedWidth = llvm::alignTo(width, options.lanes);
  }

  void emit() override {
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

  Value laneReduce(ReduceKind kind, Value value) {
    return LaneReduceOp::create(k.builder, k.loc, value.getType(), kind, value);
  }
  Value scratch(ArrayRef<int64_t> shape) { return AttentionEmitter::scratch(shape, k.builder.getF32Type()); }

  void allocate() {
    for (int64_t depth : depths) {
      queryTiles.push_back(scratch({queries, static_cast<int64_t>(llvm::alignTo(depth, options.lanes))}));
      scores.push_back(scratch({queries, kKeys}));
    }
    greatest = scratch({queries});
    total = scratch({queries});
    result = scratch({queries, paddedWidth});
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
      if (op.getSink()) { // one term of the sum from the start, without a value
        store(points.point(op.getSink(), env), greatest, number);
        store(k.real(1), total, number);
      } else {
        store(k.real(std::numeric_limits<float>::lowest()), greatest, number);
        store(k.real(0), total, number);
      }
      k.loop(k.constant(0), k.constant(paddedWidth), options.lanes, [&](Value column) {
        store(k.real(0), result, ValueRange{number, k.index.value(lanesAt(column))});
      });
    });
  }
  /// A vector of keys from `base` on. A cache has room for whole blocks; other memory ends after the last
  /// key, or after its vector where keys lie in vectors: what is beyond repeats the last, and softmaxStep
  /// masks it.
  Idx keysAt(Value keys, Value base) {
    if (areCached(keys))
      return lanesAt(base);
    Value last = lastKey(keys);
    if (!lieInVectors(keys))
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
          setValueColumn(env, column);
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
      setValueColumn(env, lanes);
      points.store(op.getResult(), env, arith::DivFOp::create(k.builder, k.loc, value(lanes), sum), mask);
    });
  }

  int64_t paddedWidth;
  Value greatest, total, result;
  SmallVector<Value> queryTiles, scores;
};

} // namespace

std::unique_ptr<AttentionEmitter> heddle::stagedAttention(AttentionOp op, EmitContext &context) {
  return std::make_unique<StagedAttention>(op, context);
}
