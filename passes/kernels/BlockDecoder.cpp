#include "passes/kernels/BlockDecoder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace heddle;

/// What is added to a table's numbers in pairs, so that none is negative.
static constexpr int64_t kTableBias = 128;

BlockDecoder::BlockDecoder(OpBuilder &builder, Location loc, Format format, std::function<Value(Value)> word,
                           Value first)
    : builder(builder), loc(loc), format(format), shape(blockShape(format)), loadWord(std::move(word)),
      first(first ? first : index(0)) {}

//===- arithmetic
//---------------------------------------------------------------------------------------------===//

Value BlockDecoder::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

Type BlockDecoder::shaped(Type element, Value word) {
  auto vector = dyn_cast<VectorType>(word.getType());
  return vector ? VectorType::get(vector.getShape(), element) : element;
}
Value BlockDecoder::constant(int64_t value, Value word) {
  TypedAttr number = builder.getI32IntegerAttr(static_cast<int32_t>(value));
  if (auto vector = dyn_cast<VectorType>(shaped(builder.getI32Type(), word)))
    number = DenseElementsAttr::get(vector, number);
  return arith::ConstantOp::create(builder, loc, number);
}

Value BlockDecoder::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
Value BlockDecoder::times(Value a, int64_t b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, index(b));
}
Value BlockDecoder::divide(Value a, int64_t b) {
  return b == 1 ? a : builder.createOrFold<arith::DivUIOp>(loc, a, index(b));
}
Value BlockDecoder::modulo(Value a, int64_t b) {
  return b == 1 ? index(0) : builder.createOrFold<arith::RemUIOp>(loc, a, index(b));
}

Value BlockDecoder::shiftRight(Value word, Value bits) {
  if (std::optional<int64_t> known = getConstantIntValue(bits))
    return builder.createOrFold<arith::ShRUIOp>(loc, word, constant(*known, word));
  Value by = builder.createOrFold<arith::IndexCastOp>(loc, builder.getI32Type(), bits);
  if (isa<VectorType>(word.getType()))
    by = vector::BroadcastOp::create(builder, loc, word.getType(), by);
  return builder.createOrFold<arith::ShRUIOp>(loc, word, by);
}
Value BlockDecoder::mask(Value word, int64_t bits) {
  return builder.createOrFold<arith::AndIOp>(loc, word, constant(bits, word));
}
Value BlockDecoder::signedByte(Value word) {
  Value top = builder.createOrFold<arith::ShLIOp>(loc, word, constant(24, word));
  return builder.createOrFold<arith::ShRSIOp>(loc, top, constant(24, word));
}
Value BlockDecoder::toFloat(Value integer) {
  return arith::SIToFPOp::create(builder, loc, shaped(builder.getF32Type(), integer), integer);
}

//===- words
//--------------------------------------------------------------------------------------------------===//

Value BlockDecoder::word(Value number) {
  std::optional<int64_t> known = getConstantIntValue(number);
  if (!known)
    return loadWord(number);
  Value &loaded = words[*known];
  if (!loaded)
    loaded = loadWord(number);
  return loaded;
}

/// A float16 in half of a word, as f32.
Value BlockDecoder::half(Value word, bool high) {
  Value bits = high ? shiftRight(word, index(16)) : word;
  Value narrow = arith::TruncIOp::create(builder, loc, shaped(builder.getI16Type(), word), bits);
  Value number = arith::BitcastOp::create(builder, loc, shaped(builder.getF16Type(), word), narrow);
  return arith::ExtFOp::create(builder, loc, shaped(builder.getF32Type(), word), number);
}

Value BlockDecoder::fromHalves(Value place) {
  Value low = shiftRight(word(index(0)), times(place, 16));
  if (format == Format::F16)
    return half(low, false);
  Value wide =
      builder.createOrFold<arith::ShLIOp>(loc, low, constant(16, low)); // the upper half of a float32
  return arith::BitcastOp::create(builder, loc, shaped(builder.getF32Type(), wide), wide);
}

