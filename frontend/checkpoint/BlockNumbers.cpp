//===- BlockNumbers.cpp - a quantised block taken apart -------------------===//
//
// The layouts, all little-endian; `half` is a float16. Of 32 elements, of which
// byte i of q has 0..15 in its low and 16..31 in its high nibbles, and bit i of
// `high` is the fifth bit of element i:
//
//   Q4_0    half d;         uint8 q[16]                  d (q - 8)
//   Q4_1    half d, m;      uint8 q[16]                  d q + m
//   Q5_0    half d;         uint32 high; uint8 q[16]     d (q - 16)
//   Q5_1    half d, m;      uint32 high; uint8 q[16]     d q + m
//   Q8_0    half d;         int8 q[32]                   d q
//   IQ4_NL  half d;         uint8 q[16]                  d iq4Numbers[q]
//   MXFP4   uint8 e;        uint8 q[16]                  2^(e - 128) e2m1Numbers[q]
//
// Of 256 elements, s and m being of 16 or 32 elements each. Nibbles are cut from
// 32 (Q4_K, Q5_K), 64 (Q6_K) or 16 (IQ4_XS) bytes at a time, pairs of bits and
// single bits from 32 bytes: the lowest ones of all these bytes come first.
//
//   Q2_K    uint8 ms[16] (s in the low nibble); uint8 q[64]; half d, n   d s q - n m
//   Q3_K    uint8 high[32], q[64]; six-bit s[16]; half d       d (s - 32) (q - 4 + 4 high)
//   Q4_K    half d, n;  six-bit s, m[8];  uint8 q[128]                   d s q - n m
//   Q5_K    half d, n;  six-bit s, m[8];  uint8 high[32], q[128]         d s (q + 16 high) - n m
//   Q6_K    uint8 q[128], high[64]; int8 s[16]; half d                   d s (q + 16 high - 32)
//   IQ4_XS  half d; uint16 and uint8[4]: six-bit s[8]; uint8 q[128]      d (s - 32) iq4Numbers[q]
//   TQ2_0   uint8 q[64]; half d                                          d (q - 1)
//   TQ1_0   uint8 q[52]; half d         digits to base three of a fraction, d (digit - 1)
//
//===----------------------------------------------------------------------===//
#include "frontend/checkpoint/BlockNumbers.h"
#include "frontend/checkpoint/BlockBytes.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace heddle;

static void fill(int8_t (&groups)[16], int8_t value) {
  std::fill(std::begin(groups), std::end(groups), value);
}

/// A scale for each 32 elements, written to both of their groups.
static void ofThirtyTwo(int8_t (&groups)[16], int index, int value) {
  groups[2 * index] = groups[2 * index + 1] = static_cast<int8_t>(value);
}

static void addBits(const uint8_t *bytes, int count, int shift, int bits, int place, int8_t *numbers) {
  for (int i = 0; i < count; ++i)
    numbers[i] = static_cast<int8_t>(numbers[i] + ((bytes[i] >> shift & ((1 << bits) - 1)) << place));
}

static void subtract(int8_t *numbers, int count, int value) {
  for (int i = 0; i < count; ++i)
    numbers[i] = static_cast<int8_t>(numbers[i] - value);
}

/// All nibbles, `run` low ones before the `run` high ones of the same bytes.
static void nibbles(const uint8_t *q, int count, int run, int8_t *numbers) {
  for (int i = 0; i < count; i += 2 * run, q += run) {
    field(q, run, 0, 4, numbers + i);
    field(q, run, 4, 4, numbers + i + run);
  }
}

/// 256 pairs of bits.
static void pairsOfBits(const uint8_t *q, int8_t *numbers) {
  for (int i = 0; i < 256; i += 32)
    field(q + i / 128 * 32, 32, i / 32 % 4 * 2, 2, numbers + i);
}

static void choose(const int8_t (&table)[16], int count, int8_t *numbers) {
  for (int i = 0; i < count; ++i)
    numbers[i] = table[numbers[i]];
}

//===- of 32 --------------------------------------------------------------===//

static void smallBlock(const uint8_t *block, bool fifthBit, bool minimum, BlockNumbers &out) {
  out.scale = loadHalf(block);
  block += 2;
  if (minimum) {
    out.offset = loadHalf(block);
    block += 2;
  }
  uint32_t high = 0;
  if (fifthBit) {
    high = load<uint32_t>(block);
    block += 4;
  }
  nibbles(block, 32, 16, out.numbers);
  int zero = minimum ? 0 : fifthBit ? 16 : 8;
  for (int i = 0; i < 32; ++i)
    out.numbers[i] = static_cast<int8_t>(out.numbers[i] + static_cast<int>((high >> i & 1) << 4) - zero);
}

/// 2^(e - 128), also where that is subnormal.
static float powerOfTwo(uint8_t e) {
  return llvm::bit_cast<float>(e < 2 ? 0x00200000u << e : static_cast<uint32_t>(e - 1) << 23);
}

//===- of 256 -------------------------------------------------------------===//

/// Eight scales and eight minima of six bits in twelve bytes.
static void sixBits(const uint8_t *bytes, BlockNumbers &out) {
  for (int i = 0; i < 4; ++i) {
    const uint8_t s = bytes[i], m = bytes[4 + i], rest = bytes[8 + i];
    ofThirtyTwo(out.scales, i, s & 63);
    ofThirtyTwo(out.offsets, i, m & 63);
    ofThirtyTwo(out.scales, i + 4, (rest & 15) | (s >> 6) << 4);
    ofThirtyTwo(out.offsets, i + 4, rest >> 4 | (m >> 6) << 4);
  }
}

