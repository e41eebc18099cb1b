// heddle.linear in float32: weights are decoded, exactly; any format.
#include "passes/kernels/LinearEmitter.h"

using namespace mlir;
using namespace heddle;

namespace {

class FloatLinear : public StagedLinear {
public:
  using StagedLinear::StagedLinear;

protected:
  int64_t registersPerSum() const override { return 1; }
  int64_t bytesPerToken() const override { return paddedColumns * 4; }

  void allocate(int64_t tiles, int64_t tokens, int64_t vectors) override {
    Type real = k.builder.getF32Type();
    // Rows a little apart, so that the tokens of a tile do not fall into the same sets of the cache.
    activations = scratch({tiles, tokens, paddedColumns + 16}, real);
    for (int64_t v = 0; v < vectors; ++v)
      panel.push_back(scratch({paddedColumns, options.lanes}, real));
    for (unsigned n = 0; n < op.getWeights().size() && vectors == 0; ++n)
      if (packing(n) && (packing(n)->format == Format::Q4_1 || packing(n)->format == Format::Q5_1))
        sums = scratch({paddedColumns / 32}, real);
  }

  void placeToken(Env &env, Value tile, Value place) override {
    forEachColumn(
        env, [&](Value column, Value value) { store(value, activations, ValueRange{tile, place, column}); });
    if (sums)
      sumBlocks();
  }

  /// sums[b] = sum of the one token's 32 numbers of block b.
  void sumBlocks() {
    k.loop(k.constant(0), k.constant(paddedColumns / 32), 1, [&](Value block) {
      Value sum;
      for (int64_t part = 0; part < 32; part += options.lanes) {
        Idx column = k.index.withLane(k.index.addConstant(k.index.uniform(times(block, 32), 32), part));
        Value value = activation(k.index.value(column));
        sum = sum ? Value(arith::AddFOp::create(k.builder, k.loc, sum, value)) : value;
      }
      store(LaneReduceOp::create(k.builder, k.loc, sum.getType(), ReduceKind::Sum, sum), sums, block);
    });
  }
  /// A number of the one token.
  Value activation(Value column) {
    return load(activations, ValueRange{k.constant(0), k.constant(0), column});
  }

  Value dot(unsigned n, Value group) override {
    const Packing *packed = packing(n);
    if (!packed || packed->format == Format::F32) {
      return sumInTurns(columns, [&](Value column) {
        Value weight =
            packed ? load(panels(n), ValueRange{group, column, k.lane}) : computedElement(n, group, column);
        return std::pair(weight, activation(column));
      });
    }
    BlockShape shape = blockShape(packed->format);
    return k.loop(k.constant(0), k.constant(llvm::divideCeil(columns, shape.columns)), 1, k.real(0),
                  [&](Value block, ValueRange carried) -> SmallVector<Value> {
                    BlockDecoder words = decoder(n, group, block);
                    Value at = times(block, shape.columns);
                    SmallVector<Value> parts(std::min<int64_t>(4, shape.columns));
                    for (int64_t c = 0; c < shape.columns; ++c) {
                      Value x = activation(plus(at, k.constant(c))), weight = words.raw(k.constant(c));
                      Value &part = parts[c % parts.size()];
                      part = part ? fma(weight, x, part)
                                  : Value(arith::MulFOp::create(k.builder, k.loc, weight, x));
                    }
                    while (parts.size() > 1) {
                      for (size_t i = 0; i < parts.size() / 2; ++i)
                        parts[i] = arith::AddFOp::create(k.builder, k.loc, parts[2 * i], parts[2 * i + 1]);
                      parts.resize(parts.size() / 2);
                    }
                    Value scale = words.scale();
                    Value sum = scale ? fma(scale, parts[0], carried[0])
                                      : Value(arith::AddFOp::create(k.builder, k.loc, carried[0], parts[0]));
                    if (Value offset = words.offset())
                      sum = fma(offset, load(sums, block), sum);
                    return {sum};
                  })[0];
  }

  /// A sum of products over columns, in eight accumulators that take turns.
  Value sumInTurns(int64_t count, llvm::function_ref<std::pair<Value, Value>(Value)> factors) {
    constexpr int64_t kTurns = 8;
    SmallVector<Value> parts(kTurns, k.real(0));
    int64_t whole = count / kTurns * kTurns;
    auto sums = k.loop(k.constant(0), k.constant(whole), kTurns, parts, [&](Value iv, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t i = 0; i < kTurns; ++i) {
        auto [a, b] = factors(k.builder.createOrFold<arith::AddIOp>(k.loc, iv, k.constant(i)));
        next.push_back(fma(a, b, carried[i]));
      }
      return next;
    });
    for (int64_t i = whole; i < count; ++i) {
      auto [a, b] = factors(k.constant(i));
      sums[i % kTurns] = fma(a, b, sums[i % kTurns]);
    }
    for (int64_t step = kTurns / 2; step > 0; step /= 2)
      for (int64_t i = 0; i < step; ++i)
        sums[i] = arith::AddFOp::create(k.builder, k.loc, sums[i], sums[i + step]);
    return sums[0];
  }

  void unpackPanel(unsigned n, Value group, int64_t v) override {
    const Packing *packed = packing(n);
    int64_t width = packed ? blockShape(packed->format).columns : 1;
    k.loop(k.constant(0), k.constant(llvm::divideCeil(columns, width)), 1, [&](Value block) {
      if (width == 1) {
        Value weight =
            packed ? load(panels(n), ValueRange{group, block, k.lane}) : computedElement(n, group, block);
        store(weight, panel[v], ValueRange{block, k.lane});
        return;
      }
      BlockDecoder words = decoder(n, group, block);
      Value at = times(block, width), scale = words.scale(), offset = words.offset();
      for (int64_t c = 0; c < width; ++c) {
        Value value = words.raw(k.constant(c));
        if (scale)
          value = offset ? fma(value, scale, offset)
                         : Value(arith::MulFOp::create(k.builder, k.loc, value, scale));
        store(value, panel[v], ValueRange{plus(at, k.constant(c)), k.lane});
      }
    });
  }

  SmallVector<Value> multiplyTile(Value tile, int64_t tokens, int64_t vectors) override {
    SmallVector<Value> zeros(vectors * tokens, k.real(0));
    return k.loop(k.constant(0), k.constant(columns), 1, zeros, [&](Value column, ValueRange carried) {
      SmallVector<Value> next(vectors * tokens), weights;
      for (Value rows : panel)
        weights.push_back(load(rows, ValueRange{column, k.lane}));
      for (int64_t t = 0; t < tokens; ++t) {
        Value x = load(activations, ValueRange{tile, k.constant(t), column});
        for (int64_t v = 0; v < vectors; ++v)
          next[v * tokens + t] = fma(weights[v], x, carried[v * tokens + t]);
      }
      return next;
    });
  }

private:
  Value activations, sums;
  SmallVector<Value> panel;
};

} // namespace

std::unique_ptr<LinearEmitter> heddle::floatLinear(LinearOp op, EmitContext &context) {
  return std::make_unique<FloatLinear>(op, context);
}
