// heddle.linear on devices: a register tile of rows by tokens to a lane, weights decoded as they are
// multiplied, activations read from where they lie, four at a time.
//
// A load costs far more than a product there, so that a large tile pays: of 8 vectors of rows and 8 tokens,
// 64 products come to a load of a weight's and two loads of activations'. Columns go by in steps of 32 or 16,
// which have one scale in quantised formats, and within these by eight: the code is for eight columns only.
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/LinearEmitter.h"

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kEight = 8, kPieces = 6;

/// A kernel that evaluates the prologue into memory: a row of activations a token, padded with zeros.
class ActivationRows : public LinearEmitter {
public:
  ActivationRows(LinearOp op, EmitContext &context)
      : LinearEmitter(op, context), launchAt(context.launchAt) {}

  void emit() override {
    if (hasTokens)
      dims.push_back(k.builder.getStringAttr("T"));
    auto type =
        MemRefType::get({hasTokens ? ShapedType::kDynamic : 1, paddedColumns}, k.builder.getF32Type());
    memory = BufferOp::create(launchAt, k.loc, type, k.builder.getArrayAttr(dims), IntegerAttr());
    Value written = k.write(memory, dims);
    Env env;
    if (hasTokens)
      env["T"] = k.index.uniform(k.piece);
    forEachColumn(env, [&](Value column, Value value) {
      store(value, written, ValueRange{hasTokens ? k.piece : k.constant(0), column});
    });
    k.finish({{hasTokens ? 1 : 0, 1, 1}});
  }

  Value memory;
  SmallVector<Attribute> dims; // of the memory

private:
  OpBuilder &launchAt;
};

class DirectLinear : public LinearEmitter {
public:
  DirectLinear(LinearOp op, EmitContext &context)
      : LinearEmitter(op, context), context(context), width(commonGroup()) {}

  void emit() override {
    chooseTile();
    findActivations();
    placeTile();
    SmallVector<Value> sums = multiply();
    finishTile(sums);
    finish(hasTokens ? GridFactor{1, tokens} : GridFactor{0, 1}, chunks);
  }

private:
  void chooseTile() {
    count = op.getWeights().size();
    tokens = hasTokens && !options.decode ? options.directTile : 1;
    together = std::max<int64_t>(1, options.directTile / count);
    // A number that leaves no group over, and some pieces to be computed side by side.
    while (together > 1 && (groups % together != 0 || groups / together < kPieces))
      --together;
    chunks = groups / together;
    vectors = count * together;
  }

  /// The memory of [T, columns] that holds the prologue's vector: a tensor's own, where the prologue is that
  /// tensor and its rows are whole blocks; else a buffer of its own.
  void findActivations() {
    Block &prologue = op.getPrologue().front();
    auto argument = dyn_cast<BlockArgument>(prologue.getTerminator()->getOperand(0));
    if (argument && columns == paddedColumns)
      if (const Storage *storage = k.memory.find(op.getInputs()[argument.getArgNumber()]);
          storage && isRowMajor(storage->layout)) {
        activations = k.read(storage->memref, storage->layout.dynamicDims(op.getContext()));
        columnDims = over.size();
        return;
      }
    ActivationRows rows(op, context);
    rows.emit();
    activations = k.read(rows.memory, rows.dims);
  }

  /// Whether the columns are a layout's innermost dimensions, in their order, behind T alone.
  bool isRowMajor(const Layout &layout) const {
    size_t leading = hasTokens ? 1 : 0;
    if (layout.dims.size() != over.size() + leading || (hasTokens && layout.dims[0].axis != "T"))
      return false;
    return llvm::all_of(llvm::enumerate(over), [&](auto axis) {
      const LayoutDim &dim = layout.dims[axis.index() + leading];
      return dim.axis == axis.value() && dim.divide == 1 && dim.modulo == 0;
    });
  }

