// exp, tanh and erf against the C library in double precision, by units in the last place.
#include "CompiledKernels.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace heddle::test {

namespace {

constexpr size_t count = 1 << 16;

/// Applies `op` to `count` numbers, as vectors of `lanes`.
std::vector<float> apply(const std::string &op, const std::vector<float> &input, const std::string &cpu,
                         cpu::OptLevel level, int lanes = 16) {
  std::string body = "  %v = memref.load %x[%i] : memref<?xf32>\n  %r = math." + op +
                     " %v : f32\n  memref.store %r, %y[%i] : memref<?xf32>";
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?xf32>", "\"T\", \"T\"", body, lanes), cpu, level);
  std::vector<float> output(input.size());
  kernels.run(0, {const_cast<float *>(input.data()), output.data()}, 0, input.size() / lanes, {int64_t(input.size())});
  return output;
}

/// Distance in units in the last place of float32 at the exact value; subnormal numbers have the least normal's.
double ulps(float got, double exact) {
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : INFINITY;
  if (std::isinf(float(exact)) || std::isinf(got))
    return float(exact) == got ? 0 : INFINITY;
  int exponent = std::max(std::ilogb(std::max(std::fabs(exact), 1e-300)), -126);
  return std::fabs(double(got) - exact) / std::ldexp(1.0, exponent - 23);
}

std::vector<float> sweep(float low, float high) {
  std::vector<float> numbers(count);
  for (size_t i = 0; i < count; ++i)
    numbers[i] = low + (high - low) * (float(i) / (count - 1));
  return numbers;
}

/// Edges, padded to 16 numbers.
std::vector<float> edges() {
  float inf = INFINITY;
  return {0.0f, -0.0f, inf, -inf, NAN, 1e-40f, -1e-40f, 3e38f, -3e38f, 88.7f, 88.8f, -87.5f, -103.9f, -104.1f, 0.625f, 1.0f};
}

double worst(const std::vector<float> &input, const std::vector<float> &output, double (*exact)(double)) {
  double most = 0;
  for (size_t i = 0; i < input.size(); ++i) {
    double distance = ulps(output[i], exact(input[i]));
    if (!(distance <= most)) {
      most = distance;
      if (distance > 100)
        ADD_FAILURE() << "at " << input[i] << ": " << output[i] << ", expected " << exact(input[i]);
    }
  }
  return most;
}

} // namespace

class Functions : public OnEachCpu {};
HEDDLE_ON_EACH_CPU(Functions);

TEST_P(Functions, Exp) {
  for (auto [low, high] : {std::pair{-104.0f, 88.8f}, {-10.0f, 10.0f}, {-1.0f, 0.0f}}) {
    std::vector<float> input = sweep(low, high);
    EXPECT_LE(worst(input, apply("exp", input, GetParam(), cpu::OptLevel::O2), std::exp), 1.5);
  }
  EXPECT_LE(worst(edges(), apply("exp", edges(), GetParam(), cpu::OptLevel::O2), std::exp), 1.5);
}

TEST_P(Functions, ExpOfMinusInfinityIsZero) {
  std::vector<float> input(16, -INFINITY), output = apply("exp", input, GetParam(), cpu::OptLevel::O2);
  for (float number : output)
    EXPECT_EQ(number, 0.0f);
}

TEST_P(Functions, Tanh) {
  for (auto [low, high] : {std::pair{-12.0f, 12.0f}, {-0.7f, 0.7f}, {-1e-3f, 1e-3f}}) {
    std::vector<float> input = sweep(low, high);
    EXPECT_LE(worst(input, apply("tanh", input, GetParam(), cpu::OptLevel::O2), std::tanh), 2.5);
  }
  std::vector<float> output = apply("tanh", edges(), GetParam(), cpu::OptLevel::O2);
  EXPECT_LE(worst(edges(), output, std::tanh), 2.5);
  EXPECT_TRUE(std::signbit(output[1])) << "tanh(-0) must be -0";
}

TEST_P(Functions, Erf) {
  for (auto [low, high] : {std::pair{-6.0f, 6.0f}, {-1.1f, 1.1f}, {-1e-3f, 1e-3f}}) {
    std::vector<float> input = sweep(low, high);
    EXPECT_LE(worst(input, apply("erf", input, GetParam(), cpu::OptLevel::O2), std::erf), 3.0);
  }
  EXPECT_LE(worst(edges(), apply("erf", edges(), GetParam(), cpu::OptLevel::O2), std::erf), 3.0);
}

TEST_P(Functions, PlainRoadCallsTheLibrary) {
  std::vector<float> input = sweep(-20.0f, 20.0f), output = apply("exp", input, GetParam(), cpu::OptLevel::O0);
  for (size_t i = 0; i < input.size(); ++i)
    ASSERT_EQ(output[i], std::exp(input[i])) << "at " << input[i];
  output = apply("erf", input, GetParam(), cpu::OptLevel::O0);
  for (size_t i = 0; i < input.size(); ++i)
    ASSERT_EQ(output[i], std::erf(input[i])) << "at " << input[i];
}

TEST_P(Functions, LargeAnglesAreExact) {
  std::vector<float> input = sweep(0.0f, 131072.0f);
  for (cpu::OptLevel level : {cpu::OptLevel::O0, cpu::OptLevel::O2}) {
    EXPECT_LE(worst(input, apply("sin", input, GetParam(), level), std::sin), 1.0);
    EXPECT_LE(worst(input, apply("cos", input, GetParam(), level), std::cos), 1.0);
  }
}

TEST_P(Functions, EveryFunctionCompiles) {
  for (const char *op : {"absf", "atan", "cbrt", "ceil", "cos", "erfc", "exp2", "expm1", "floor", "log", "log10", "log1p",
                         "log2", "round", "roundeven", "rsqrt", "sin", "sqrt", "tan", "trunc", "sinh", "cosh"}) {
    std::vector<float> input(16, 0.75f);
    for (int lanes : {8, 16})
      EXPECT_TRUE(std::isfinite(apply(op, input, GetParam(), cpu::OptLevel::O2, lanes)[0])) << op;
  }
}

} // namespace heddle::test
