// heddle.linear. A lane owns a row of the weights; activations are uniform; no sum crosses lanes.
//
// For many tokens a piece of the grid is a block of tokens times a chunk of rows. It evaluates the prologue for its tokens into a scratch
// buffer, tile by tile ([tile][token][column]), then, for each group of rows: decodes the weights' panels to float32 in scratch, once for
// all its tokens, and runs the register tile (vectors of rows x tokens) over the columns. For one token there is nothing to
// amortise: weights are decoded in registers as they are multiplied.
#include "passes/kernels/BlockDecoder.h"
#include "passes/kernels/Emit.h"

using namespace mlir;
using namespace heddle;

namespace {

class LinearEmitter {
public:
  LinearEmitter(LinearOp op, EmitContext &context)
      : op(op), options(context.options), k(context.kernel(op)), points(k),
        vectorType(cast<NamedTensorType>(op.getPrologue().front().getTerminator()->getOperand(0).getType())),
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
    hasTokens = llvm::any_of(op.getInputs(), [](Value input) { return cast<NamedTensorType>(input.getType()).has("T"); });
    Block &prologue = op.getPrologue().front();
    for (auto [argument, input] : llvm::zip(prologue.getArguments(), op.getInputs()))
      points.bind(argument, input);
  }

  void emit() {
    if (hasTokens && !options.decode)
      manyTokens();
    else
      oneToken();
  }

private:
  static int64_t product(ArrayRef<int64_t> sizes) {
    int64_t result = 1;
    for (int64_t size : sizes)
      result *= size;
    return result;
  }
  Value scratch(ArrayRef<int64_t> shape) {
    return ScratchOp::create(k.builder, k.loc, MemRefType::get(shape, k.builder.getF32Type()));
  }
  Value load(Value memref, ValueRange at) { return memref::LoadOp::create(k.builder, k.loc, memref, at); }
  void store(Value value, Value memref, ValueRange at) {
    memref::StoreOp::create(k.builder, k.loc, value, memref, at);
  }
  Value fma(Value a, Value b, Value c) { return math::FmaOp::create(k.builder, k.loc, a, b, c); }