std::pair<Value, Value> BlockDecoder::lowPlace(Value eight, Value place) {
  // Eight columns are a part of a word, or words of their own.
  int64_t bits = shape.lowBits, eights = std::max<int64_t>(1, 4 / bits), own = std::max<int64_t>(1, bits / 4),
          pairs = 16 / bits;
  Value from = add(first, eight), couple = divide(place, 2);
  Value number = add(times(divide(from, eights), own), divide(couple, pairs));
  Value shift = add(times(modulo(from, eights), 4 * bits), times(modulo(couple, pairs), bits));
  return {number, add(shift, times(modulo(place, 2), 16))};
}

/// A column's low bits.
Value BlockDecoder::lowField(Value eight, Value place) {
  auto [number, shift] = lowPlace(eight, place);
  return mask(shiftRight(word(number), shift), (1 << shape.lowBits) - 1);
}

/// A column's high bits.
Value BlockDecoder::highField(Value eight, Value place) {
  Value four = add(times(add(first, eight), 2), modulo(divide(place, 2), 2));
  Value byte = add(times(modulo(place, 2), 2), divide(place, 4));
  return mask(shiftRight(highWord(four), add(highShift(four), times(byte, 8))), (1 << shape.highBits) - 1);
}

/// The word that has the high bits of four columns, each in a byte, and where in the bytes.
Value BlockDecoder::highWord(Value four) {
  return word(add(divide(four, 8 / shape.highBits), index(shape.highWord())));
}
Value BlockDecoder::highShift(Value four) { return times(modulo(four, 8 / shape.highBits), shape.highBits); }

/// The low bits of pair `number` of eight columns, in the halves of a word.
Value BlockDecoder::lowPair(Value eight, int64_t number) {
  int64_t bits = shape.lowBits, eights = std::max<int64_t>(1, 4 / bits), own = std::max<int64_t>(1, bits / 4),
          pairs = 16 / bits;
  Value from = add(first, eight);
  Value wordNumber = add(times(divide(from, eights), own), index(bits < 4 ? 0 : number / pairs));
  Value shift = add(times(modulo(from, eights), 4 * bits), index(number % pairs * bits));
  return mask(shiftRight(word(wordNumber), shift), ((1 << bits) - 1) * 0x00010001);
}

//===- numbers
//------------------------------------------------------------------------------------------------===//

/// The table's number for a code below 16, by selection of the word of four that has it.
Value BlockDecoder::chosen(Value code) {
  auto four = [&](int64_t from) {
    uint32_t bytes = 0;
    for (int64_t i = 0; i < 4; ++i)
      bytes |= static_cast<uint32_t>(static_cast<uint8_t>(shape.table[from + i])) << 8 * i;
    return constant(static_cast<int32_t>(bytes), code);
  };
  auto bit = [&](int64_t which) -> Value {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, mask(code, which),
                                 constant(0, code));
  };
  Value fourth = bit(4), eighth = bit(8);
  Value low = arith::SelectOp::create(builder, loc, fourth, four(4), four(0));
  Value high = arith::SelectOp::create(builder, loc, fourth, four(12), four(8));
  Value bytes = arith::SelectOp::create(builder, loc, eighth, high, low);
  Value shift = builder.createOrFold<arith::ShLIOp>(loc, mask(code, 3), constant(3, code));
  return signedByte(builder.createOrFold<arith::ShRUIOp>(loc, bytes, shift));
}

Value BlockDecoder::raw(Value eight, Value place) {
  if (!shape.quantized())
    return fromHalves(place);
  Value code = lowField(eight, place);
  if (shape.highBits) {
    Value high = highField(eight, place);
    high = builder.createOrFold<arith::ShLIOp>(loc, high, constant(shape.lowBits, high));
    code = builder.createOrFold<arith::OrIOp>(loc, code, high);
  }
  if (!shape.table.empty())
    return toFloat(chosen(code));
  if (shape.bias)
    code = builder.createOrFold<arith::SubIOp>(loc, code, constant(shape.bias, code));
  return toFloat(code);
}

std::pair<Value, int64_t> BlockDecoder::unshifted(Value eight, Value place) {
  if (!shape.quantized() || shape.highBits || !shape.table.empty())
    return {raw(eight, place), 0};
  auto [number, shift] = lowPlace(eight, place);
  std::optional<int64_t> power = getConstantIntValue(shift);
  if (!power || *power + shape.lowBits > 31) // the highest is the sign
    return {raw(eight, place), 0};
  Value code = mask(word(number), ((int64_t(1) << shape.lowBits) - 1) << *power);
  if (shape.bias)
    code = builder.createOrFold<arith::SubIOp>(loc, code, constant(shape.bias << *power, code));
  return {toFloat(code), *power};
}

