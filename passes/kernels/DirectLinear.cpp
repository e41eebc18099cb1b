// heddle.linear on devices: a register tile of rows by tokens to a lane, weights decoded as they are
// multiplied, activations read from where they lie; all of it four at a time.
//
// A load costs far more than a product there, and four words cost what one does. So a lane owns four
// neighbouring rows, which a panel has side by side: its weights and its sums are vectors of four. Sixteen
// lanes have the rows of four panels, a *group* of 64. A tile is two groups and 8 tokens: 64 products come to
// a load of weights and four of activations; or four groups and one token. Columns of quantised formats go by
// in steps of 32 or 16, which have one scale, and within these by eight: the code is for eight columns only.
// Others go by in fours.
#include "passes/kernels/ActivationRows.h"

#include <cmath>

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kEight = 8, kFour = 4, kPieces = 6;

class DirectLinear : public LinearEmitter {
public:
  DirectLinear(LinearOp op, EmitContext &context) : LinearEmitter(op, context), width(commonGroup()) {}

  void emit() override {
    chooseTile();
    findActivations();
    results = scratch({together, count, tokens, options.lanes}, fourType());
    Value chunkCount = k.constant(chunks);
    Value part = arith::DivUIOp::create(k.builder, k.loc, k.piece, chunkCount);
    placeRows(arith::RemUIOp::create(k.builder, k.loc, k.piece, chunkCount));
    if (isGrouped()) {
      auto [from, to] = takeGroup(part);
      k.loop(from, to, tokens, [&, to = to](Value first) { computeTile(first, to); });
      return finish({0, 1}, chunks * matrices);
    }
    if (choices) {
      takeChoice(vectorAt(part));
      computeTile(part, Value());
      return finish({0, 1}, chunks * choices->perToken());
    }
    part = takeMatrix(part);
    computeTile(times(part, tokens), vectorCount());
    finish({paramNumber(sequence), tokens}, chunks * matrices);
  }

protected:
  void chooseTile() {
    count = op.getWeights().size();
    groupRows = kFour * options.lanes;
    fours = llvm::divideCeil(rows, groupRows);
    tokens = isMany ? options.directTile : 1;
    inSteps = llvm::any_of(llvm::seq(count), [&](int64_t n) { return quantized(n); });
    together = std::clamp<int64_t>(mostVectors() / count, 1, fours);
    // One token has no other pieces than these, to be computed side by side.
    while (tokens == 1 && together > 1 && fours / together < kPieces)
      --together;
    chunks = llvm::divideCeil(fours, together);
    vectors = count * together;
  }

  virtual int64_t mostVectors() const {
    return inSteps && tokens > 1 ? options.directVectors : 2 * options.directVectors;
  }

  /// The prologue's vectors: a tensor's own memory, where the prologue is that tensor and its rows are whole
  /// blocks; else a buffer of its own.
  ActivationRows rowsInMemory() {
    auto argument = dyn_cast<BlockArgument>(op.getPrologue().front().getTerminator()->getOperand(0));
    Value tensor = argument ? op.getInputs()[argument.getArgNumber()] : Value();
    const Storage *storage = tensor && columns == paddedColumns ? k.memory.find(tensor) : nullptr;
    if (!storage || !isRowMajor(storage->layout))
      return evaluateRows(op, context);
    ActivationRows rows = {storage->memref,
                           storage->layout.dynamicDims(op.getContext()),
                           {},
                           static_cast<int64_t>(over.size()),
                           tensor};
    for (const LayoutDim &dim : ArrayRef(storage->layout.dims).drop_back(over.size()))
      rows.axes.push_back(dim.axis);
    return rows;
  }

  virtual void findActivations() {
    ActivationRows rows = rowsInMemory();
    activations = k.read(rows.memory, rows.dims);
    columnDims = rows.columnDims;
    activationAxes = rows.axes;
  }

