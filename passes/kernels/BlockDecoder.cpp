#include "passes/kernels/BlockDecoder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace heddle;

Value BlockDecoder::constant(int64_t value) { return arith::ConstantIntOp::create(builder, loc, value, 32); }

Value BlockDecoder::word(int64_t number) {
  return word(arith::ConstantIndexOp::create(builder, loc, number));
}

Value BlockDecoder::word(Value number) {
  std::optional<int64_t> known = getConstantIntValue(number);
  if (!known)
    return loadWord(number);
  Value &loaded = words[*known];
  if (!loaded)
    loaded = loadWord(number);
  return loaded;
}

/// A float16 (or bfloat16) in half of a word, as f32.
Value BlockDecoder::half(Value word, bool high) {
  Value bits = word;
  if (high)
    bits = builder.createOrFold<arith::ShRUIOp>(loc, word, constant(16));
  Value narrow = arith::TruncIOp::create(builder, loc, builder.getI16Type(), bits);
  Value number = arith::BitcastOp::create(builder, loc, builder.getF16Type(), narrow);
  return arith::ExtFOp::create(builder, loc, builder.getF32Type(), number);
}

/// Where a column lies in its word, in bits: even ones `bits` apart from the lowest, odd ones the same from
/// `half` on.
Value BlockDecoder::interleaved(Value place, int64_t bits, int64_t half) {
  Value two = arith::ConstantIndexOp::create(builder, loc, 2);
  auto times = [&](Value value, int64_t factor) {
    return builder.createOrFold<arith::MulIOp>(loc, value,
                                               arith::ConstantIndexOp::create(builder, loc, factor));
  };
  Value even = times(builder.createOrFold<arith::DivUIOp>(loc, place, two), bits);
  Value odd = times(builder.createOrFold<arith::RemUIOp>(loc, place, two), half);
  return builder.createOrFold<arith::AddIOp>(loc, even, odd);
}

Value BlockDecoder::raw(Value column) {
  auto inWord = [&](int64_t perWord,
                    int64_t bits) { // the word that has the column, and the column's lowest bit in it
    Value by = arith::ConstantIndexOp::create(builder, loc, perWord);
    Value number = builder.createOrFold<arith::DivUIOp>(loc, column, by);
    Value place = builder.createOrFold<arith::RemUIOp>(loc, column, by);
    Value width = arith::ConstantIndexOp::create(builder, loc, bits);
    Value shift = builder.createOrFold<arith::MulIOp>(loc, place, width);
    return std::pair<Value, Value>(
        word(number), builder.createOrFold<arith::IndexCastOp>(loc, builder.getI32Type(), shift));
  };
  switch (format) {
  case Format::F32:
    return word(0);
  case Format::F16: {
    auto [bits, shift] = inWord(2, 16);
    return half(builder.createOrFold<arith::ShRUIOp>(loc, bits, shift), false);
  }
  case Format::BF16: { // the upper half of a float32
    auto [bits, shift] = inWord(2, 16);
    Value low = builder.createOrFold<arith::ShRUIOp>(loc, bits, shift);
    Value wide = builder.createOrFold<arith::ShLIOp>(loc, low, constant(16));
    return arith::BitcastOp::create(builder, loc, builder.getF32Type(), wide);
  }
  case Format::Q8_0:
  case Format::Q4_0:
  case Format::Q4_1:
  case Format::Q5_0:
  case Format::Q5_1: {
    Value eight = arith::ConstantIndexOp::create(builder, loc, 8);
    return raw(builder.createOrFold<arith::DivUIOp>(loc, column, eight),
               builder.createOrFold<arith::RemUIOp>(loc, column, eight));
  }
  case Format::I32:
  case Format::I1:
    break;
  }
  llvm_unreachable("integers are not packed in panels");
}

