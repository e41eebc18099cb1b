#include "frontend/elaborate/ConstantTensor.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace heddle::elaboration;

namespace {

const NamedAxis a{"a", 2}, b{"b", 3}, ab{"ab", 6};

ConstantRef tensor(AxisList axes, std::vector<double> values, NumberKind kind = NumberKind::Real) {
  return std::make_shared<ConstantTensor>(ConstantTensor{axes, kind, values});
}

TEST(ConstantTensor, MapTakesTheUnionOfTheAxes) {
  AxisTable table;
  NamedAxis x = *table.declare("x", 2, nullptr), y = *table.declare("y", 3, nullptr);
  ConstantRef sum = mapKnown(MathOp::Add, NumberKind::Real, {tensor({y}, {10, 20, 30}), tensor({x}, {1, 2})}, table);
  EXPECT_EQ(sum->axes, (AxisList{x, y}));
  EXPECT_EQ(sum->values, (std::vector<double>{11, 21, 31, 12, 22, 32}));
}

TEST(ConstantTensor, MapRefusesWhatIsTooLarge) {
  AxisTable table;
  NamedAxis x = *table.declare("x", 1 << 12, nullptr), y = *table.declare("y", 1 << 12, nullptr);
  EXPECT_FALSE(mapKnown(MathOp::Add, NumberKind::Integer, {iota(x), iota(y)}, table));
}

TEST(ConstantTensor, Reductions) {
  ConstantRef x = tensor({a, b}, {1, 2, 3, 4, 5, 9});
  EXPECT_EQ(reduceKnown(Reduction::Sum, *x, {b})->values, (std::vector<double>{6, 18}));
  EXPECT_EQ(reduceKnown(Reduction::Mean, *x, {b})->values, (std::vector<double>{2, 6}));
  EXPECT_EQ(reduceKnown(Reduction::Max, *x, {a})->values, (std::vector<double>{4, 5, 9}));
  EXPECT_EQ(reduceKnown(Reduction::Sum, *x, {a, b})->values, (std::vector<double>{24}));
}

TEST(ConstantTensor, AxesAreSplitJoinedAndPicked) {
  ConstantRef x = tensor({a, b}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(regroupKnown(*x, {b, a}, {ab})->values, (std::vector<double>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(pickKnown(*x, b, 1)->values, (std::vector<double>{1, 4}));
  const NamedAxis two{"two", 2}, one{"one", 1};
  ConstantRef left = sliceKnown(*x, b, 0, one), right = sliceKnown(*x, b, 1, two);
  EXPECT_EQ(right->values, (std::vector<double>{1, 2, 4, 5}));
  EXPECT_EQ(concatKnown({left, right}, {one, two}, b)->values, x->values);
}

TEST(Numbers, FloorDivisionAndRemainderFloorLikePython) {
  EXPECT_EQ(compute(MathOp::FloorDiv, {-7, 2}), -4);
  EXPECT_EQ(compute(MathOp::Mod, {-7, 2}), 1);
  EXPECT_EQ(compute(MathOp::Mod, {7, -2}), -1);
}

TEST(Numbers, WhereIsTotal) {
  EXPECT_EQ(compute(MathOp::Where, {0, INFINITY, 3}), 3);
}

TEST(Numbers, KindsOfResults) {
  using enum NumberKind;
  EXPECT_EQ(resultKind(MathOp::Add, {Integer, Integer}), Integer);
  EXPECT_EQ(resultKind(MathOp::Add, {Integer, Real}), Real);
  EXPECT_EQ(resultKind(MathOp::Div, {Integer, Integer}), Real);
  EXPECT_EQ(resultKind(MathOp::Floor, {Real}), Integer);
  EXPECT_EQ(resultKind(MathOp::Where, {Flag, Integer, Real}), Real);
  EXPECT_EQ(resultKind(MathOp::Add, {Flag, Integer}), std::nullopt);
  EXPECT_EQ(resultKind(MathOp::And, {Flag, Integer}), std::nullopt);
}

TEST(Numbers, RoundingTiesToEven) {
  EXPECT_EQ(roundTo(MathOp::RoundBF16, std::sqrt(3584.0)), 59.75);
  EXPECT_EQ(roundTo(MathOp::RoundBF16, 1.00390625), 1.0);
  EXPECT_EQ(roundTo(MathOp::RoundF32, 1 + std::ldexp(1, -25)), 1.0);
  EXPECT_EQ(roundTo(MathOp::RoundF16, 2049), 2048);
}

TEST(Numbers, SaturatedIsAlwaysAnInteger) {
  EXPECT_EQ(saturated(-INFINITY, -5, 5), -5);
  EXPECT_EQ(saturated(1e300, -5, 5), 5);
  EXPECT_EQ(saturated(NAN, -5, 5), 0);
  EXPECT_EQ(saturated(-3, -5, 5), -3);
}

TEST(Numbers, WholeNumbers) {
  EXPECT_EQ(wholeNumber(64 / 4.0), 16);
  EXPECT_EQ(wholeNumber(10.5), std::nullopt);
  EXPECT_EQ(wholeNumber(NAN), std::nullopt);
  EXPECT_EQ(wholeNumber(1e300), std::nullopt);
}

} // namespace
