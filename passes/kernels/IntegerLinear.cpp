// heddle.linear in integers: activations as int16 or int8 in blocks of 32 (of 16, where weights have scales
// of 16), weights in any quantised format, as they are packed.
//
// A block of activations is q * s with s = its greatest magnitude / 32767 (127). With weights u - bias in a
// block (u from zero on), scale d and offset m, the block adds  d * s * (sum of u * q - bias * sum of q) + m
// * s * sum of q,  whose sums are exact in int32: 32 * 255 * 32767 < 2^31. Two neighbouring columns of int16
// lie in a word of each side, so that one dot2 multiplies both; or four of int8, in the order in which the
// words of most formats have them (BlockDecoder::quad), for a dot4.
#include "passes/kernels/LinearEmitter.h"

using namespace mlir;
using namespace heddle;

namespace {

class IntegerLinear : public StagedLinear {
public:
  IntegerLinear(LinearOp op, EmitContext &context)
      : StagedLinear(op, context), bits(context.options.activationBits), width(commonGroup()) {}

protected:
  int64_t registersPerSum() const override {
    return 2;
  } // the block's int32 sum, and the float32 sum of blocks
  int64_t bytesPerToken() const override { return columns * bits / 8; }
  int64_t blocks() const { return columns / width; }
  int64_t blockWords() const { return width * bits / 32; }

  void allocate(int64_t tiles, int64_t tokens, int64_t vectors) override {
    Type integer = k.builder.getI32Type(), real = k.builder.getF32Type();
    Value bytes = scratch({tiles * tokens * rowWords() * 4}, k.builder.getI8Type());
    auto view = [&](ArrayRef<int64_t> shape, Type type) -> Value {
      return memref::ViewOp::create(k.builder, k.loc, MemRefType::get(shape, type), bytes, k.constant(0),
                                    ValueRange());
    };
    words = view({tiles, tokens, rowWords()}, integer);
    numbers = view({tiles, tokens, rowWords() * 32 / bits}, k.builder.getIntegerType(bits));
    if (bits == 8)
      inOrder = scratch({options.lanes}, k.builder.getI8Type());
    scales = scratch({tiles, tokens, blocks()}, real);
    integerSums = scratch({tiles, tokens, blocks()}, integer);
    realSums = scratch({tiles, tokens, blocks()}, real);
    token = scratch({columns}, real);
    for (int64_t v = 0; v < vectors; ++v) {
      panel.push_back(scratch({blocks(), blockWords(), options.lanes}, integer));
      panelScale.push_back(scratch({blocks(), options.lanes}, real));
      panelOffset.push_back(scratch({blocks(), options.lanes}, real));
    }
  }
  /// Words of a token's numbers; rows a little apart, so that a tile's tokens do not fall into the same sets
  /// of the cache.
  int64_t rowWords() const { return columns * bits / 32 + 16; }

