//===- GridBlocks.cpp - blocks whose numbers come from a table ------------===//
//
// Of 256 elements. An index chooses eight magnitudes (IQ3: four) from a table;
// signs are eight bits to eight elements, of which some types leave out the
// last: it makes their number even. s is of 32 elements where there are 8, else
// of 16. Scales are kept as d / 8 or d / 4 so that all else is whole:
//
//   IQ2_XXS  half d; 8 x { uint8 index[4]; uint32: signs 4 x 7, s 4 }             d/8 (2 s + 1) g
//   IQ2_XS   half d; uint16[32]: index 9, signs 7; uint8: 4-bit s[16]             d/8 (2 s + 1) g
//   IQ2_S    half d; uint8 index[32], signs[32], high[8]; 4-bit s[16]             d/8 (2 s + 1) g
//   IQ3_XXS  half d; uint8 index[64]; 8 x uint32: signs 4 x 7, s 4                d/4 (2 s + 1) g
//   IQ3_S    half d; uint8 index[64], high[8], signs[32]; 4-bit s[8]              d (2 s + 1) g
//   IQ1_S    half d; uint8 index[32]; uint16[8]: high 4 x 3, s 3, sign            d/8 (2 s + 1) (8 g +- 1)
//   IQ1_M    uint8 index[32]; 4-bit { high 3, sign }[32]; uint16[4]: s 4 x 3, a nibble of d
//                                                                                 d/8 (2 s + 1) (8 g +- 1)
//
//===----------------------------------------------------------------------===//
#include "frontend/checkpoint/BlockBytes.h"
#include "llvm/ADT/bit.h"

using namespace heddle;

#include "Grids.inc"

/// What two or three bits of a grid's row mean.
static constexpr int8_t iq1Digits[] = {-1, 0, 1, 0};
static constexpr int8_t iq2Digits[] = {8, 25, 43, 0};
static constexpr int8_t iq3XxsDigits[] = {4, 12, 20, 28, 36, 44, 52, 62};
static constexpr int8_t iq3SDigits[] = {1, 3, 5, 7, 9, 11, 13, 15};

/// Seven signs, and the eighth that makes their number even.
static unsigned evenSigns(unsigned seven) {
  return seven | static_cast<unsigned>(llvm::popcount(seven) & 1) << 7;
}

static unsigned nibble(const uint8_t *bytes, int i) { return bytes[i / 2] >> (i % 2 * 4) & 15; }

static int8_t odd(unsigned s) { return static_cast<int8_t>(2 * s + 1); }

/// A row of eight, negative where `signs` has a bit.
static void eight(unsigned row, unsigned signs, int8_t *numbers) {
  for (int i = 0; i < 8; ++i)
    numbers[i] =
        static_cast<int8_t>(signs >> i & 1 ? -iq2Digits[row >> 2 * i & 3] : iq2Digits[row >> 2 * i & 3]);
}

/// Two rows of four, the same.
static void twoFours(unsigned first, unsigned second, const int8_t (&digits)[8], unsigned signs,
                     int8_t *numbers) {
  unsigned rows = first | second << 12;
  for (int i = 0; i < 8; ++i)
    numbers[i] = static_cast<int8_t>(signs >> i & 1 ? -digits[rows >> 3 * i & 7] : digits[rows >> 3 * i & 7]);
}

/// A row of eight, each a little more or less.
static void shiftedEight(unsigned row, bool less, int8_t *numbers) {
  for (int i = 0; i < 8; ++i)
    numbers[i] = static_cast<int8_t>(8 * iq1Digits[row >> 2 * i & 3] + (less ? -1 : 1));
}

static void iq2Xxs(const uint8_t *block, BlockNumbers &out) {
  out.scale = loadHalf(block) / 8;
  for (int b = 0; b < 8; ++b) {
    const uint8_t *index = block + 2 + 8 * b;
    auto rest = load<uint32_t>(index + 4);
    out.scales[2 * b] = out.scales[2 * b + 1] = odd(rest >> 28);
    for (int i = 0; i < 4; ++i)
      eight(gridIq2Xxs[index[i]], evenSigns(rest >> 7 * i & 127), out.numbers + 32 * b + 8 * i);
  }
}

