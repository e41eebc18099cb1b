//===- Dequantize.cpp - stored bytes to float32 ---------------------------===//
//
// Quantised blocks are taken apart first (BlockNumbers.cpp). All products are
// exact, and fusing the addition of an offset changes nothing.
//
//===----------------------------------------------------------------------===//
#include "frontend/checkpoint/BlockBytes.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "llvm/ADT/bit.h"
#include <cassert>
#include <cmath>

using namespace heddle;

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

float heddle::bfloatToFloat(uint16_t bits) { return llvm::bit_cast<float>(uint32_t(bits) << 16); }

uint16_t heddle::floatToBfloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return (bits >> 16) | 0x40; // stays a NaN, whatever its payload
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

uint16_t heddle::floatToHalf(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint16_t sign = bits >> 16 & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x477ff000) // rounds to 65536 or beyond
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24, by the rounding of an addition
    float shifted = llvm::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(llvm::bit_cast<uint32_t>(shifted) - llvm::bit_cast<uint32_t>(0.5f));
  }
  magnitude += 0xfff + (magnitude >> 13 & 1);
  return sign | static_cast<uint16_t>((magnitude - 0x38000000) >> 13);
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
    out[i] = bfloatToFloat(load<uint16_t>(bytes + 2 * i));
}

static void blocks(StorageType type, const uint8_t *bytes, int64_t count, float *out) {
  const BlockFacts &facts = blockFacts(type);
  bool offsets = hasOffsets(type);
  BlockNumbers block;
  for (int64_t b = 0; b < count / facts.elements; ++b, bytes += facts.bytes) {
    takeApart(type, bytes, block);
    for (unsigned g = 0; g < facts.elements / groupElements; ++g, out += groupElements) {
      float scale = block.scale * block.scales[g], offset = offsets ? block.offset * block.offsets[g] : 0;
      for (unsigned i = 0; i < groupElements; ++i) {
        out[i] = scale * block.numbers[g * groupElements + i];
        if (offsets)
          out[i] += offset;
      }
    }
  }
}

void Mxfp4Blocks::make(int64_t index, uint8_t *block) const {
  auto number = [&](unsigned i) { return pairs[index * mxfp4Pairs + i / 2] >> i % 2 * 4 & 15; };
  *block++ = scales[index];
  for (unsigned i = 0; i < mxfp4Pairs; ++i)
    block[i] = number(i) | number(i + mxfp4Pairs) << 4;
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
  case StorageType::F8_E4M3:
    return readFloat8(bytes, nullptr, 0, count, out);
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
  default:
    return blocks(type, bytes, count, out);
  }
}

void heddle::dequantize(const StoredTensor &tensor, int64_t firstElement, int64_t count, float *out) {
  const BlockFacts &block = blockFacts(tensor.type);
  assert(firstElement >= 0 && count >= 0 && firstElement % block.elements == 0 && "expected whole blocks");
  assert(count <= tensor.elements() - firstElement && "expected a range inside the tensor");
  if (tensor.float8)
    return readFloat8(tensor.bytes.data(), &*tensor.float8, firstElement, count, out);
  int64_t first = firstElement / block.elements;
  if (!tensor.joined)
    return dequantize(tensor.type, tensor.bytes.data() + first * block.bytes, count, out);
  for (int64_t b = first; b < first + count / block.elements; ++b, out += block.elements) {
    uint8_t made[mostBlockBytes];
    tensor.joined->make(b, made);
    dequantize(tensor.type, made, block.elements, out);
  }
}