  /// Whether the columns are a layout's innermost dimensions, in their order, behind those of vectors.
  bool isRowMajor(const Layout &layout) {
    if (layout.dims.size() < over.size())
      return false;
    SmallVector<StringRef> axes = op.vectorAxes();
    size_t leading = layout.dims.size() - over.size();
    return llvm::all_of(llvm::enumerate(layout.dims), [&](auto place) {
      const LayoutDim &dim = place.value();
      bool fits = place.index() < leading ? llvm::is_contained(axes, StringRef(dim.axis))
                                          : dim.axis == over[place.index() - leading];
      return fits && dim.divide == 1 && dim.modulo == 0;
    });
  }

  /// The rows of chunk `chunk`: which panel a lane has of each vector, and where in it.
  void placeRows(Value chunk) {
    firstGroup = times(chunk, together);
    Value four = k.constant(kFour);
    Value ownPanel = arith::DivUIOp::create(k.builder, k.loc, k.lane, four);
    slot = times(arith::RemUIOp::create(k.builder, k.loc, k.lane, four), kFour);
    // Lanes beyond the last panel repeat it; their results are not stored.
    Value last = k.constant(groups - 1);
    for (int64_t v = 0; v < vectors; ++v) {
      Value panel = plus(times(plus(firstGroup, k.constant(v / count)), kFour), ownPanel);
      panelOf.push_back(chunks * together * kFour == groups ? panel : atMost(panel, last));
    }
  }

  /// The tile of vectors from place `first` on; those from `end` on repeat the last and are not stored. A
  /// tile of one ends with it.
  void computeTile(Value first, Value end) {
    vectorOf.clear();
    for (int64_t t = 0; t < tokens; ++t)
      vectorOf.push_back(vectorIn(tokens == 1 ? first : clamped(plus(first, k.constant(t)), end)));
    finishTile(multiply(), first, end);
  }
  Env vectorIn(Value place) {
    if (isGrouped())
      return groupedVectorAt(place);
    return vectorAt(choices || tokens > 1 ? place : k.constant(0));
  }
  Value clamped(Value place, Value end) {
    Value last = arith::SubIOp::create(k.builder, k.loc, end, k.constant(1));
    return atMost(place, last);
  }

  /// Four elements of the row that vector t has in `memory`, from `inner` on.
  Value fourOfRow(Value memory, int64_t t, ValueRange inner) {
    SmallVector<Value> indices;
    for (const std::string &axis : activationAxes)
      indices.push_back(k.index.value(vectorOf[t].lookup(axis)));
    llvm::append_range(indices, inner);
    auto type = VectorType::get({kFour}, cast<MemRefType>(memory.getType()).getElementType());
    return vector::LoadOp::create(k.builder, k.loc, type, memory, indices);
  }
  /// Four activations of vector t from `column`, a multiple of four, on.
  Value fourActivations(int64_t t, Value column) {
    SmallVector<Value> inner(columnDims - 1, k.constant(0));
    inner.push_back(column); // of all columns together: a row is dense
    return fourOfRow(activations, t, inner);
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
    weights.block.emplace(fourDecoder(v, step, width));
    weights.scale = weights.block->scale();
    weights.offset = weights.block->offset();
    return weights;
  }

  /// Four rows' words at `indices` of a panel.
  Value fourWords(int64_t v, ValueRange within, Type word) {
    SmallVector<Value> indices{packedGroup(panelOf[v])};
    llvm::append_range(indices, within);
    indices.push_back(slot);
    return vector::LoadOp::create(k.builder, k.loc, VectorType::get({kFour}, word), panels(v % count),
                                  indices);
  }
  BlockDecoder fourDecoder(int64_t v, Value step, int64_t columns) {
    return decoder(v % count, step, columns, [=, this](Value block, Value word) {
      return fourWords(v, {block, word}, k.builder.getI32Type());
    });
  }

  /// The weights of vector v in a column of a format that is not quantised; columns beyond the last repeat
  /// it, as their activations are zero.
  Value narrowWeight(int64_t v, Value column, int64_t place) {
    const Packing *packed = packing(v % count);
    Value at = plus(column, k.constant(place));
    if (columns != paddedColumns)
      at = atMost(at, k.constant(columns - 1));
    if (!packed)
      return computedFour(v, at);
    if (packed->format == Format::F32)
      return fourWords(v, at, k.builder.getF32Type());
    Value two = k.constant(2); // float16 and bfloat16: two columns to a word
    if (columns == paddedColumns) {
      Value word = plus(arith::DivUIOp::create(k.builder, k.loc, column, two), k.constant(place / 2));
      return fourDecoder(v, word, 2).element(k.constant(place % 2));
    }
    Value word = arith::DivUIOp::create(k.builder, k.loc, at, two);
    return fourDecoder(v, word, 2).element(arith::RemUIOp::create(k.builder, k.loc, at, two));
  }

