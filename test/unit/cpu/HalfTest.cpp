// float16: every number there is, to float32 and back.
#include "CompiledKernels.h"

#include <bit>
#include <cmath>

namespace heddle::test {

class Half : public OnEachCpu {};
HEDDLE_ON_EACH_CPU(Half);

/// What a float16 means, by its definition.
static float decode(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float size = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent == 0 ? std::ldexp(float(fraction), -24)
                               : std::ldexp(float(1024 + fraction), exponent - 25);
  return bits & 0x8000 ? -size : size;
}

static constexpr const char *decodeBody = R"(
  %w = memref.load %x[%i] : memref<?xi32>
  %h = arith.trunci %w : i32 to i16
  %f = arith.bitcast %h : i16 to f16
  %r = arith.extf %f : f16 to f32
  memref.store %r, %y[%i] : memref<?xf32>)";

TEST_P(Half, DecodesEveryNumber) {
  CompiledKernels kernels(kernel("%x: memref<?xi32>, %y: memref<?xf32>", "\"T\", \"T\"", decodeBody), GetParam());
  std::vector<int32_t> words(65536);
  std::vector<float> output(65536);
  for (int32_t i = 0; i < 65536; ++i)
    words[i] = i | 0x7abc0000; // the other half of the word must not matter
  kernels.run(0, {words.data(), output.data()}, 0, 4096, {65536});
  for (int32_t i = 0; i < 65536; ++i) {
    float expected = decode(i);
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(output[i])) << i;
    else
      ASSERT_EQ(std::bit_cast<uint32_t>(output[i]), std::bit_cast<uint32_t>(expected)) << i;
  }
}

static constexpr const char *encodeBody = R"(
  %v = memref.load %x[%i] : memref<?xf32>
  %h = arith.truncf %v : f32 to f16
  %b = arith.bitcast %h : f16 to i16
  %w = arith.extui %b : i16 to i32
  memref.store %w, %y[%i] : memref<?xi32>)";

TEST_P(Half, EncodesToTheNearest) {
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?xi32>", "\"T\", \"T\"", encodeBody), GetParam());
  std::vector<float> input;
  for (int32_t i = 0; i < 0x7c00; ++i) { // each number, and the middle to the next one, and beside it
    float low = decode(i), middle = (low + (i + 1 < 0x7c00 ? decode(i + 1) : 65536.0f)) / 2;
    for (float number : {low, std::nextafter(middle, 0.0f), middle, std::nextafter(middle, INFINITY)})
      input.insert(input.end(), {number, -number});
  }
  input.insert(input.end(), {INFINITY, -INFINITY, 1e30f, -1e30f, 1e-30f, -1e-30f, 0.0f, -0.0f});
  input.resize((input.size() + 15) / 16 * 16);
  std::vector<int32_t> output(input.size());
  kernels.run(0, {input.data(), output.data()}, 0, input.size() / 16, {int64_t(input.size())});
  for (size_t i = 0; i < input.size(); ++i)
    ASSERT_EQ(uint16_t(output[i]), std::bit_cast<uint16_t>(_Float16(input[i]))) << input[i];
}

} // namespace heddle::test