static void iq2Xs(const uint8_t *block, BlockNumbers &out) {
  out.scale = loadHalf(block) / 8;
  for (int i = 0; i < 16; ++i)
    out.scales[i] = odd(nibble(block + 66, i));
  for (int i = 0; i < 32; ++i) {
    auto word = load<uint16_t>(block + 2 + 2 * i);
    eight(gridIq2Xs[word & 511], evenSigns(word >> 9), out.numbers + 8 * i);
  }
}

static void iq2S(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *index = block + 2, *signs = block + 34, *high = block + 66;
  out.scale = loadHalf(block) / 8;
  for (int i = 0; i < 16; ++i)
    out.scales[i] = odd(nibble(block + 74, i));
  for (int i = 0; i < 32; ++i)
    eight(gridIq2S[index[i] | (high[i / 4] >> (i % 4 * 2) & 3) << 8], signs[i], out.numbers + 8 * i);
}

static void iq3Xxs(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *index = block + 2;
  out.scale = loadHalf(block) / 4;
  for (int b = 0; b < 8; ++b) {
    auto rest = load<uint32_t>(block + 66 + 4 * b);
    out.scales[2 * b] = out.scales[2 * b + 1] = odd(rest >> 28);
    for (int i = 4 * b; i < 4 * b + 4; ++i)
      twoFours(gridIq3Xxs[index[2 * i]], gridIq3Xxs[index[2 * i + 1]], iq3XxsDigits,
               evenSigns(rest >> 7 * (i % 4) & 127), out.numbers + 8 * i);
  }
}

static void iq3S(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *index = block + 2, *high = block + 66, *signs = block + 74;
  out.scale = loadHalf(block);
  for (int i = 0; i < 16; ++i)
    out.scales[i] = odd(nibble(block + 106, i / 2));
  auto row = [&](int i) { return gridIq3S[index[i] | (high[i / 8] >> i % 8 & 1) << 8]; };
  for (int i = 0; i < 32; ++i)
    twoFours(row(2 * i), row(2 * i + 1), iq3SDigits, signs[i], out.numbers + 8 * i);
}

static void iq1S(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *index = block + 2;
  out.scale = loadHalf(block) / 8;
  for (int b = 0; b < 8; ++b) {
    auto rest = load<uint16_t>(block + 34 + 2 * b);
    out.scales[2 * b] = out.scales[2 * b + 1] = odd(rest >> 12 & 7);
    for (int i = 0; i < 4; ++i)
      shiftedEight(gridIq1[index[4 * b + i] | (rest >> 3 * i & 7) << 8], rest >> 15,
                   out.numbers + 32 * b + 8 * i);
  }
}

static void iq1M(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *index = block, *high = block + 32, *scales = block + 48;
  unsigned half = 0;
  for (int i = 0; i < 4; ++i)
    half |= static_cast<unsigned>(load<uint16_t>(scales + 2 * i) >> 12) << 4 * i;
  out.scale = halfToFloat(static_cast<uint16_t>(half)) / 8;
  for (int i = 0; i < 16; ++i)
    out.scales[i] = odd(load<uint16_t>(scales + i / 4 * 2) >> (i % 4 * 3) & 7);
  for (int i = 0; i < 32; ++i) {
    unsigned rest = nibble(high, i);
    shiftedEight(gridIq1[index[i] | (rest & 7) << 8], rest >> 3, out.numbers + 8 * i);
  }
}

void heddle::takeGridApart(StorageType type, const uint8_t *block, BlockNumbers &out) {
  switch (type) {
  case StorageType::IQ2_XXS:
    return iq2Xxs(block, out);
  case StorageType::IQ2_XS:
    return iq2Xs(block, out);
  case StorageType::IQ2_S:
    return iq2S(block, out);
  case StorageType::IQ3_XXS:
    return iq3Xxs(block, out);
  case StorageType::IQ3_S:
    return iq3S(block, out);
  case StorageType::IQ1_S:
    return iq1S(block, out);
  case StorageType::IQ1_M:
    return iq1M(block, out);
  default:
    llvm_unreachable("not a quantised type");
  }
}