  /// The same of a weight that is computed, not stored.
  Value computedFour(int64_t v, Value column) {
    SmallVector<Value> elements;
    Value first = plus(times(panelOf[v], options.lanes), slot);
    for (int64_t side = 0; side < kFour; ++side) {
      Value row = atMost(plus(first, k.constant(side)), k.constant(rows - 1));
      elements.push_back(computedElement(v % count, k.index.perLane(row), column));
    }
    return vector::FromElementsOp::create(k.builder, k.loc, fourType(), elements);
  }

  /// The stored number of column 8 * eight + place of a step.
  Value rawWeight(Weights &weights, int64_t v, Value eight, Value column, int64_t place) {
    return weights.block ? weights.block->raw(eight, k.constant(place)) : narrowWeight(v, column, place);
  }
  /// That number times its column's activation x, added to `sum`.
  Value multiplyRaw(std::optional<BlockDecoder> &block, int64_t v, Value eight, Value column, int64_t place,
                    Value x, Value sum) {
    if (!block)
      return fma(narrowWeight(v, column, place), spread(x), sum);
    auto [number, power] = block->unshifted(eight, k.constant(place));
    if (power)
      x = arith::MulFOp::create(k.builder, k.loc, x, k.real(std::ldexp(1.0, -static_cast<int>(power))));
    return fma(number, spread(x), sum);
  }

  /// Sums [v * tokens + t] over all columns.
  virtual SmallVector<Value> multiply() {
    auto multiplyStep = [&](Value step, ValueRange carried) {
      return tokens == 1 ? stepForOne(step, carried) : stepForMany(step, carried);
    };
    unrolled = inSteps ? kEight : kFour;
    turns = (inSteps ? width : paddedColumns) / unrolled;
    if (!inSteps) // one step
      return multiplyStep(k.constant(0), zeroSums());
    return overSteps(multiplyStep);
  }
  SmallVector<Value> zeroSums() { return SmallVector<Value>(vectors * tokens, spread(k.real(0))); }
  SmallVector<Value> overSteps(llvm::function_ref<SmallVector<Value>(Value, ValueRange)> step) {
    return shared(k.loop(k.constant(0), k.constant(paddedColumns / width), 1, zeroSums(), step));
  }

  /// Of one token there are few pieces: devices may share out a piece's columns.
  SmallVector<Value> shared(SmallVector<Value> sums) {
    if (tokens == 1)
      sums.front().getDefiningOp()->setAttr("heddle.sums", k.builder.getUnitAttr());
    return sums;
  }

  Value columnOf(Value step, Value eight) { return plus(times(step, width), times(eight, unrolled)); }

  /// One token: the stored numbers are summed, and the block's sum is scaled. Scales are loaded behind the
  /// sums, so that no register holds them meanwhile.
  SmallVector<Value> stepForOne(Value step, ValueRange carried) {
    SmallVector<std::optional<BlockDecoder>> blocks(vectors);
    bool offsets = false;
    for (int64_t v = 0; v < vectors; ++v)
      if (quantized(v % count)) {
        blocks[v].emplace(fourDecoder(v, step, width));
        offsets |= blockShape(packing(v % count)->format).offsets;
      }
    SmallVector<Value> start(vectors + offsets, spread(k.real(0))); // the last sums activations
    auto parts = k.loop(k.constant(0), k.constant(turns), 1, start, [&](Value eight, ValueRange inner) {
      SmallVector<Value> next(inner);
      Value column = columnOf(step, eight);
      // One vector's words at a time: what is alive while the device loads has to stay in registers.
      SmallVector<Value> fours;
      for (int64_t half = 0; half < unrolled; half += 4) {
        fours.push_back(fourActivations(0, plus(column, k.constant(half))));
        if (offsets)
          next[vectors] = sumOf(next[vectors], fours.back());
      }
      for (int64_t v = 0; v < vectors; ++v)
        for (int64_t place = 0; place < unrolled; ++place)
          next[v] =
              multiplyRaw(blocks[v], v, eight, column, place, part(fours[place / 4], place % 4), next[v]);
      return next;
    });
    if (!inSteps)
      parts = shared(std::move(parts));
    Value total;
    if (offsets)
      total = spread(acrossFour<arith::AddFOp>(parts[vectors]));
    SmallVector<Value> sums;
    for (int64_t v = 0; v < vectors; ++v) {
      Weights weights = weightsAt(v, step);
      Value sum = weights.scale ? fma(weights.scale, parts[v], carried[v]) : sumOf(parts[v], carried[v]);
      sums.push_back(weights.offset ? fma(weights.offset, total, sum) : sum);
    }
    return sums;
  }
  Value sumOf(Value a, Value b) { return arith::AddFOp::create(k.builder, k.loc, a, b); }

