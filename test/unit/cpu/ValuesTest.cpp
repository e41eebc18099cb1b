// Arithmetic, loops and reductions over the lanes, against loops in C++.
#include "CompiledKernels.h"

#include <cmath>
#include <random>
#include <tuple>

namespace heddle::test {

class Values : public OnEachCpu {};
HEDDLE_ON_EACH_CPU(Values);

static std::vector<float> randomNumbers(size_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float &number : numbers)
    number = normal(random);
  return numbers;
}

/// The sum by halves: the order that lane_reduce promises.
static float treeSum(std::vector<float> v) {
  for (size_t half = v.size() / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i)
      v[i] += v[half + i];
  return v[0];
}

TEST_P(Values, LaneReduce) {
  for (int lanes : {4, 8, 16, 32}) {
    CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?x2xf32>", "\"T\", \"T\"", R"(
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %v = memref.load %x[%i] : memref<?xf32>
      %s = heddle.lane_reduce sum %v : f32
      %m = heddle.lane_reduce max %v : f32
      memref.store %s, %y[%p, %c0] : memref<?x2xf32>
      memref.store %m, %y[%p, %c1] : memref<?x2xf32>)", lanes), GetParam());
    std::vector<float> x = randomNumbers(lanes * 3), y(6);
    kernels.run(0, {x.data(), y.data()}, 0, 3, {3});
    for (int piece = 0; piece < 3; ++piece) {
      std::vector<float> part(x.begin() + lanes * piece, x.begin() + lanes * (piece + 1));
      EXPECT_EQ(y[2 * piece], treeSum(part)) << lanes;
      EXPECT_EQ(y[2 * piece + 1], *std::max_element(part.begin(), part.end())) << lanes;
    }
  }
}

TEST_P(Values, ReduceOfIntegersAndUniforms) {
  CompiledKernels kernels(kernel("%y: memref<?xf32>", "\"T\"", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %w = arith.index_cast %i : index to i32
    %s = heddle.lane_reduce sum %w : i32
    %m = heddle.lane_reduce max %w : i32
    %half = arith.constant 0.5 : f32
    %u = heddle.lane_reduce sum %half : f32
    %sf = arith.sitofp %s : i32 to f32
    %mf = arith.sitofp %m : i32 to f32
    memref.store %sf, %y[%c0] : memref<?xf32>
    memref.store %mf, %y[%c1] : memref<?xf32>
    memref.store %u, %y[%c2] : memref<?xf32>)"), GetParam());
  std::vector<float> y(3);
  kernels.run(0, {y.data()}, 1, 2, {3});
  EXPECT_EQ(y, (std::vector<float>{16 * 16 + 120, 31, 8}));
}

/// `op`, an accumulator + products of the parts of words, against `dot` for random words and some chosen ones.
static void checkDot(const std::string &cpu, const std::string &op, const std::string &type,
                     const std::vector<std::pair<uint32_t, uint32_t>> &chosen,
                     uint32_t (*dot)(uint32_t, uint32_t)) {
  std::string body = R"(
      %c0 = arith.constant 0 : index
      %a = memref.load %x[%i] : memref<?xi32>
      %b = memref.load %y[%i] : memref<?xi32>
      %u = memref.load %y[%c0] : memref<?xi32>
      %zero = arith.constant 0 : i32
      %r = OP %zero, %a, %bTYPE
      %s = OP %r, %a, %uTYPE
      %t = OP %s, %u, %uTYPE
      memref.store %t, %z[%i] : memref<?xi32>)";
  for (size_t at; (at = body.find("OP")) != std::string::npos;)
    body.replace(at, 2, op);
  for (size_t at; (at = body.find("TYPE")) != std::string::npos;)
    body.replace(at, 4, type);
  for (int lanes : {2, 4, 8, 16, 32}) {
    CompiledKernels kernels(
        kernel("%x: memref<?xi32>, %y: memref<?xi32>, %z: memref<?xi32>", "\"T\", \"T\", \"T\"", body, lanes), cpu);
    std::mt19937 random(3);
    std::vector<uint32_t> x(64), y(64), z(64);
    for (size_t i = 0; i < 64; ++i)
      x[i] = random(), y[i] = random();
    for (size_t i = 0; i < chosen.size(); ++i)
      std::tie(x[5 + i], y[5 + i]) = chosen[i];
    kernels.run(0, {x.data(), y.data(), z.data()}, 0, 64 / lanes, {64});
    for (size_t i = 0; i < 64; ++i)
      ASSERT_EQ(z[i], dot(x[i], y[i]) + dot(x[i], y[0]) + dot(y[0], y[0])) << i << ", lanes " << lanes;
  }
}