  void placeTile() {
    Value chunkCount = k.constant(chunks);
    firstToken = times(arith::DivUIOp::create(k.builder, k.loc, k.piece, chunkCount), tokens);
    firstGroup = times(arith::RemUIOp::create(k.builder, k.loc, k.piece, chunkCount), together);
    for (int64_t v = 0; v < vectors; ++v)
      groupOf.push_back(plus(firstGroup, k.constant(v / count)));
    for (int64_t t = 0; t < tokens; ++t) {
      if (!hasTokens || tokens == 1) {
        tokenOf.push_back(k.constant(0));
        continue;
      }
      Value last = arith::SubIOp::create(k.builder, k.loc, k.size("T"), k.constant(1));
      tokenOf.push_back(arith::MinUIOp::create(k.builder, k.loc, plus(firstToken, k.constant(t)), last));
    }
  }

  /// Four activations of a token from `column`, a multiple of four, on.
  Value fourActivations(int64_t t, Value column) {
    SmallVector<Value> indices;
    if (cast<MemRefType>(activations.getType()).getRank() > columnDims)
      indices.push_back(tokenOf[t]);
    indices.append(columnDims - 1, k.constant(0));
    indices.push_back(column); // of all columns together: a row is dense
    return vector::LoadOp::create(k.builder, k.loc, VectorType::get({4}, k.builder.getF32Type()), activations,
                                  indices);
  }

  /// The weights of vector v at a step: a decoder, or null where the format is not quantised.
  struct Weights {
    std::optional<BlockDecoder> block;
    Value scale, offset;
  };
  Weights weightsAt(int64_t v, Value step) {
    Weights weights;
    if (!quantized(v % count))
      return weights;
    weights.block.emplace(decoder(v % count, groupOf[v], step, width));
    weights.scale = weights.block->scale();
    weights.offset = weights.block->offset();
    return weights;
  }

  /// The weight of vector v in a column of a format without blocks, before any scale; columns beyond the last
  /// repeat it, as their activations are zero.
  Value narrowWeight(int64_t v, Value column, int64_t place) {
    const Packing *packed = packing(v % count);
    Value at = plus(column, k.constant(place));
    if (columns != paddedColumns)
      at = arith::MinUIOp::create(k.builder, k.loc, at, k.constant(columns - 1));
    if (!packed)
      return computedElement(v % count, groupOf[v], at);
    if (packed->format == Format::F32)
      return load(panels(v % count), ValueRange{groupOf[v], at, k.lane});
    Value two = k.constant(2); // float16 and bfloat16: two columns to a word
    if (columns == paddedColumns) {
      Value word = plus(arith::DivUIOp::create(k.builder, k.loc, column, two), k.constant(place / 2));
      return decoder(v % count, groupOf[v], word, 2).element(k.constant(place % 2));
    }
    Value word = arith::DivUIOp::create(k.builder, k.loc, at, two);
    return decoder(v % count, groupOf[v], word, 2).element(arith::RemUIOp::create(k.builder, k.loc, at, two));
  }

  /// The stored number of column 8 * eight + place of a step.
  Value rawWeight(Weights &weights, int64_t v, Value eight, Value column, int64_t place) {
    return weights.block ? weights.block->raw(eight, k.constant(place)) : narrowWeight(v, column, place);
  }

  /// Sums [v * tokens + t] over all columns.
  SmallVector<Value> multiply() {
    SmallVector<Value> zeros(vectors * tokens, k.real(0));
    return k.loop(
        k.constant(0), k.constant(paddedColumns / width), 1, zeros, [&](Value step, ValueRange carried) {
          SmallVector<Weights> weights;
          for (int64_t v = 0; v < vectors; ++v)
            weights.push_back(weightsAt(v, step));
          return tokens == 1 ? stepForOne(step, weights, carried) : stepForMany(step, weights, carried);
        });
  }

  Value columnOf(Value step, Value eight) { return plus(times(step, width), times(eight, kEight)); }
  Value lane(Value four, int64_t place) { return vector::ExtractOp::create(k.builder, k.loc, four, place); }

