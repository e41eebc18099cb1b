//===- Dequantize.cpp - stored bytes to float32 ---------------------------===//
//
// Blocks are read byte by byte (memcpy), since a file aligns them to nothing.
// The layouts of the quantised blocks, all little-endian, of 32 elements:
//
//   Q4_0  half d;         uint8 q[16]                      x = d (q - 8)
//   Q4_1  half d, m;      uint8 q[16]                      x = d q + m
//   Q5_0  half d;         uint32 high; uint8 q[16]         x = d (q - 16)
//   Q5_1  half d, m;      uint32 high; uint8 q[16]         x = d q + m
//   Q8_0  half d;         int8 q[32]                       x = d q
//
// Low nibbles are elements 0..15, high nibbles 16..31; bit i of `high` is the
// fifth bit of element i. A half has 11 significant bits and q at most 8, so
// d q is exact in float32, and fusing the addition of m changes nothing.
//
//===----------------------------------------------------------------------===//
#include "frontend/checkpoint/Checkpoint.h"
#include "llvm/ADT/bit.h"
#include <cassert>
#include <cstring>

using namespace heddle;

template <typename T> static T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

float heddle::halfToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t exponent = bits >> 10 & 0x1f;
  uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0) { // zero and subnormals: mantissa * 2^-24, which is exact
    float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return llvm::bit_cast<float>(llvm::bit_cast<uint32_t>(magnitude) | sign);
  }
  uint32_t wideExponent = exponent == 0x1f ? 0xff : exponent + (127 - 15);
  return llvm::bit_cast<float>(sign | wideExponent << 23 | mantissa << 13);
}

/// Numbers of type T, one after another.
template <typename T> static void plain(const uint8_t *bytes, int64_t count, float *out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(load<T>(bytes + i * sizeof(T)));
}

static void halves(const uint8_t *bytes, int64_t count, float *out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = halfToFloat(load<uint16_t>(bytes + 2 * i));
}

static void bfloats(const uint8_t *bytes, int64_t count, float *out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = llvm::bit_cast<float>(uint32_t(load<uint16_t>(bytes + 2 * i)) << 16);
}

/// Q4_0 to Q5_1: four bits an element, with a fifth and with a minimum or not.
template <bool fifthBit, bool minimum> static void nibbles(const uint8_t *block, int64_t count, float *out) {
  constexpr int scales = minimum ? 4 : 2, blockBytes = scales + (fifthBit ? 4 : 0) + 16;
  constexpr int zero = minimum ? 0 : fifthBit ? 16 : 8;
  for (int64_t b = 0; b < count / 32; ++b, block += blockBytes, out += 32) {
    float d = halfToFloat(load<uint16_t>(block));
    float m = minimum ? halfToFloat(load<uint16_t>(block + 2)) : 0.0f;
    uint32_t high = fifthBit ? load<uint32_t>(block + scales) : 0;
    const uint8_t *q = block + blockBytes - 16;
    for (int i = 0; i < 16; ++i) {
      int low = (q[i] & 15) | (high >> i & 1) << 4;
      int upper = q[i] >> 4 | (high >> (i + 16) & 1) << 4;
      out[i] = d * static_cast<float>(low - zero);
      out[i + 16] = d * static_cast<float>(upper - zero);
      if constexpr (minimum) {
        out[i] += m;
        out[i + 16] += m;
      }
    }
  }
}

static void eightBits(const uint8_t *block, int64_t count, float *out) {
  for (int64_t b = 0; b < count / 32; ++b, block += 34, out += 32) {
    float d = halfToFloat(load<uint16_t>(block));
    for (int i = 0; i < 32; ++i)
      out[i] = d * static_cast<float>(static_cast<int8_t>(block[2 + i]));
  }
}

void heddle::dequantize(StorageType type, const uint8_t *bytes, int64_t count, float *out) {
  assert(count % blockFacts(type).elements == 0 && "expected whole blocks");
  switch (type) {
  case StorageType::F64:
    return plain<double>(bytes, count, out);
  case StorageType::F32:
    if (count > 0)
      std::memcpy(out, bytes, count * sizeof(float)); // keeps NaN payloads
    return;
  case StorageType::F16:
    return halves(bytes, count, out);
  case StorageType::BF16:
    return bfloats(bytes, count, out);
  case StorageType::I64:
    return plain<int64_t>(bytes, count, out);
  case StorageType::I32:
    return plain<int32_t>(bytes, count, out);
  case StorageType::I16:
    return plain<int16_t>(bytes, count, out);
  case StorageType::I8:
    return plain<int8_t>(bytes, count, out);
  case StorageType::U8:
  case StorageType::Bool: // any byte is possible: its value, as of U8
    return plain<uint8_t>(bytes, count, out);
  case StorageType::Q4_0:
    return nibbles<false, false>(bytes, count, out);
  case StorageType::Q4_1:
    return nibbles<false, true>(bytes, count, out);
  case StorageType::Q5_0:
    return nibbles<true, false>(bytes, count, out);
  case StorageType::Q5_1:
    return nibbles<true, true>(bytes, count, out);
  case StorageType::Q8_0:
    return eightBits(bytes, count, out);
  }
}

void heddle::dequantize(const StoredTensor &tensor, int64_t firstElement, int64_t count, float *out) {
  const BlockFacts &block = blockFacts(tensor.type);
  assert(firstElement >= 0 && count >= 0 && firstElement % block.elements == 0 && "expected whole blocks");
  assert(count <= tensor.elements() - firstElement && "expected a range inside the tensor");
  dequantize(tensor.type, tensor.bytes.data() + firstElement / block.elements * block.bytes, count, out);
}