TEST_P(Values, Dot2) {
  // Two products overflow in one case: it wraps around.
  checkDot(GetParam(), "heddle.dot2", "", {{0x80008000, 0x80008000}}, [](uint32_t left, uint32_t right) {
    return uint32_t(int16_t(left) * int16_t(right)) + uint32_t(int16_t(left >> 16) * int16_t(right >> 16));
  });
}

TEST_P(Values, Dot4) {
  // The least sum, which would not fit into pairs' int16, and the greatest.
  checkDot(GetParam(), "heddle.dot4", " : i32", {{0xffffffff, 0x80808080}, {0xffffffff, 0x7f7f7f7f}},
           [](uint32_t left, uint32_t right) {
             int32_t sum = 0;
             for (int shift = 0; shift < 32; shift += 8)
               sum += uint8_t(left >> shift) * int8_t(right >> shift);
             return uint32_t(sum);
           });
}

TEST_P(Values, ChooseBytes) {
  for (int lanes : {2, 4, 8, 16, 32}) {
    CompiledKernels kernels(kernel("%x: memref<?xi32>, %z: memref<?xi32>", "\"T\", \"T\"", R"(
      %c0 = arith.constant 0 : index
      %a = memref.load %x[%i] : memref<?xi32>
      %u = memref.load %x[%c0] : memref<?xi32>
      %b = heddle.choose_bytes %a in [127, -1, -2, 3, -4, 5, 6, -7, 8, 9, -10, 11, 12, -13, 14, -128] : i32
      %c = heddle.choose_bytes %u in [127, -1, -2, 3, -4, 5, 6, -7, 8, 9, -10, 11, 12, -13, 14, -128] : i32
      %d = arith.xori %b, %c : i32
      memref.store %d, %z[%i] : memref<?xi32>)",
                                   lanes),
                            GetParam());
    constexpr int8_t table[16] = {127, -1, -2, 3, -4, 5, 6, -7, 8, 9, -10, 11, 12, -13, 14, -128};
    std::mt19937 random(3);
    std::vector<uint32_t> x(64), z(64);
    for (uint32_t &word : x)
      word = random() & 0x0f0f0f0f;
    kernels.run(0, {x.data(), z.data()}, 0, 64 / lanes, {64});
    auto choose = [&](uint32_t word) {
      uint32_t result = 0;
      for (int byte = 0; byte < 32; byte += 8)
        result |= uint32_t(uint8_t(table[word >> byte & 15])) << byte;
      return result;
    };
    for (size_t i = 0; i < 64; ++i)
      ASSERT_EQ(z[i], choose(x[i]) ^ choose(x[0])) << i << ", lanes " << lanes;
  }
}

