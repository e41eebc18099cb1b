// Activations in int8 for devices: a lane has a block.
//
// A device may round quotients as it likes, and a number that is nearly between two would then become this
// one or that one. So there is no float quotient: the block's greatest magnitude g is rounded up to a
// mantissa of 16 bits, m * 2^e; then 127 / g = (127 * 2^24 / m) * 2^(-24 - e), whose first factor is a
// quotient of integers and whose second is written as bits. All else is products and sums, which devices
// round correctly.
#include "passes/kernels/ActivationRows.h"

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kFour = 4, kMost = 127;

class QuantizeRows : public KernelEmitter {
public:
  QuantizeRows(const ActivationRows &rows, int64_t columns, int64_t width, LinearOp op, EmitContext &context)
      : KernelEmitter(op, context), rows(rows), width(width), blocks(columns / width),
        sequence(op.sequence()), context(context) {}

  ActivationBlocks emit() {
    auto outer = cast<MemRefType>(rows.memory.getType()).getShape().take_front(rows.axes.size());
    ActivationBlocks result = {buffer(outer, width / kFour, integer()),
                               buffer(outer, kFour, k.builder.getF32Type())};
    Value words = k.write(result.words, rows.dims), factors = k.write(result.factors, rows.dims);
    Value from = k.read(rows.memory, rows.dims);

    // Pieces go through the tokens, wherever they are in memory, then the other axes, then the blocks.
    int64_t parts = llvm::divideCeil(blocks, options.lanes), perToken = parts;
    SmallVector<int64_t> sizes = {ShapedType::kDynamic};
    for (int64_t size : outer)
      if (!ShapedType::isDynamic(size)) {
        sizes.push_back(size);
        perToken *= size;
      }
    sizes.push_back(parts);
    auto indices = llvm::map_to_vector(k.index.split(k.index.uniform(k.piece), sizes),
                                       [&](const Idx &index) { return k.index.value(index); });
    SmallVector<Value> place;
    const Value *next = indices.begin() + 1;
    for (int64_t size : outer)
      place.push_back(ShapedType::isDynamic(size) ? indices.front() : *next++);
    Value block = plus(times(indices.back(), options.lanes), k.lane), inside;
    if (blocks % options.lanes) {
      inside = isBelow(block, k.constant(blocks));
      block = atMost(block, k.constant(blocks - 1));
    }
    SmallVector<Value> fours = loadBlock(from, place, block);
    auto [scale, inverse] = scalesOf(greatest(fours));
    Value sum;
    for (Value &four : fours) {
      four = op<arith::FPToSIOp>(integers(), op<math::RoundEvenOp>(op<arith::MulFOp>(four, spread(inverse))));
      sum = sum ? op<arith::AddIOp>(sum, four) : four;
    }
    place.push_back(block);
    place.push_back(k.constant(0));
    for (int64_t n = 0; n < width / kFour; n += kFour) {
      place.back() = k.constant(n);
      storeFour(op<vector::FromElementsOp>(integers(), fourQuads(ArrayRef(fours).slice(n, kFour))), words,
                place, inside);
    }
    Value total = op<arith::SIToFPOp>(k.builder.getF32Type(), acrossFour<arith::AddIOp>(sum));
    Value numbers[] = {scale, total, op<arith::MulFOp>(scale, total), k.real(0)};
    place.back() = k.constant(0);
    storeFour(op<vector::FromElementsOp>(fourType(), ValueRange(numbers)), factors, place, inside);
    k.finish({{paramNumber(sequence), 1, perToken}});
    return result;
  }

private:
  template <typename Op, typename... Operands> Value op(Operands &&...operands) {
    return Op::create(k.builder, k.loc, std::forward<Operands>(operands)...);
  }
  Type integer() { return k.builder.getI32Type(); }
  VectorType integers() { return VectorType::get({kFour}, integer()); }
  Value number(int64_t value) { return arith::ConstantIntOp::create(k.builder, k.loc, integer(), value); }