/// The codes, a byte each, of the four columns of which pair `number` of eight has two: `low`, and the high
/// bits above.
Value BlockDecoder::withHigh(Value low, Value eight, int64_t number) {
  if (!shape.highBits)
    return low;
  Value four = add(times(add(first, eight), 2), index(number % 2));
  Value high = mask(shiftRight(highWord(four), highShift(four)), ((1 << shape.highBits) - 1) * 0x01010101);
  high = builder.createOrFold<arith::ShLIOp>(loc, high, constant(shape.lowBits, high));
  return builder.createOrFold<arith::OrIOp>(loc, low, high);
}

Value BlockDecoder::pair(int64_t number) { return pair(index(number / 4), number % 4); }

Value BlockDecoder::pair(Value eight, int64_t number) {
  int64_t byte = number / 2 * 8;
  if (shape.lowBits != 4) {
    Value code = lowPair(eight, number);
    if (!shape.highBits)
      return code;
    Value none = constant(0, code);
    Value high = mask(shiftRight(withHigh(none, eight, number), index(byte)), 0x00ff00ff);
    return builder.createOrFold<arith::OrIOp>(loc, code, high);
  }
  if (!shape.highBits && shape.table.empty())
    return lowPair(eight, number);
  return mask(shiftRight(quad(eight, number % 2), index(byte)), 0x00ff00ff);
}

Value BlockDecoder::quad(Value eight, int64_t half) {
  if (shape.lowBits != 4) {
    Value low = pair(eight, half), high = pair(eight, half + 2); // its even bytes, its odd ones
    high = builder.createOrFold<arith::ShLIOp>(loc, high, constant(8, high));
    return builder.createOrFold<arith::OrIOp>(loc, low, high);
  }
  Value bits = word(add(first, eight));
  Value numbers = withHigh(mask(shiftRight(bits, index(half * 4)), 0x0f0f0f0f), eight, half);
  if (!shape.table.empty()) {
    SmallVector<int8_t> table;
    for (int8_t entry : shape.table)
      table.push_back(static_cast<int8_t>(entry + kTableBias));
    numbers = ChooseBytesOp::create(builder, loc, numbers, table);
  }
  return numbers;
}

int64_t BlockDecoder::bias(Format format) {
  BlockShape shape = blockShape(format);
  return shape.table.empty() ? shape.bias : kTableBias;
}

bool BlockDecoder::isNarrow(Format format) {
  BlockShape shape = blockShape(format);
  return shape.table.empty() && shape.lowBits + shape.highBits < 8;
}

/// A block's scale or offset times its group's, whose bytes begin at word `base`.
Value BlockDecoder::ofGroup(Value whole, int64_t base, Value eight) {
  if (!shape.groupWords())
    return whole;
  Value from = eight ? add(first, eight) : first, group = divide(from, shape.group / 8);
  Value bytes = word(add(divide(group, 4), index(base)));
  Value factor = toFloat(signedByte(shiftRight(bytes, times(modulo(group, 4), 8))));
  return arith::MulFOp::create(builder, loc, whole, factor);
}

Value BlockDecoder::scale(Value eight) {
  if (!shape.quantized())
    return {};
  Value bits = word(index(shape.scaleWord()));
  Value whole = shape.offsets
                    ? half(bits, false)
                    : Value(arith::BitcastOp::create(builder, loc, shaped(builder.getF32Type(), bits), bits));
  return ofGroup(whole, shape.scaleWord() + 1, eight);
}

Value BlockDecoder::offset(Value eight) {
  if (!shape.offsets)
    return {};
  return ofGroup(half(word(index(shape.scaleWord())), true), shape.scaleWord() + 1 + shape.groupWords(),
                 eight);
}

Value BlockDecoder::element(Value column) {
  if (!shape.quantized())
    return fromHalves(column);
  Value eight = divide(column, 8), value = raw(eight, modulo(column, 8));
  if (Value factor = scale(eight))
    value = arith::MulFOp::create(builder, loc, value, factor);
  if (Value term = offset(eight))
    value = arith::AddFOp::create(builder, loc, value, term);
  return value;
}