  /// Many tokens: each weight is decoded once, and multiplied with all of them.
  SmallVector<Value> stepForMany(Value step, ValueRange carried) {
    SmallVector<Weights> weights;
    for (int64_t v = 0; v < vectors; ++v)
      weights.push_back(weightsAt(v, step));
    return k.loop(k.constant(0), k.constant(turns), 1, carried, [&](Value eight, ValueRange inner) {
      SmallVector<Value> next(inner);
      Value column = columnOf(step, eight);
      for (int64_t half = 0; half < unrolled; half += 4) {
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
              next[v * tokens + t] = fma(weight, spread(part(fours[t], place - half)), next[v * tokens + t]);
          }
      }
      return next;
    });
  }

  /// The epilogue for each vector and group of the tile; through private memory, so that its code is there
  /// once.
  void finishTile(ArrayRef<Value> sums, Value first, Value end) {
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t t = 0; t < tokens; ++t)
        store(sums[v * tokens + t], results,
              ValueRange{k.constant(v / count), k.constant(v % count), k.constant(t), k.lane});
    k.loop(k.constant(0), k.constant(together), 1, [&](Value side) {
      k.loop(k.constant(0), k.constant(tokens), 1, [&](Value place) {
        auto finishOne = [&](const Env &env) {
          SmallVector<Value> products;
          for (int64_t n = 0; n < count; ++n)
            products.push_back(load(results, ValueRange{side, k.constant(n), place, k.lane}));
          fourEpilogue(env, plus(firstGroup, side), products);
        };
        if (tokens == 1)
          return finishOne(vectorOf[0]);
        Value at = plus(first, place);
        k.when(isBelow(at, end), [&] { finishOne(vectorIn(at)); });
      });
    });
  }

  /// The epilogue for four rows of a lane's. Rows beyond the last are not stored.
  void fourEpilogue(Env env, Value group, ArrayRef<Value> products) {
    Idx first = k.index.withLane(k.index.uniform(times(group, groupRows), groupRows), kFour);
    auto inside = [&](Value row) -> Value {
      if (rows == chunks * together * groupRows)
        return {};
      return isBelow(row, k.constant(rows));
    };
    if (rowSizes.empty() || rowSizes.back() % kFour) { // the four may differ in other axes, too: one by one
      k.loop(k.constant(0), k.constant(kFour), 1, [&](Value side) {
        auto own = llvm::map_to_vector(products, [&](Value four) -> Value {
          return vector::ExtractOp::create(k.builder, k.loc, four, side);
        });
        Value row = plus(k.index.value(first), side);
        epilogue(env, k.index.perLane(row), own, inside(row));
      });
      return;
    }
    for (auto [axis, part] : llvm::zip(rowAxes, k.index.split(first, rowSizes)))
      env[axis] = part;
    SmallVector<Value> arguments(products);
    for (Value extra : op.getExtras())
      arguments.push_back(points.four(extra, env, rowAxes.back()));
    Value where = inside(k.index.value(first));
    auto results = points.inlineScalars(op.getEpilogue().front(), arguments);
    for (auto [out, value] : llvm::zip(op.getOuts(), results))
      points.storeFour(out, env, rowAxes.back(), isa<VectorType>(value.getType()) ? value : spread(value),
                       where);
  }

  int64_t width; // columns of a step
  bool inSteps;  // some weights are quantised
  int64_t count, tokens, groupRows, fours, together, chunks, vectors, unrolled, turns, columnDims = 1;
  Value activations, firstGroup, slot, results;
  SmallVector<std::string> activationAxes; // outer ones of the activations' memory
  SmallVector<Env> vectorOf;               // of the tile
  SmallVector<Value> panelOf;
};