  Value buffer(ArrayRef<int64_t> outer, int64_t inner, Type element) {
    SmallVector<int64_t> shape(outer);
    shape.append({blocks, inner});
    return BufferOp::create(context.launchAt, k.loc, MemRefType::get(shape, element),
                            k.builder.getArrayAttr(rows.dims), IntegerAttr());
  }

  SmallVector<Value> loadBlock(Value memory, ArrayRef<Value> row, Value block) {
    SmallVector<Value> place(row), fours;
    place.append(rows.columnDims - 1, k.constant(0));
    place.emplace_back();
    for (int64_t column = 0; column < width; column += kFour) {
      place.back() = plus(times(block, width), k.constant(column));
      fours.push_back(op<vector::LoadOp>(fourType(), memory, place));
    }
    return fours;
  }
  Value greatest(ArrayRef<Value> fours) {
    Value most;
    for (Value four : fours) {
      Value size = op<math::AbsFOp>(four);
      most = most ? op<arith::MaximumFOp>(most, size) : size;
    }
    return acrossFour<arith::MaximumFOp>(most);
  }

  /// g / 127 and 127 / g. The latter is 0 where no number of float32's range is: for 0, and from 2^118 on.
  std::pair<Value, Value> scalesOf(Value g) {
    Type real = k.builder.getF32Type();
    Value bits = op<arith::AndIOp>(op<arith::AddIOp>(op<arith::BitcastOp>(integer(), g), number(0xff)),
                                   number(-0x100));
    Value mantissa = op<arith::OrIOp>(op<arith::AndIOp>(op<arith::ShRUIOp>(bits, number(8)), number(0x7fff)),
                                      number(0x8000));
    Value quotient = op<arith::DivUIOp>(number(kMost << 24), mantissa);
    // g = mantissa * 2^(exponent - 127 - 15)
    Value exponent = op<arith::ShRUIOp>(bits, number(23));
    constexpr int64_t least = 1, end = 245; // 127 + 127 + 15 - 24
    Value there = op<arith::CmpIOp>(arith::CmpIPredicate::ult, op<arith::SubIOp>(exponent, number(least)),
                                    number(end - least));
    Value power = op<arith::ShLIOp>(op<arith::SubIOp>(number(end), exponent), number(23));
    power = op<arith::BitcastOp>(real, op<arith::SelectOp>(there, power, number(0)));
    Value inverse = op<arith::MulFOp>(op<arith::SIToFPOp>(real, quotient), power);
    return {op<arith::MulFOp>(op<arith::BitcastOp>(real, bits), k.real(1.0 / kMost)), inverse};
  }

  /// Sixteen columns' numbers as the words that have columns 0 4 1 5, 2 6 3 7 of each eight.
  SmallVector<Value> fourQuads(ArrayRef<Value> fours) {
    SmallVector<Value> words;
    for (int64_t eight = 0; eight < kFour; eight += 2) {
      auto byte = [&](Value four) { return op<arith::AndIOp>(four, spread(number(0xff))); };
      Value low = byte(fours[eight]), high = op<arith::ShLIOp>(byte(fours[eight + 1]), spread(number(8)));
      Value pairs = op<arith::OrIOp>(low, high);
      for (int64_t first : {0, 2})
        words.push_back(
            op<arith::OrIOp>(part(pairs, first), op<arith::ShLIOp>(part(pairs, first + 1), number(16))));
    }
    return words;
  }

  void storeFour(Value four, Value memory, ArrayRef<Value> place, Value inside) {
    if (inside)
      StoreWhereOp::create(k.builder, k.loc, inside, four, memory, place);
    else
      vector::StoreOp::create(k.builder, k.loc, four, memory, place);
  }

  const ActivationRows &rows;
  int64_t width, blocks;
  StringRef sequence;
  EmitContext &context;
};

} // namespace

ActivationBlocks heddle::quantizeRows(const ActivationRows &rows, int64_t columns, int64_t width, LinearOp op,
                                      EmitContext &context) {
  return QuantizeRows(rows, columns, width, op, context).emit();
}
