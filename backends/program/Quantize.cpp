//===- Quantize.cpp - numbers rounded to blocks ---------------------------===//
//
// The stored layouts are at the head of frontend/checkpoint/BlockNumbers.cpp.
//
//===----------------------------------------------------------------------===//
#include "backends/program/Blocks.h"
#include "backends/program/Stored.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace heddle;

template <typename T> static void store(uint8_t *bytes, T value) { std::memcpy(bytes, &value, sizeof(T)); }

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

/// The step at which 32 numbers are nearest to whole steps from -half to half - 1, large ones counting more.
/// Steps are tried with which the largest number, with its sign, becomes about -half, of which there is no
/// positive counterpart; each is then fitted to the levels that the numbers round to.
static float fitStep(const float *values, int half) {
  float largest = largestMagnitude(values), low = static_cast<float>(-half),
        high = static_cast<float>(half - 1);
  float best = largest / low, most = 0;
  for (float level = low - 0.9f; level < low + 1; level += 0.1f) {
    float factor = level * inverse(largest), xq = 0, qq = 0;
    for (int i = 0; i < 32; ++i) {
      float q = std::fmin(std::fmax(std::nearbyint(values[i] * factor), low), high);
      float weight = std::fabs(values[i]);
      xq += weight * values[i] * q;
      qq += weight * q * q;
    }
    // What fitting takes off the sum of squares.
    if (xq * xq > most * qq) {
      most = xq * xq / qq;
      best = xq / qq;
    }
  }
  return best;
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
    uint16_t scale = floatToHalf(fitStep(values, levels / 2));
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

/// The code of E2M1 whose number is nearest to `value`, in halves.
static unsigned e2m1Code(float value) {
  static constexpr float between[] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10};
  float size = std::fabs(value);
  auto code = static_cast<unsigned>(std::upper_bound(std::begin(between), std::end(between), size) - between);
  return std::signbit(value) ? code | 8 : code;
}

/// The power of two is one that just covers the largest number, or the next, which clips it: whichever is
/// nearer in squares.
static void quantizeE2m1(const float *values, uint8_t *block) {
  float most = std::fabs(largestMagnitude(values)), least = INFINITY;
  int covers = most > 0 ? std::clamp(std::ilogb(most) - 2 + 127, 0, 253) : 0;
  for (int e : {covers, covers + 1}) {
    float step = std::ldexp(1.0f, e - 128), inverse = std::ldexp(1.0f, 128 - e), error = 0;
    uint8_t codes[32];
    for (int i = 0; i < 32; ++i) {
      codes[i] = static_cast<uint8_t>(e2m1Code(values[i] * inverse));
      float off = step * e2m1Numbers[codes[i]] - values[i];
      error += off * off;
    }
    if (!(error < least))
      continue;
    least = error;
    block[0] = static_cast<uint8_t>(e);
    for (int i = 0; i < 16; ++i)
      block[1 + i] = static_cast<uint8_t>(codes[i] | codes[i + 16] << 4);
  }
}

//===- Q4_K ---------------------------------------------------------------===//

namespace {
/// x is about step * q - below, q from 0 to 15, neither negative.
struct Line {
  float step = 0, below = 0;
};
} // namespace

/// The line that is nearest to 32 numbers, large ones counting more. Lines are tried whose levels span a
/// little more or less than the numbers do; each is then fitted to the levels that the numbers round to.
static Line fitLine(const float *values) {
  float squares = 0, least = 0, most = values[0];
  for (int i = 0; i < 32; ++i) {
    squares += values[i] * values[i];
    least = std::min(least, values[i]);
    most = std::max(most, values[i]);
  }
  float typical = std::sqrt(squares / 32), range = most - least;
  if (!(range > 0))
    return {0, -least};
  float weights[32], sumW = 0, sumX = 0;
  for (int i = 0; i < 32; ++i) {
    weights[i] = typical + std::fabs(values[i]);
    sumW += weights[i];
    sumX += weights[i] * values[i];
  }
  Line best;
  float smallest = INFINITY;
  for (float levels = 13.6f; levels < 16.5f; levels += 0.15f) {
    float inverse = levels / range, sumQ = 0, sumQQ = 0, sumQX = 0, q[32];
    for (int i = 0; i < 32; ++i) {
      q[i] = std::min(std::nearbyint((values[i] - least) * inverse), 15.0f);
      float weighted = weights[i] * q[i];
      sumQ += weighted;
      sumQQ += weighted * q[i];
      sumQX += weighted * values[i];
    }
    float determinant = sumW * sumQQ - sumQ * sumQ;
    Line line;
    if (determinant > 0)
      line = {(sumW * sumQX - sumX * sumQ) / determinant, (sumQ * sumQX - sumQQ * sumX) / determinant};
    if (line.below < 0 && sumQQ > 0)
      line = {sumQX / sumQQ, 0};
    float error = 0;
    for (int i = 0; i < 32; ++i) {
      float off = line.step * q[i] - line.below - values[i];
      error += weights[i] * off * off;
    }
    if (error < smallest && line.step > 0) {
      smallest = error;
      best = line;
    }
  }
  return best;
}

/// Eight lines whose steps and distances are rounded to six bits of the greatest.
static void quantizeLines(const float *values, uint8_t *block) {
  Line lines[8];
  float step = 0, below = 0;
  for (int g = 0; g < 8; ++g) {
    lines[g] = fitLine(values + 32 * g);
    step = std::max(step, lines[g].step);
    below = std::max(below, lines[g].below);
  }
  uint16_t scale = floatToHalf(step / 63), offset = floatToHalf(below / 63);
  store(block, scale);
  store(block + 2, offset);
  float d = halfToFloat(scale), m = halfToFloat(offset);
  uint8_t *packed = block + 4, *nibbles = block + 16;
  std::memset(packed, 0, 12);
  for (int g = 0; g < 8; ++g) {
    int s = steps(lines[g].step * inverse(d), 0, 63), b = steps(lines[g].below * inverse(m), 0, 63);
    if (g < 4) {
      packed[g] |= static_cast<uint8_t>(s);
      packed[g + 4] |= static_cast<uint8_t>(b);
    } else {
      packed[g - 4] |= static_cast<uint8_t>(s >> 4 << 6);
      packed[g] |= static_cast<uint8_t>(b >> 4 << 6);
      packed[g + 4] = static_cast<uint8_t>((s & 15) | (b & 15) << 4);
    }
    float factor = inverse(d * static_cast<float>(s)), from = m * static_cast<float>(b);
    for (int i = 0; i < 32; ++i) {
      int level = steps((values[32 * g + i] + from) * factor, 0, 15);
      uint8_t &byte = nibbles[g / 2 * 32 + i];
      byte = static_cast<uint8_t>(g % 2 ? byte | level << 4 : level);
    }
  }
}

//===- all ----------------------------------------------------------------===//

bool heddle::canQuantize(StorageType type) {
  switch (type) {
  case StorageType::Q8_0:
  case StorageType::Q4_0:
  case StorageType::Q4_1:
  case StorageType::Q5_0:
  case StorageType::Q5_1:
  case StorageType::MXFP4:
  case StorageType::Q4_K:
    return true;
  default:
    return false;
  }
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
  case StorageType::MXFP4:
    return quantizeE2m1(values, block);
  case StorageType::Q4_K:
    return quantizeLines(values, block);
  default:
    llvm_unreachable("numbers are not rounded to this type");
  }
}