static void q2K(const uint8_t *block, BlockNumbers &out) {
  out.scale = loadHalf(block + 80);
  out.offset = -loadHalf(block + 82);
  field(block, 16, 0, 4, out.scales);
  field(block, 16, 4, 4, out.offsets);
  pairsOfBits(block + 16, out.numbers);
}

static void q3K(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *high = block, *q = block + 32, *scales = block + 96;
  out.scale = loadHalf(block + 108);
  for (int i = 0; i < 16; ++i) {
    int low = i < 8 ? scales[i] & 15 : scales[i - 8] >> 4, top = scales[8 + i % 4] >> (i / 4 * 2) & 3;
    out.scales[i] = static_cast<int8_t>((low | top << 4) - 32);
  }
  pairsOfBits(q, out.numbers);
  for (int i = 0; i < 8; ++i)
    addBits(high, 32, i, 1, 2, out.numbers + 32 * i);
  subtract(out.numbers, 256, 4);
}

static void q4K(const uint8_t *block, bool fifthBit, BlockNumbers &out) {
  out.scale = loadHalf(block);
  out.offset = -loadHalf(block + 2);
  sixBits(block + 4, out);
  nibbles(block + (fifthBit ? 48 : 16), 256, 32, out.numbers);
  for (int i = 0; i < 8 && fifthBit; ++i)
    addBits(block + 16, 32, i, 1, 4, out.numbers + 32 * i);
}

static void q6K(const uint8_t *block, BlockNumbers &out) {
  const uint8_t *high = block + 128, *scales = block + 192;
  out.scale = loadHalf(block + 208);
  std::memcpy(out.scales, scales, 16);
  nibbles(block, 256, 64, out.numbers);
  for (int i = 0; i < 8; ++i)
    addBits(high + i / 4 * 32, 32, i % 4 * 2, 2, 4, out.numbers + 32 * i);
  subtract(out.numbers, 256, 32);
}

static void iq4Xs(const uint8_t *block, BlockNumbers &out) {
  out.scale = loadHalf(block);
  auto high = load<uint16_t>(block + 2);
  for (int i = 0; i < 8; ++i) {
    int low = block[4 + i / 2] >> (i % 2 * 4) & 15;
    ofThirtyTwo(out.scales, i, (low | (high >> 2 * i & 3) << 4) - 32);
  }
  nibbles(block + 8, 256, 16, out.numbers);
  choose(iq4Numbers, 256, out.numbers);
}

/// A byte is a fraction of 256 whose digits to base three are elements: five of each of 32 bytes, five of
/// each of 16, four of each of 4.
static void tq1(const uint8_t *block, BlockNumbers &out) {
  out.scale = loadHalf(block + 52);
  int8_t *number = out.numbers;
  for (auto [begin, bytes, digits] : {std::array{0, 32, 5}, std::array{32, 16, 5}, std::array{48, 4, 4}})
    for (int k = 0, power = 1; k < digits; ++k, power *= 3)
      for (int i = begin; i < begin + bytes; ++i) {
        auto rest = static_cast<uint8_t>(block[i] * power);
        *number++ = static_cast<int8_t>((rest * 3 >> 8) - 1);
      }
}

static void tq2(const uint8_t *block, BlockNumbers &out) {
  out.scale = loadHalf(block + 64);
  pairsOfBits(block, out.numbers);
  subtract(out.numbers, 256, 1);
}

//===- all ----------------------------------------------------------------===//

bool heddle::hasOffsets(StorageType type) {
  switch (type) {
  case StorageType::Q4_1:
  case StorageType::Q5_1:
  case StorageType::Q2_K:
  case StorageType::Q4_K:
  case StorageType::Q5_K:
    return true;
  default:
    return false;
  }
}

void heddle::takeApart(StorageType type, const uint8_t *block, BlockNumbers &out) {
  fill(out.scales, 1);
  fill(out.offsets, 1);
  switch (type) {
  case StorageType::Q4_0:
    return smallBlock(block, false, false, out);
  case StorageType::Q4_1:
    return smallBlock(block, false, true, out);
  case StorageType::Q5_0:
    return smallBlock(block, true, false, out);
  case StorageType::Q5_1:
    return smallBlock(block, true, true, out);
  case StorageType::Q8_0:
    out.scale = loadHalf(block);
    std::memcpy(out.numbers, block + 2, 32);
    return;
  case StorageType::IQ4_NL:
    out.scale = loadHalf(block);
    nibbles(block + 2, 32, 16, out.numbers);
    return choose(iq4Numbers, 32, out.numbers);
  case StorageType::MXFP4:
    out.scale = powerOfTwo(block[0]);
    nibbles(block + 1, 32, 16, out.numbers);
    return choose(e2m1Numbers, 32, out.numbers);
  case StorageType::Q2_K:
    return q2K(block, out);
  case StorageType::Q3_K:
    return q3K(block, out);
  case StorageType::Q4_K:
    return q4K(block, false, out);
  case StorageType::Q5_K:
    return q4K(block, true, out);
  case StorageType::Q6_K:
    return q6K(block, out);
  case StorageType::IQ4_XS:
    return iq4Xs(block, out);
  case StorageType::TQ1_0:
    return tq1(block, out);
  case StorageType::TQ2_0:
    return tq2(block, out);
  default:
    return takeGridApart(type, block, out);
  }
}