  /// The prologue's vector for the token in `env`, handed out 16 columns at a time; columns beyond the last are zero.
  void forEachColumn(Env &env, llvm::function_ref<void(Value column, Value value)> body) {
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
  void setColumn(Env &env, const Idx &column) {
    for (auto [axis, index] : llvm::zip(over, k.index.split(column, columnSizes)))
      env[axis] = index;
  }

  /// The lane's row in a group.
  Idx row(Value group) { return k.index.withLane(k.index.scale(k.index.uniform(group), options.lanes)); }

  /// How weight n is packed, or null where it is no weight of the checkpoint but computed.
  const Packing *packing(unsigned n) {
    auto weight = op.getWeights()[n].getDefiningOp<WeightOp>();
    const Packing *known = weight ? k.memory.packing(weight.getName()) : nullptr;
    return known && known->panels ? known : nullptr;
  }
  /// Column `column` of the lane's row, of a weight that has no panels.
  Value computedElement(unsigned n, Value group, Value column) {
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
  BlockDecoder decoder(unsigned n, Value group, Value block) {
    Value panels = k.read(k.memory.packed(op.getWeights()[n].getDefiningOp()));
    return BlockDecoder(k.builder, k.loc, packing(n)->format, [=, this](Value word) -> Value {
      return memref::LoadOp::create(k.builder, k.loc, panels, ValueRange{group, block, word, k.lane});
    });
  }

  /// The epilogue at the token in `env` (if there is one) and the rows of a group, with the products of all weights there.
  void epilogue(Env env, Value group, ArrayRef<Value> products) {
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

  //===- one token -----------------------------------------------------------------------------------------------------===//

  void oneToken() {
    int64_t chunk = std::clamp<int64_t>(groups / 16, 1, 8), chunks = llvm::divideCeil(groups, chunk);
    Env env;
    if (hasTokens)
      env["T"] = k.index.constant(0);
    Value vector = scratch({paddedColumns}), sums = scratch({paddedColumns / 32});
    forEachColumn(env, [&](Value column, Value value) { store(value, vector, column); });
    bool wantsSums = llvm::any_of(llvm::seq<unsigned>(0, op.getWeights().size()), [&](unsigned n) {
      return packing(n) && (packing(n)->format == Format::Q4_1 || packing(n)->format == Format::Q5_1);
    });
    if (wantsSums)
      sumBlocks(vector, sums);
    Value from = arith::MulIOp::create(k.builder, k.loc, k.piece, k.constant(chunk));
    Value end = arith::AddIOp::create(k.builder, k.loc, from, k.constant(chunk));
    Value to = arith::MinUIOp::create(k.builder, k.loc, end, k.constant(groups));
    k.loop(from, to, 1, [&](Value group) {
      SmallVector<Value> products;
      for (unsigned n = 0; n < op.getWeights().size(); ++n)
        products.push_back(dot(n, group, vector, sums));
      epilogue(env, group, products);
    });
    k.finish({{0, 1, chunks}});
  }

  /// sums[b] = sum of the vector's 32 numbers of block b.
  void sumBlocks(Value vector, Value sums) {
    k.loop(k.constant(0), k.constant(paddedColumns / 32), 1, [&](Value block) {
      Value at = arith::MulIOp::create(k.builder, k.loc, block, k.constant(32));
      Value sum;
      for (int64_t part = 0; part < 32; part += options.lanes) {
        Idx column = k.index.withLane(k.index.addConstant(k.index.uniform(at, 32), part));
        Value value = load(vector, k.index.value(column));
        sum = sum ? Value(arith::AddFOp::create(k.builder, k.loc, sum, value)) : value;
      }
      store(LaneReduceOp::create(k.builder, k.loc, sum.getType(), ReduceKind::Sum, sum), sums, block);
    });
  }

  /// The products of the lane's row with the vector, weights decoded on the way.
  Value dot(unsigned n, Value group, Value vector, Value sums) {
    const Packing *packed = packing(n);
    if (!packed || packed->format == Format::F32) {
      Value panels = packed ? k.read(k.memory.packed(op.getWeights()[n].getDefiningOp())) : Value();
      return sumInTurns(columns, [&](Value column) {
        Value weight = packed ? load(panels, ValueRange{group, column, k.lane}) : computedElement(n, group, column);
        return std::pair(weight, load(vector, column));
      });
    }
    BlockShape shape = blockShape(packed->format);
    return k.loop(k.constant(0), k.constant(llvm::divideCeil(columns, shape.columns)), 1, k.real(0),
                  [&](Value block, ValueRange carried) -> SmallVector<Value> {
      BlockDecoder words = decoder(n, group, block);
      Value at = arith::MulIOp::create(k.builder, k.loc, block, k.constant(shape.columns));
      SmallVector<Value> parts(std::min<int64_t>(4, shape.columns));
      for (int64_t c = 0; c < shape.columns; ++c) {
        Value x = load(vector, k.builder.createOrFold<arith::AddIOp>(k.loc, at, k.constant(c)));
        Value weight = words.raw(k.constant(c));
        Value &part = parts[c % parts.size()];
        part = part ? fma(weight, x, part) : Value(arith::MulFOp::create(k.builder, k.loc, weight, x));
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

  //===- many tokens ---------------------------------------------------------------------------------------------------===//

  void manyTokens() {
    int64_t count = op.getWeights().size();
    // One weight: two groups of rows side by side, where registers allow.
    int64_t together = count == 1 && options.accumulators >= 16 && groups % 2 == 0 ? 2 : 1;
    int64_t vectors = count * together, tokens = std::max<int64_t>(1, options.accumulators / vectors);
    int64_t tiles = std::clamp<int64_t>(options.tileBytes / (tokens * paddedColumns * 4), 1, 192 / tokens);
    int64_t chunk = std::min<int64_t>(groups, llvm::alignTo(std::max<int64_t>(8, llvm::divideCeil(groups, 4)), together));
    int64_t chunks = llvm::divideCeil(groups, chunk), block = tiles * tokens;

    // Rows a little apart, so that the tokens of a tile do not fall into the same sets of the cache.
    Value activations = scratch({tiles, tokens, paddedColumns + 16});
    SmallVector<Value> panels;
    for (int64_t v = 0; v < vectors; ++v)
      panels.push_back(scratch({paddedColumns, options.lanes}));
    Value results = scratch({vectors, tokens, options.lanes});

    Value chunkCount = k.constant(chunks);
    Value first = arith::MulIOp::create(k.builder, k.loc, arith::DivUIOp::create(k.builder, k.loc, k.piece, chunkCount),
                                        k.constant(block));
    Value left = arith::SubIOp::create(k.builder, k.loc, k.size("T"), first);
    Value needed = arith::CeilDivUIOp::create(k.builder, k.loc, left, k.constant(tokens));
    Value tileCount = arith::MinUIOp::create(k.builder, k.loc, needed, k.constant(tiles));
    auto tokenOf = [&](Value tile, Value place) -> Value {
      Value at = arith::MulIOp::create(k.builder, k.loc, tile, k.constant(tokens));
      Value sum = arith::AddIOp::create(k.builder, k.loc, first, at);
      return arith::AddIOp::create(k.builder, k.loc, sum, place);
    };
    // The prologue. Places beyond the last token repeat it; their results are not stored.
    k.loop(k.constant(0), tileCount, 1, [&](Value tile) {
      k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
        Value last = arith::SubIOp::create(k.builder, k.loc, k.size("T"), k.constant(1));
        Env env;
        env["T"] = k.index.uniform(arith::MinUIOp::create(k.builder, k.loc, tokenOf(tile, place), last));
        forEachColumn(env, [&](Value column, Value value) {
          store(value, activations, ValueRange{tile, place, column});
        });
      });
    });
    Value chunkNumber = arith::RemUIOp::create(k.builder, k.loc, k.piece, chunkCount);
    Value from = arith::MulIOp::create(k.builder, k.loc, chunkNumber, k.constant(chunk));
    Value end = arith::AddIOp::create(k.builder, k.loc, from, k.constant(chunk));
    Value to = arith::MinUIOp::create(k.builder, k.loc, end, k.constant(groups));
    k.loop(from, to, together, [&](Value group) {
      SmallVector<Value> groupOf;
      for (int64_t v = 0; v < vectors; ++v)
        groupOf.push_back(k.builder.createOrFold<arith::AddIOp>(k.loc, group, k.constant(v / count)));
      for (int64_t v = 0; v < vectors; ++v)
        decodePanel(v % count, groupOf[v], panels[v]);
      k.loop(k.constant(0), tileCount, 1, [&](Value tile) {
        multiplyTile(panels, activations, results, tile, tokens);
        k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
          Value token = tokenOf(tile, place);
          k.when(arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, token, k.size("T")), [&] {
            Env env;
            env["T"] = k.index.uniform(token);
            for (int64_t side = 0; side < together; ++side) {
              SmallVector<Value> products;
              for (int64_t n = 0; n < count; ++n)
                products.push_back(load(results, ValueRange{k.constant(side * count + n), place, k.lane}));
              epilogue(env, groupOf[side * count], products);
            }
          });
        });
      });
    });
    k.finish({{1, block, chunks}});
  }

  /// The group's rows of weight n as float32, column by column.
  void decodePanel(unsigned n, Value group, Value panel) {
    const Packing *packed = packing(n);
    int64_t width = packed ? blockShape(packed->format).columns : 1;
    if (packed && packed->format == Format::F32)
      width = 1;
    int64_t blocks = llvm::divideCeil(columns, width);
    k.loop(k.constant(0), k.constant(blocks), 1, [&](Value block) {
      if (width == 1) {
        Value weight = packed ? load(k.read(k.memory.packed(op.getWeights()[n].getDefiningOp())),
                                     ValueRange{group, block, k.lane})
                              : computedElement(n, group, block);
        store(weight, panel, ValueRange{block, k.lane});
        return;
      }
      BlockDecoder words = decoder(n, group, block);
      Value at = arith::MulIOp::create(k.builder, k.loc, block, k.constant(width));
      Value scale = words.scale(), offset = words.offset();
      for (int64_t c = 0; c < width; ++c) {
        Value value = words.raw(k.constant(c));
        if (scale)
          value = offset ? fma(value, scale, offset) : Value(arith::MulFOp::create(k.builder, k.loc, value, scale));
        store(value, panel, ValueRange{k.builder.createOrFold<arith::AddIOp>(k.loc, at, k.constant(c)), k.lane});
      }
    });
  }

  /// results[vector][token] = sum over columns of panel[vector][column] * activations[tile][token][column].
  void multiplyTile(ArrayRef<Value> panels, Value activations, Value results, Value tile, int64_t tokens) {
    SmallVector<Value> zeros(panels.size() * tokens, k.real(0));
    auto sums = k.loop(k.constant(0), k.constant(columns), 1, zeros, [&](Value column, ValueRange carried) {
      SmallVector<Value> next;
      SmallVector<Value> weights;
      for (Value panel : panels)
        weights.push_back(load(panel, ValueRange{column, k.lane}));
      SmallVector<SmallVector<Value>> tiles(panels.size());
      for (int64_t t = 0; t < tokens; ++t) {
        Value x = load(activations, ValueRange{tile, k.constant(t), column});
        for (size_t v = 0; v < panels.size(); ++v)
          tiles[v].push_back(fma(weights[v], x, carried[v * tokens + t]));
      }
      for (auto &row : tiles)
        llvm::append_range(next, row);
      return next;
    });
    for (size_t v = 0; v < panels.size(); ++v)
      for (int64_t t = 0; t < tokens; ++t)
        store(sums[v * tokens + t], results, ValueRange{k.constant(v), k.constant(t), k.lane});
  }

  LinearOp op;
  KernelOptions options;
  KernelBuilder k;
  PointEmitter points;
  NamedTensorType vectorType, weightType;
  SmallVector<StringRef> over, rowAxes;
  SmallVector<int64_t> columnSizes, rowSizes;
  int64_t columns, rows, groups, paddedColumns;
  bool hasTokens;
};

} // namespace

void heddle::emitLinear(LinearOp op, EmitContext &context) { LinearEmitter(op, context).emit(); }