/// Activations in blocks of int8, whose products with a block's codes are summed exactly: with codes u, their
/// scale d, offset m and bias, and activations q of scale s, a block is
/// d * s * (sum of u * q - bias * sum of q) + m * s * sum of q.
class DirectIntegerLinear : public DirectLinear {
public:
  using DirectLinear::DirectLinear;

private:
  int64_t mostVectors() const override { return options.directVectors; }

  /// Linears of one tensor share its blocks.
  void findActivations() override {
    ActivationRows rows = rowsInMemory();
    ActivationBlocks own;
    ActivationBlocks &blocks =
        rows.tensor ? context.memory.blocks[{rows.tensor, rows.columnDims, width}] : own;
    if (!blocks.words)
      blocks = quantizeRows(rows, paddedColumns, width, op, context);
    words = k.read(blocks.words, rows.dims);
    factors = k.read(blocks.factors, rows.dims);
    activationAxes = rows.axes;
  }

  SmallVector<Value> multiply() override {
    return overSteps([&](Value step, ValueRange carried) { return addStep(step, carried); });
  }

  SmallVector<Value> addStep(Value step, ValueRange carried) {
    // A turn has sixteen columns, four words.
    SmallVector<Value> zeros(vectors * tokens, spread(arith::ConstantIntOp::create(k.builder, k.loc, 0, 32)));
    auto sums =
        k.loop(k.constant(0), k.constant(width / (4 * kFour)), 1, zeros, [&](Value turn, ValueRange inner) {
          SmallVector<Value> next(inner), fours;
          for (int64_t t = 0; t < tokens; ++t)
            fours.push_back(fourOfRow(words, t, {step, times(turn, kFour)}));
          for (int64_t v = 0; v < vectors; ++v) {
            BlockDecoder stored = fourDecoder(v, step, width);
            bool narrow = BlockDecoder::isNarrow(packing(v % count)->format);
            for (int64_t n = 0; n < kFour; ++n) {
              Value codes = stored.quad(plus(times(turn, kFour / 2), k.constant(n / 2)), n % 2);
              for (int64_t t = 0; t < tokens; ++t) {
                Value &sum = next[v * tokens + t];
                sum = Dot4Op::create(k.builder, k.loc, sum, codes, spread(part(fours[t], n)), narrow);
              }
            }
          }
          return next;
        });
    SmallVector<Value> next(carried), numbers; // of activations: scale, sum, their product
    for (int64_t t = 0; t < tokens; ++t)
      numbers.push_back(fourOfRow(factors, t, {step, k.constant(0)}));
    for (int64_t v = 0; v < vectors; ++v) {
      Weights weights = weightsAt(v, step);
      int64_t bias = BlockDecoder::bias(packing(v % count)->format);
      for (int64_t t = 0; t < tokens; ++t) {
        Value &sum = next[v * tokens + t];
        Value real = arith::SIToFPOp::create(k.builder, k.loc, fourType(), sums[v * tokens + t]);
        if (bias)
          real = fma(spread(k.real(-static_cast<double>(bias))), spread(part(numbers[t], 1)), real);
        Value scale = arith::MulFOp::create(k.builder, k.loc, weights.scale, spread(part(numbers[t], 0)));
        sum = fma(real, scale, sum);
        if (weights.offset)
          sum = fma(weights.offset, spread(part(numbers[t], 2)), sum);
      }
    }
    return next;
  }

  Value words, factors;
};

} // namespace

std::unique_ptr<LinearEmitter> heddle::directLinear(LinearOp op, EmitContext &context) {
  if (context.options.activationBits == 8 && allQuantized(op, context.memory))
    return std::make_unique<DirectIntegerLinear>(op, context);
  return std::make_unique<DirectLinear>(op, context);
}
