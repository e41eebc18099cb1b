//===- Blocks.cpp - blocks of quantised numbers ---------------------------===//
//
// The stored layouts are at the head of frontend/checkpoint/Dequantize.cpp:
// scales, for five bits a word with the fifth ones, then the low bits, of which
// byte i has those of elements i (low half) and i + 16 (high half).
//
//===----------------------------------------------------------------------===//

#include "backends/program/Blocks.h"
#include "backends/program/Stored.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace heddle;

template <typename T> static T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

template <typename T> static void store(uint8_t *bytes, T value) { std::memcpy(bytes, &value, sizeof(T)); }

//===- numbers to blocks --------------------------------------------------===//

/// 1 / `scale`, and 0 for 0: a block of zeros has scale 0.
static float inverse(float scale) { return scale == 0 ? 0 : 1 / scale; }

/// A value in steps, within [low, high]; NaN becomes `low`.
static int steps(float value, float low, float high) {
  return static_cast<int>(std::nearbyint(std::fmin(std::fmax(value, low), high)));
}

static float largestMagnitude(const float *values) {
  return *std::max_element(values, values + 32, [](float a, float b) { return std::fabs(a) < std::fabs(b); });
}

static void quantizeBytes(const float *values, uint8_t *block) {
  uint16_t scale = floatToHalf(std::fabs(largestMagnitude(values)) / 127);
  float factor = inverse(halfToFloat(scale));
  store(block, scale);
  for (int i = 0; i < 32; ++i)
    block[2 + i] = static_cast<uint8_t>(steps(values[i] * factor, -127, 127));
}

/// Four or five bits, with a minimum or with zero in the middle.
static void quantizeBits(const float *values, unsigned bits, bool minimum, uint8_t *block) {
  int levels = 1 << bits;
  float low, factor;
  uint8_t *rest;
  if (minimum) {
    auto [least, most] = std::minmax_element(values, values + 32);
    uint16_t scale = floatToHalf((*most - *least) / static_cast<float>(levels - 1)),
             offset = floatToHalf(*least);
    store(block, scale);
    store(block + 2, offset);
    factor = inverse(halfToFloat(scale));
    low = -halfToFloat(offset) * factor;
    rest = block + 4;
  } else {
    // The largest number, with its sign, becomes the level -levels / 2, of which there is no positive
    // counterpart.
    uint16_t scale = floatToHalf(largestMagnitude(values) / static_cast<float>(-levels / 2));
    store(block, scale);
    factor = inverse(halfToFloat(scale));
    low = static_cast<float>(levels / 2);
    rest = block + 2;
  }
  uint32_t fifth = 0;
  uint8_t *nibbles = bits == 5 ? rest + 4 : rest;
  std::memset(nibbles, 0, 16);
  for (int i = 0; i < 32; ++i) {
    int level = steps(values[i] * factor + low, 0, static_cast<float>(levels - 1));
    nibbles[i % 16] |= static_cast<uint8_t>((level & 15) << (i < 16 ? 0 : 4));
    fifth |= static_cast<uint32_t>(level >> 4) << i;
  }
  if (bits == 5)
    store(rest, fifth);
}

void heddle::quantizeBlock(StorageType type, const float *values, uint8_t *block) {
  switch (type) {
  case StorageType::Q8_0:
    return quantizeBytes(values, block);
  case StorageType::Q4_0:
    return quantizeBits(values, 4, false, block);
  case StorageType::Q4_1:
    return quantizeBits(values, 4, true, block);
  case StorageType::Q5_0:
    return quantizeBits(values, 5, false, block);
  case StorageType::Q5_1:
    return quantizeBits(values, 5, true, block);
  default:
    return;
  }
}

//===- blocks to words ----------------------------------------------------===//

/// Four numbers below 16, one in each 16 bits, as four nibbles.
static uint32_t joinFour(uint64_t lanes) {
  lanes = (lanes | lanes >> 12) & 0x000000ff000000ff;
  return static_cast<uint32_t>((lanes | lanes >> 24) & 0xffff);
}

/// Eight bytes below 16 as the nibbles of a word: the even ones in the low half, the odd ones in the high
/// half, so that a shift brings neighbours into the two halves.
static uint32_t joinNibbles(uint64_t bytes) {
  constexpr uint64_t even = 0x00ff00ff00ff00ff;
  return joinFour(bytes & even) | joinFour(bytes >> 8 & even) << 16;
}

/// Four bytes, the two in the middle exchanged: neighbours are 16 bits apart.
static uint32_t exchangeMiddle(uint32_t bytes) {
  return (bytes & 0xff0000ff) | (bytes & 0x0000ff00) << 8 | (bytes >> 8 & 0x0000ff00);
}

/// The low four bits of 32 elements: words 0 to 3.
static void nibbleWords(const uint8_t *nibbles, uint32_t *words, int64_t stride) {
  constexpr uint64_t low = 0x0f0f0f0f0f0f0f0f;
  auto first = load<uint64_t>(nibbles), second = load<uint64_t>(nibbles + 8);
  words[0] = joinNibbles(first & low);
  words[stride] = joinNibbles(second & low);
  words[2 * stride] = joinNibbles(first >> 4 & low);
  words[3 * stride] = joinNibbles(second >> 4 & low);
}

void heddle::blockWords(StorageType type, const uint8_t *block, uint32_t *words, int64_t stride) {
  switch (type) {
  case StorageType::Q8_0:
    for (int j = 0; j < 8; ++j)
      words[j * stride] = exchangeMiddle(load<uint32_t>(block + 2 + 4 * j));
    words[8 * stride] = load<uint16_t>(block);
    return;
  case StorageType::Q4_0:
    nibbleWords(block + 2, words, stride);
    words[4 * stride] = load<uint16_t>(block);
    return;
  case StorageType::Q4_1:
    nibbleWords(block + 4, words, stride);
    words[4 * stride] = load<uint32_t>(block);
    return;
  case StorageType::Q5_0:
    nibbleWords(block + 6, words, stride);
    words[4 * stride] = load<uint32_t>(block + 2);
    words[5 * stride] = load<uint16_t>(block);
    return;
  case StorageType::Q5_1:
    nibbleWords(block + 8, words, stride);
    words[4 * stride] = load<uint32_t>(block + 4);
    words[5 * stride] = load<uint32_t>(block);
    return;
  default:
    return;
  }
}