TEST_P(Values, LoopsCarryWhatVaries) {
  // The first carried value begins uniform and becomes varying through the second.
  CompiledKernels kernels(kernel("%x: memref<?x16xf32>, %y: memref<16xf32>, %z: memref<16xf32>", "\"T\"", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %n = heddle.size "T"
    %r:3 = scf.for %j = %c0 to %n step %c1 iter_args(%a = %zero, %b = %zero, %k = %zero) -> (f32, f32, f32) {
      %v = memref.load %x[%j, %l] : memref<?x16xf32>
      %s = arith.addf %b, %v : f32
      %t = arith.addf %a, %b : f32
      %m = arith.addf %k, %one : f32
      scf.yield %t, %s, %m : f32, f32, f32
    }
    %q = arith.addf %r#0, %r#2 : f32
    memref.store %q, %y[%l] : memref<16xf32>
    memref.store %r#1, %z[%l] : memref<16xf32>)"), GetParam());
  std::vector<float> x = randomNumbers(16 * 5), y(16), z(16);
  kernels.run(0, {x.data(), y.data(), z.data()}, 0, 1, {5});
  for (size_t lane = 0; lane < 16; ++lane) {
    float a = 0, b = 0;
    for (size_t j = 0; j < 5; ++j) {
      a += b;
      b += x[j * 16 + lane];
    }
    EXPECT_EQ(y[lane], a + 5);
    EXPECT_EQ(z[lane], b);
  }
}

TEST_P(Values, BranchesAndSelects) {
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?xf32>", "\"T\", \"T\"", R"(
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %is0 = arith.cmpi ult, %p, %c1 : index
    %zero = arith.constant 0.0 : f32
    %v = scf.if %is0 -> (f32) {
      %w = memref.load %x[%i] : memref<?xf32>
      scf.yield %w : f32
    } else {
      scf.yield %zero : f32
    }
    %low = arith.cmpi ult, %l, %c8 : index
    %neg = arith.negf %v : f32
    %r = arith.select %low, %v, %neg : f32
    %s = arith.select %is0, %r, %zero : f32
    memref.store %s, %y[%i] : memref<?xf32>)"), GetParam());
  std::vector<float> x = randomNumbers(32), y(32, 9.0f);
  kernels.run(0, {x.data(), y.data()}, 0, 2, {32});
  for (size_t i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], i >= 16 ? 0.0f : i < 8 ? x[i] : -x[i]);
}

TEST_P(Values, ProductsAndSumsAreFusedOnlyAboveO0) {
  // x * x - 1 with x = 1 + 2^-12: the square's last bit is lost when it is rounded by itself.
  std::string text = kernel("%x: memref<?xf32>, %y: memref<?xf32>", "\"T\", \"T\"", R"(
    %v = memref.load %x[%i] : memref<?xf32>
    %one = arith.constant -1.0 : f32
    %m = arith.mulf %v, %v : f32
    %s = arith.addf %m, %one : f32
    memref.store %s, %y[%i] : memref<?xf32>)");
  float number = 1.0f + std::ldexp(1.0f, -12), rounded = number * number;
  std::vector<float> x(16, number), y(16);
  CompiledKernels(text, GetParam(), cpu::OptLevel::O0).run(0, {x.data(), y.data()}, 0, 1, {16});
  EXPECT_EQ(y[3], rounded - 1.0f);
  CompiledKernels(text, GetParam(), cpu::OptLevel::O2).run(0, {x.data(), y.data()}, 0, 1, {16});
  EXPECT_EQ(y[3], GetParam() == "x86-64" ? rounded - 1.0f : std::fma(number, number, -1.0f));
}

TEST_P(Values, DivisionsOfIndicesAndFma) {
  CompiledKernels kernels(kernel("%y: memref<?xf32>", "\"T\"", R"(
    %c3 = arith.constant 3 : index
    %q = arith.floordivsi %i, %c3 : index
    %c = arith.ceildivsi %i, %c3 : index
    %r = arith.remui %i, %c3 : index
    %a = arith.index_cast %q : index to i32
    %b = arith.index_cast %c : index to i32
    %d = arith.index_cast %r : index to i32
    %fa = arith.sitofp %a : i32 to f32
    %fb = arith.sitofp %b : i32 to f32
    %fd = arith.sitofp %d : i32 to f32
    %s = math.fma %fa, %fb, %fd : f32
    memref.store %s, %y[%i] : memref<?xf32>)"), GetParam());
  std::vector<float> y(32);
  kernels.run(0, {y.data()}, 0, 2, {32});
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], (i / 3) * ((i + 2) / 3) + i % 3);
}

} // namespace heddle::test