  void placeToken(Env &env, Value tile, Value place) override {
    forEachColumn(env, [&](Value column, Value value) { store(value, token, column); });
    OpBuilder &b = k.builder;
    k.loop(k.constant(0), k.constant(blocks()), 1, [&](Value block) {
      SmallVector<Value> columnsAt, values;
      Value most;
      for (int64_t part = 0; part < width; part += options.lanes) {
        Idx column = k.index.withLane(k.index.addConstant(k.index.uniform(times(block, width), width), part));
        columnsAt.push_back(k.index.value(column));
        values.push_back(load(token, columnsAt.back()));
        Value size = math::AbsFOp::create(b, k.loc, values.back());
        most = most ? Value(arith::MaximumFOp::create(b, k.loc, most, size)) : size;
      }
      Value greatest = LaneReduceOp::create(b, k.loc, most.getType(), ReduceKind::Max, most);
      Value limit = k.real((1 << (bits - 1)) - 1);
      Value scale = arith::DivFOp::create(b, k.loc, greatest, limit);
      Value positive = arith::CmpFOp::create(b, k.loc, arith::CmpFPredicate::OGT, greatest, k.real(0));
      Value inverse = arith::SelectOp::create(b, k.loc, positive,
                                              arith::DivFOp::create(b, k.loc, limit, greatest), k.real(0));
      Value sum;
      for (auto [part, value] : llvm::enumerate(values)) {
        Value rounded = math::RoundEvenOp::create(b, k.loc, arith::MulFOp::create(b, k.loc, value, inverse));
        Value q = arith::FPToSIOp::create(b, k.loc, b.getI32Type(), rounded);
        Value narrow = arith::TruncIOp::create(b, k.loc, b.getIntegerType(bits), q);
        if (bits == 8)
          storeQuads(narrow, tile, place, plus(times(block, width), k.constant(part * options.lanes)));
        else
          store(narrow, numbers, ValueRange{tile, place, columnsAt[part]});
        sum = sum ? Value(arith::AddIOp::create(b, k.loc, sum, q)) : q;
      }
      Value total = LaneReduceOp::create(b, k.loc, sum.getType(), ReduceKind::Sum, sum);
      Value at[] = {tile, place, block};
      store(scale, scales, at);
      store(total, integerSums, at);
      store(arith::MulFOp::create(b, k.loc, arith::SIToFPOp::create(b, k.loc, b.getF32Type(), total), scale),
            realSums, at);
    });
  }

  /// Stores the lanes' numbers, the first one's in column `from`, in the order of BlockDecoder::quad.
  void storeQuads(Value number, Value tile, Value place, Value from) {
    store(number, inOrder, k.lane);
    auto type = VectorType::get({options.lanes}, number.getType());
    Value all = vector::LoadOp::create(k.builder, k.loc, type, inOrder, k.constant(0));
    SmallVector<int64_t> order;
    for (int64_t first = 0; first < options.lanes; first += 8)
      for (int64_t column : {0, 4, 1, 5, 2, 6, 3, 7})
        order.push_back(first + column);
    Value ordered = vector::ShuffleOp::create(k.builder, k.loc, all, all, order);
    vector::StoreOp::create(k.builder, k.loc, ordered, numbers, ValueRange{tile, place, from});
  }

  /// Where a block's integer sum starts: at what the weights' bias adds too much.
  Value start(unsigned n, Value tile, Value place, Value block) {
    int64_t bias = BlockDecoder::bias(packing(n)->format);
    Value zero = arith::ConstantIntOp::create(k.builder, k.loc, 0, 32);
    if (bias == 0)
      return zero;
    Value by = arith::ConstantIntOp::create(k.builder, k.loc, -bias, 32);
    return arith::MulIOp::create(k.builder, k.loc, load(integerSums, ValueRange{tile, place, block}), by);
  }

  /// sum + the products of word `n` of a block.
  Value multiplyWord(Value sum, Value weights, Value tile, Value place, Value block, int64_t n) {
    Value x = load(words, ValueRange{tile, place, plus(times(block, blockWords()), k.constant(n))});
    return bits == 8 ? Value(Dot4Op::create(k.builder, k.loc, sum.getType(), sum, weights, x))
                     : Value(Dot2Op::create(k.builder, k.loc, sum.getType(), sum, weights, x));
  }
  Value storedWord(BlockDecoder &stored, int64_t n) {
    return bits == 8 ? stored.quad(k.constant(n / 2), n % 2) : stored.pair(n);
  }

  /// carried + the block's share, from its integer sum.
  Value addBlock(Value carried, Value sum, Value scale, Value offset, Value tile, Value place, Value block) {
    Value at[] = {tile, place, block};
    Value real = arith::SIToFPOp::create(k.builder, k.loc, k.builder.getF32Type(), sum);
    Value factor = arith::MulFOp::create(k.builder, k.loc, scale, load(scales, at));
    Value result = fma(real, factor, carried);
    return offset ? fma(offset, load(realSums, at), result) : result;
  }