  /// One token: the stored numbers are summed, and the block's sum is scaled.
  SmallVector<Value> stepForOne(Value step, MutableArrayRef<Weights> weights, ValueRange carried) {
    bool offsets = llvm::any_of(weights, [](const Weights &one) { return bool(one.offset); });
    SmallVector<Value> start(vectors + offsets, k.real(0));
    auto parts =
        k.loop(k.constant(0), k.constant(width / kEight), 1, start, [&](Value eight, ValueRange inner) {
          SmallVector<Value> next(inner);
          Value column = columnOf(step, eight);
          for (int64_t half = 0; half < kEight; half += 4) {
            Value four = fourActivations(0, plus(column, k.constant(half)));
            for (int64_t place = half; place < half + 4; ++place) {
              Value x = lane(four, place - half);
              for (int64_t v = 0; v < vectors; ++v)
                next[v] = fma(rawWeight(weights[v], v, eight, column, place), x, next[v]);
              if (offsets)
                next[vectors] = arith::AddFOp::create(k.builder, k.loc, next[vectors], x);
            }
          }
          return next;
        });
    SmallVector<Value> sums;
    for (int64_t v = 0; v < vectors; ++v) {
      Value sum = weights[v].scale ? fma(weights[v].scale, parts[v], carried[v])
                                   : Value(arith::AddFOp::create(k.builder, k.loc, parts[v], carried[v]));
      sums.push_back(weights[v].offset ? fma(weights[v].offset, parts[vectors], sum) : sum);
    }
    return sums;
  }

  /// Many tokens: each weight is decoded once, and multiplied with all of them.
  SmallVector<Value> stepForMany(Value step, MutableArrayRef<Weights> weights, ValueRange carried) {
    return k.loop(k.constant(0), k.constant(width / kEight), 1, carried, [&](Value eight, ValueRange inner) {
      SmallVector<Value> next(inner);
      Value column = columnOf(step, eight);
      for (int64_t half = 0; half < kEight; half += 4) {
        SmallVector<Value> fours;
        for (int64_t t = 0; t < tokens; ++t)
          fours.push_back(fourActivations(t, plus(column, k.constant(half))));
        for (int64_t place = half; place < half + 4; ++place)
          for (int64_t v = 0; v < vectors; ++v) {
            Value weight = rawWeight(weights[v], v, eight, column, place);
            if (weights[v].scale)
              weight = weights[v].offset
                           ? fma(weight, weights[v].scale, weights[v].offset)
                           : Value(arith::MulFOp::create(k.builder, k.loc, weight, weights[v].scale));
            for (int64_t t = 0; t < tokens; ++t)
              next[v * tokens + t] = fma(weight, lane(fours[t], place - half), next[v * tokens + t]);
          }
      }
      return next;
    });
  }

  /// The epilogue for each token and group of the tile; through private memory, so that its code is there
  /// once.
  void finishTile(ArrayRef<Value> sums) {
    Value results = scratch({together, count, tokens, options.lanes}, k.builder.getF32Type());
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t t = 0; t < tokens; ++t)
        store(sums[v * tokens + t], results,
              ValueRange{k.constant(v / count), k.constant(v % count), k.constant(t), k.lane});
    k.loop(k.constant(0), k.constant(together), 1, [&](Value side) {
      k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
        Env env;
        auto finishOne = [&] {
          SmallVector<Value> products;
          for (int64_t n = 0; n < count; ++n)
            products.push_back(load(results, ValueRange{side, k.constant(n), place, k.lane}));
          epilogue(env, plus(firstGroup, side), products);
        };
        if (tokens == 1) {
          if (hasTokens)
            env["T"] = k.index.constant(0);
          return finishOne();
        }
        Value token = plus(firstToken, place);
        env["T"] = k.index.uniform(token);
        k.when(arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ult, token, k.size("T")),
               finishOne);
      });
    });
  }

  EmitContext &context;
  int64_t width; // columns of a step
  int64_t count, tokens, together, chunks, vectors, columnDims = 1;
  Value activations, firstToken, firstGroup;
  SmallVector<Value> groupOf, tokenOf;
};

} // namespace

std::unique_ptr<LinearEmitter> heddle::directLinear(LinearOp op, EmitContext &context) {
  return std::make_unique<DirectLinear>(op, context);
}