Value BlockDecoder::raw(Value eight, Value place) {
  auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto word32 = [&](Value value) {
    return builder.createOrFold<arith::IndexCastOp>(loc, builder.getI32Type(), value);
  };
  auto toFloat = [&](Value integer, int64_t bias) -> Value {
    if (bias)
      integer = builder.createOrFold<arith::SubIOp>(loc, integer, constant(bias));
    return arith::SIToFPOp::create(builder, loc, builder.getF32Type(), integer);
  };
  if (format == Format::Q8_0) {
    Value four = index(4);
    Value number =
        builder.createOrFold<arith::AddIOp>(loc, builder.createOrFold<arith::MulIOp>(loc, eight, index(2)),
                                            builder.createOrFold<arith::DivUIOp>(loc, place, four));
    Value lowest = word32(interleaved(builder.createOrFold<arith::RemUIOp>(loc, place, four), 8, 16));
    Value toTop = builder.createOrFold<arith::SubIOp>(loc, constant(24), lowest);
    Value top = builder.createOrFold<arith::ShLIOp>(loc, word(number), toTop);
    return toFloat(builder.createOrFold<arith::ShRSIOp>(loc, top, constant(24)), 0);
  }
  // Of a word's nibbles: columns 0, 2, 4, 6, 1, 3, 5, 7 from the lowest bits.
  Value bits = builder.createOrFold<arith::ShRUIOp>(loc, word(eight), word32(interleaved(place, 4, 16)));
  Value low = builder.createOrFold<arith::AndIOp>(loc, bits, constant(15));
  if (format == Format::Q4_0 || format == Format::Q4_1)
    return toFloat(low, format == Format::Q4_0 ? 8 : 0);
  // A fifth bit a column, in a word of their own.
  Value first = builder.createOrFold<arith::MulIOp>(loc, eight, index(8));
  Value column = word32(builder.createOrFold<arith::AddIOp>(loc, first, place));
  Value fifth = builder.createOrFold<arith::AndIOp>(
      loc, builder.createOrFold<arith::ShRUIOp>(loc, word(4), column), constant(1));
  Value high = builder.createOrFold<arith::ShLIOp>(loc, fifth, constant(4));
  return toFloat(builder.createOrFold<arith::OrIOp>(loc, low, high), format == Format::Q5_0 ? 16 : 0);
}

Value BlockDecoder::scale() {
  switch (format) {
  case Format::Q8_0:
    return half(word(8), false);
  case Format::Q4_0:
  case Format::Q4_1:
    return half(word(4), false);
  case Format::Q5_0:
  case Format::Q5_1:
    return half(word(5), false);
  default:
    return {};
  }
}

Value BlockDecoder::offset() {
  if (format == Format::Q4_1)
    return half(word(4), true);
  if (format == Format::Q5_1)
    return half(word(5), true);
  return {};
}

Value BlockDecoder::element(Value column) {
  Value value = raw(column);
  if (Value factor = scale())
    value = arith::MulFOp::create(builder, loc, value, factor);
  if (Value term = offset())
    value = arith::AddFOp::create(builder, loc, value, term);
  return value;
}

Value BlockDecoder::pair(int64_t number) {
  bool bytes = format == Format::Q8_0;
  int64_t perWord = bytes ? 2 : 4;
  Value bits = word(number / perWord);
  if (bytes) // -128..127 as 0..255
    bits = arith::XOrIOp::create(builder, loc, bits, constant(static_cast<int32_t>(0x80808080)));
  Value shifted =
      builder.createOrFold<arith::ShRUIOp>(loc, bits, constant(number % perWord * (bytes ? 8 : 4)));
  return arith::AndIOp::create(builder, loc, shifted, constant(bytes ? 0x00ff00ff : 0x000f000f));
}

bool BlockDecoder::hasPairs(Format format) {
  return format == Format::Q8_0 || format == Format::Q4_0 || format == Format::Q4_1;
}

int64_t BlockDecoder::bias(Format format) {
  return format == Format::Q8_0 ? 128 : format == Format::Q4_0 ? 8 : 0;
}