  Value dot(unsigned n, Value group) override {
    Value zero = k.constant(0);
    // Two loops: what a block's groups share is decoded once, and prefetches stay apart. (Of one long body
    // LLVM puts all of them first, more than a core can have under way.)
    int64_t parts = blockShape(packing(n)->format).columns / width;
    auto overParts = [&](Value whole, ValueRange carried) -> SmallVector<Value> {
      return k.loop(zero, k.constant(parts), 1, carried,
                    [&](Value part, ValueRange carried) -> SmallVector<Value> {
                      Value block = plus(times(whole, parts), part);
                      prefetch(n, group, whole, part, parts);
                      BlockDecoder stored = decoder(n, group, whole, times(part, width / 8));
                      Value sum = start(n, zero, zero, block);
                      for (int64_t word = 0; word < blockWords(); ++word)
                        sum = multiplyWord(sum, storedWord(stored, word), zero, zero, block, word);
                      return {addBlock(carried[0], sum, stored.scale(), stored.offset(), zero, zero, block)};
                    });
    };
    return k.loop(zero, k.constant(blocks() / parts), 1, k.real(0), overParts)[0];
  }

  void unpackPanel(unsigned n, Value group, int64_t v) override {
    k.loop(k.constant(0), k.constant(blocks()), 1, [&](Value block) {
      BlockDecoder stored = decoder(n, group, block, width);
      SmallVector<Value> words; // before any store, so that words are loaded once
      for (int64_t word = 0; word < blockWords(); ++word)
        words.push_back(storedWord(stored, word));
      for (auto [number, word] : llvm::enumerate(words))
        store(word, panel[v], ValueRange{block, k.constant(number), k.lane});
      store(stored.scale(), panelScale[v], ValueRange{block, k.lane});
      if (Value offset = stored.offset())
        store(offset, panelOffset[v], ValueRange{block, k.lane});
    });
  }

  SmallVector<Value> multiplyTile(Value tile, int64_t tokens, int64_t vectors) override {
    int64_t count = op.getWeights().size();
    SmallVector<Value> zeros(vectors * tokens, k.real(0));
    return k.loop(k.constant(0), k.constant(blocks()), 1, zeros, [&](Value block, ValueRange carried) {
      SmallVector<Value> sums, next;
      for (int64_t v = 0; v < vectors; ++v)
        for (int64_t t = 0; t < tokens; ++t)
          sums.push_back(start(v % count, tile, k.constant(t), block));
      for (int64_t n = 0; n < blockWords(); ++n)
        for (int64_t v = 0; v < vectors; ++v) {
          Value weights = load(panel[v], ValueRange{block, k.constant(n), k.lane});
          for (int64_t t = 0; t < tokens; ++t)
            sums[v * tokens + t] = multiplyWord(sums[v * tokens + t], weights, tile, k.constant(t), block, n);
        }
      for (int64_t v = 0; v < vectors; ++v) {
        Value scale = load(panelScale[v], ValueRange{block, k.lane});
        Value offset;
        if (blockShape(packing(v % count)->format).offsets)
          offset = load(panelOffset[v], ValueRange{block, k.lane});
        for (int64_t t = 0; t < tokens; ++t)
          next.push_back(addBlock(carried[v * tokens + t], sums[v * tokens + t], scale, offset, tile,
                                  k.constant(t), block));
      }
      return next;
    });
  }

private:
  int64_t bits;  // of an activation
  int64_t width; // columns of a block of activations
  Value words, numbers, inOrder, scales, integerSums, realSums, token;
  SmallVector<Value> panel, panelScale, panelOffset;
};

} // namespace

std::unique_ptr<LinearEmitter> heddle::integerLinear(LinearOp op, EmitContext &context) {
  return allQuantized(op, context.memory) ? std::make_unique<IntegerLinear>(op, context) : nullptr;
}
