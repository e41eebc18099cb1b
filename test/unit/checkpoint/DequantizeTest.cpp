// Each format against numbers that this project did not compute.
#include "frontend/checkpoint/Checkpoint.h"
#include "llvm/ADT/bit.h"
#include "test/unit/checkpoint/Builders.h"
#include <cmath>
#include <limits>

using namespace heddle;
using heddle::test::Bytes;

#include "ExpectedBlocks.inc"

template <size_t storedSize, size_t meantSize>
static void check(StorageType type, const uint8_t (&stored)[storedSize], const uint32_t (&meant)[meantSize]) {
  ASSERT_EQ(meantSize / 32 * blockFacts(type).bytes, storedSize);
  float out[meantSize];
  dequantize(type, stored, meantSize, out);
  for (size_t i = 0; i < meantSize; ++i)
    EXPECT_EQ(llvm::bit_cast<uint32_t>(out[i]), meant[i]) << blockFacts(type).name.str() << " element " << i;

  // Each block by itself, from a tensor at an odd address.
  std::vector<uint8_t> shifted(storedSize + 1);
  std::copy(std::begin(stored), std::end(stored), shifted.begin() + 1);
  StoredTensor tensor;
  tensor.type = type;
  tensor.shape = {meantSize};
  tensor.bytes = llvm::ArrayRef(shifted).drop_front();
  for (size_t first = 0; first < meantSize; first += 32) {
    dequantize(tensor, first, 32, out);
    EXPECT_EQ(llvm::bit_cast<uint32_t>(out[17]), meant[first + 17]);
  }
}

TEST(Dequantize, BlocksMeanWhatGgufSays) {
  check(StorageType::Q4_0, storedQ4_0, meantQ4_0);
  check(StorageType::Q4_1, storedQ4_1, meantQ4_1);
  check(StorageType::Q5_0, storedQ5_0, meantQ5_0);
  check(StorageType::Q5_1, storedQ5_1, meantQ5_1);
  check(StorageType::Q8_0, storedQ8_0, meantQ8_0);
}

TEST(Dequantize, EveryHalf) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    float value = halfToFloat(bits);
    int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    EXPECT_EQ(std::signbit(value), bits >> 15 == 1);
    if (exponent == 31 && mantissa)
      EXPECT_TRUE(std::isnan(value));
    else if (exponent == 31)
      EXPECT_TRUE(std::isinf(value));
    else
      EXPECT_EQ(std::fabs(value), exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24));
  }
}

template <typename T> static std::vector<float> values(StorageType type, std::vector<T> stored) {
  Bytes bytes;
  for (T value : stored)
    bytes.number(value);
  std::vector<float> out(stored.size());
  dequantize(type, bytes.data.data(), stored.size(), out.data());
  return out;
}

TEST(Dequantize, PlainNumbers) {
  using Floats = std::vector<float>;
  EXPECT_EQ(values<double>(StorageType::F64, {0.1, -2.0, 1e300}),
            (Floats{0.1f, -2.0f, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(values<float>(StorageType::F32, {0.1f, 1e-45f}), (Floats{0.1f, 1e-45f}));
  EXPECT_EQ(values<uint16_t>(StorageType::F16, {0x3c00, 0xc000, 0x3555}), (Floats{1.0f, -2.0f, 0.333251953125f}));
  EXPECT_EQ(values<uint16_t>(StorageType::BF16, {0x3f80, 0xc000, 0x0001}),
            (Floats{1.0f, -2.0f, llvm::bit_cast<float>(0x10000u)}));
  EXPECT_EQ(values<int64_t>(StorageType::I64, {-3, (1ll << 40) + 1}), (Floats{-3.0f, 0x1p40f}));
  EXPECT_EQ(values<int32_t>(StorageType::I32, {-3, 1 << 24}), (Floats{-3.0f, 0x1p24f}));
  EXPECT_EQ(values<int16_t>(StorageType::I16, {-32768, 7}), (Floats{-32768.0f, 7.0f}));
  EXPECT_EQ(values<int8_t>(StorageType::I8, {-128, 7}), (Floats{-128.0f, 7.0f}));
  EXPECT_EQ(values<uint8_t>(StorageType::U8, {255, 7}), (Floats{255.0f, 7.0f}));
  EXPECT_EQ(values<uint8_t>(StorageType::Bool, {0, 1}), (Floats{0.0f, 1.0f}));
}

TEST(Dequantize, RangesOfPlainTensors) {
  Bytes bytes = heddle::test::counting(10);
  StoredTensor tensor;
  tensor.type = StorageType::U8;
  tensor.shape = {2, 5};
  tensor.bytes = bytes.data;
  float out[3] = {};
  dequantize(tensor, 6, 3, out);
  EXPECT_EQ(out[0], 6.0f);
  EXPECT_EQ(out[2], 8.0f);
  dequantize(tensor, 10, 0, out);
  EXPECT_EQ(out[0], 6.0f);
}

TEST(StorageType, BytesOfShapes) {
  EXPECT_EQ(storedBytes({}, StorageType::F32), 4u);
  EXPECT_EQ(storedBytes({2, 64}, StorageType::Q4_0), 72u);
  EXPECT_EQ(storedBytes({0, 7}, StorageType::F64), 0u);
  EXPECT_EQ(storedBytes({64, 2}, StorageType::Q4_0), std::nullopt);
  EXPECT_EQ(storedBytes({}, StorageType::Q8_0), std::nullopt);
  EXPECT_EQ(storedBytes({-1}, StorageType::U8), std::nullopt);
  EXPECT_EQ(storedBytes({int64_t(1) << 62, 4}, StorageType::U8), std::nullopt);
  EXPECT_EQ(storedBytes({0, int64_t(1) << 62, 4}, StorageType::U8), std::nullopt);
  EXPECT_EQ(storedBytes({int64_t(1) << 61}, StorageType::F32), std::nullopt);
}
