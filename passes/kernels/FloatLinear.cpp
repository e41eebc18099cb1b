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
    group = commonGroup();
    for (unsigned n = 0; n < op.getWeights().size() && vectors == 0; ++n)
      if (packing(n) && blockShape(packing(n)->format).offsets)
        sums = scratch({paddedColumns / group}, real);
  }

  void placeToken(Env &env, Value tile, Value place) override {
    forEachColumn(
        env, [&](Value column, Value value) { store(value, activations, ValueRange{tile, place, column}); });
    if (sums)
      sumGroups();
  }

  /// sums[g] = sum of the one token's numbers of group g.
  void sumGroups() {
    k.loop(k.constant(0), k.constant(paddedColumns / group), 1, [&](Value number) {
      Value sum;
      for (int64_t part = 0; part < group; part += options.lanes) {
        Idx column =
            k.index.withLane(k.index.addConstant(k.index.uniform(times(number, group), group), part));
        Value value = activation(k.index.value(column));
        sum = sum ? Value(arith::AddFOp::create(k.builder, k.loc, sum, value)) : value;
      }
      store(LaneReduceOp::create(k.builder, k.loc, sum.getType(), ReduceKind::Sum, sum), sums, number);
    });
  }
  /// A number of the one token.
  Value activation(Value column) {
    return load(activations, ValueRange{k.constant(0), k.constant(0), column});
  }

  /// Columns that are decoded together: with one scale, or what a word has.
  int64_t stepOf(unsigned n) { return quantized(n) ? group : blockShape(packing(n)->format).columns; }

  Value dot(unsigned n, Value rows) override {
    const Packing *packed = packing(n);
    if (!packed || packed->format == Format::F32) {
      return sumInTurns(columns, [&](Value column) {
        if (packed)
          prefetch(n, rows, column, k.constant(0), 1);
        Value weight = packed ? load(panels(n), ValueRange{packedGroup(rows), column, k.lane})
                              : computedElement(n, rows, column);
        return std::pair(weight, activation(column));
      });
    }
    int64_t width = stepOf(n), parts = blockShape(packed->format).columns / width;
    auto overParts = [&](Value block, ValueRange carried) -> SmallVector<Value> {
      return k.loop(k.constant(0), k.constant(parts), 1, carried,
                    [&](Value part, ValueRange carried) -> SmallVector<Value> {
                      prefetch(n, rows, block, part, parts);
                      return {addStep(n, rows, block, part, parts, carried[0])};
                    });
    };
    int64_t blocks = llvm::divideCeil(columns, width * parts);
    return k.loop(k.constant(0), k.constant(blocks), 1, k.real(0), overParts)[0];
  }

  /// carried + the products of part `part` of `parts` of a block.
  Value addStep(unsigned n, Value rows, Value block, Value part, int64_t parts, Value carried) {
    int64_t width = stepOf(n);
    BlockDecoder words = decoder(n, rows, block, times(part, width / 8));
    Value step = plus(times(block, parts), part), at = times(step, width);
    SmallVector<Value> products(std::min<int64_t>(4, width));
    for (int64_t c = 0; c < width; ++c) {
      Value x = activation(plus(at, k.constant(c)));
      Value weight = words.raw(k.constant(c / 8), k.constant(c % 8));
      Value &product = products[c % products.size()];
      product = product ? fma(weight, x, product) : Value(arith::MulFOp::create(k.builder, k.loc, weight, x));
    }
    while (products.size() > 1) {
      for (size_t i = 0; i < products.size() / 2; ++i)
        products[i] = arith::AddFOp::create(k.builder, k.loc, products[2 * i], products[2 * i + 1]);
      products.resize(products.size() / 2);
    }
    Value scale = words.scale();
    Value sum = scale ? fma(scale, products[0], carried)
                      : Value(arith::AddFOp::create(k.builder, k.loc, carried, products[0]));
    Value offset = words.offset();
    return offset ? fma(offset, load(sums, step), sum) : sum;
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

  void unpackPanel(unsigned n, Value rows, int64_t v) override {
    const Packing *packed = packing(n);
    int64_t width = packed ? stepOf(n) : 1;
    k.loop(k.constant(0), k.constant(llvm::divideCeil(columns, width)), 1, [&](Value step) {
      if (width == 1) {
        Value weight = packed ? load(panels(n), ValueRange{packedGroup(rows), step, k.lane})
                              : computedElement(n, rows, step);
        store(weight, panel[v], ValueRange{step, k.lane});
        return;
      }
      BlockDecoder words = decoder(n, rows, step, width);
      Value at = times(step, width), scale = words.scale(), offset = words.offset();
      SmallVector<Value> values; // before any store, so that words are loaded once
      for (int64_t c = 0; c < width; ++c) {
        Value value = words.raw(k.constant(c / 8), k.constant(c % 8));
        if (scale)
          value = offset ? fma(value, scale, offset)
                         : Value(arith::MulFOp::create(k.builder, k.loc, value, scale));
        values.push_back(value);
      }
      for (auto [c, value] : llvm::enumerate(values))
        store(value, panel[v], ValueRange{plus(at, k.constant(c)), k.lane});
    });
  }

  SmallVector<Value> multiplyTile(Value tile, int64_t tokens, int64_t vectors) override {
    SmallVector<Value> zeros(vectors * tokens, k.real(0));
    return k.loop(k.constant(0), k.constant(columns), 1, zeros, [&](Value column, ValueRange carried) {
      SmallVector<Value> next(vectors * tokens), weights;
      for (Value vector : panel)
        weights.push_back(load(vector, ValueRange{column, k.lane}));
      for (int64_t t = 0; t < tokens; ++t) {
        Value x = load(activations, ValueRange{tile, k.constant(t), column});
        for (int64_t v = 0; v < vectors; ++v)
          next[v * tokens + t] = fma(weights[v], x, carried[v * tokens + t]);
      }
      return next;
    });
  }

private:
  int64_t group; // see commonGroup
  Value activations, sums;
  SmallVector<Value> panel;
};

} // namespace

std::unique_ptr<LinearEmitter> heddle::floatLinear(LinearOp op, EmitContext &context) {
  return std::make_unique<FloatLinear>(op, context);
}
