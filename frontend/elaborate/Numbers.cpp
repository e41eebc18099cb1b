//===- Numbers.cpp - arithmetic on scalars --------------------------------===//

#include "frontend/elaborate/Numbers.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>

using namespace llvm;
using namespace heddle::elaboration;

StringRef heddle::elaboration::describe(NumberKind kind) {
  switch (kind) {
  case NumberKind::Integer:
    return "an integer";
  case NumberKind::Real:
    return "a real";
  case NumberKind::Flag:
    return "a flag";
  }
  llvm_unreachable("not a kind");
}

std::optional<MathFunction> heddle::elaboration::mathFunction(StringRef name) {
  using Result = std::optional<MathFunction>;
  return StringSwitch<Result>(name)
      .Case("exp", MathFunction{MathOp::Exp, 1})
      .Case("sqrt", MathFunction{MathOp::Sqrt, 1})
      .Case("tanh", MathFunction{MathOp::Tanh, 1})
      .Case("erf", MathFunction{MathOp::Erf, 1})
      .Case("cos", MathFunction{MathOp::Cos, 1})
      .Case("sin", MathFunction{MathOp::Sin, 1})
      .Case("abs", MathFunction{MathOp::Abs, 1})
      .Case("ln", MathFunction{MathOp::Ln, 1})
      .Case("log2", MathFunction{MathOp::Log2, 1})
      .Case("floor", MathFunction{MathOp::Floor, 1})
      .Case("ceil", MathFunction{MathOp::Ceil, 1})
      .Case("min", MathFunction{MathOp::Min, 2})
      .Case("max", MathFunction{MathOp::Max, 2})
      .Case("where", MathFunction{MathOp::Where, 3})
      .Default(std::nullopt);
}

std::optional<NumberKind> heddle::elaboration::resultKind(MathOp op, ArrayRef<NumberKind> arguments) {
  bool anyFlag = is_contained(arguments, NumberKind::Flag);
  bool allFlags = all_of(arguments, [](NumberKind kind) { return kind == NumberKind::Flag; });
  bool allIntegers = all_of(arguments, [](NumberKind kind) { return kind == NumberKind::Integer; });
  NumberKind common = allIntegers ? NumberKind::Integer : NumberKind::Real;
  switch (op) {
  case MathOp::And:
  case MathOp::Or:
  case MathOp::Not:
    return allFlags ? std::optional(NumberKind::Flag) : std::nullopt;
  case MathOp::Eq:
  case MathOp::Ne:
    return anyFlag && !allFlags ? std::nullopt : std::optional(NumberKind::Flag);
  case MathOp::Where:
    if (arguments[0] != NumberKind::Flag)
      return std::nullopt;
    if (arguments[1] == arguments[2])
      return arguments[1];
    return is_contained(arguments.drop_front(), NumberKind::Flag) ? std::nullopt : std::optional(NumberKind::Real);
  default:
    break;
  }
  if (anyFlag)
    return std::nullopt;
  switch (op) {
  case MathOp::Add:
  case MathOp::Sub:
  case MathOp::Mul:
  case MathOp::FloorDiv:
  case MathOp::Mod:
  case MathOp::Neg:
  case MathOp::Min:
  case MathOp::Max:
  case MathOp::Abs:
    return common;
  case MathOp::Lt:
  case MathOp::Le:
  case MathOp::Gt:
  case MathOp::Ge:
    return NumberKind::Flag;
  case MathOp::Floor:
  case MathOp::Ceil:
    return NumberKind::Integer;
  default:
    return NumberKind::Real;
  }
}

double heddle::elaboration::roundTo(MathOp format, double value) {
  APFloat number(value);
  bool inexact;
  // First to float32: what is rounded was computed in it.
  number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &inexact);
  if (format != MathOp::RoundF32)
    number.convert(format == MathOp::RoundBF16 ? APFloat::BFloat() : APFloat::IEEEhalf(),
                   APFloat::rmNearestTiesToEven, &inexact);
  return number.convertToDouble();
}

static double greater(double a, double b) { return std::isnan(a) || a > b ? a : b; }
static double less(double a, double b) { return std::isnan(a) || a < b ? a : b; }

double heddle::elaboration::compute(MathOp op, ArrayRef<double> x) {
  switch (op) {
  case MathOp::Add:
    return x[0] + x[1];
  case MathOp::Sub:
    return x[0] - x[1];
  case MathOp::Mul:
    return x[0] * x[1];
  case MathOp::Div:
    return x[0] / x[1];
  case MathOp::FloorDiv:
    return std::floor(x[0] / x[1]);
  case MathOp::Mod:
    return x[0] - std::floor(x[0] / x[1]) * x[1];
  case MathOp::Pow:
    return std::pow(x[0], x[1]);
  case MathOp::Lt:
    return x[0] < x[1];
  case MathOp::Le:
    return x[0] <= x[1];
  case MathOp::Gt:
    return x[0] > x[1];
  case MathOp::Ge:
    return x[0] >= x[1];
  case MathOp::Eq:
    return x[0] == x[1];
  case MathOp::Ne:
    return x[0] != x[1];
  case MathOp::And:
    return x[0] != 0 && x[1] != 0;
  case MathOp::Or:
    return x[0] != 0 || x[1] != 0;
  case MathOp::Not:
    return x[0] == 0;
  case MathOp::Neg:
    return -x[0];
  case MathOp::Min:
    return less(x[0], x[1]);
  case MathOp::Max:
    return greater(x[0], x[1]);
  case MathOp::Where:
    return x[0] != 0 ? x[1] : x[2];
  case MathOp::Exp:
    return std::exp(x[0]);
  case MathOp::Sqrt:
    return std::sqrt(x[0]);
  case MathOp::Tanh:
    return std::tanh(x[0]);
  case MathOp::Erf:
    return std::erf(x[0]);
  case MathOp::Cos:
    return std::cos(x[0]);
  case MathOp::Sin:
    return std::sin(x[0]);
  case MathOp::Abs:
    return std::fabs(x[0]);
  case MathOp::Ln:
    return std::log(x[0]);
  case MathOp::Log2:
    return std::log2(x[0]);
  case MathOp::Floor:
    return std::floor(x[0]);
  case MathOp::Ceil:
    return std::ceil(x[0]);
  case MathOp::RoundBF16:
  case MathOp::RoundF16:
  case MathOp::RoundF32:
    return roundTo(op, x[0]);
  }
  llvm_unreachable("not an operation");
}

int64_t heddle::elaboration::saturated(double value, int64_t least, int64_t greatest) {
  if (std::isnan(value))
    return 0;
  return value <= double(least) ? least : value >= double(greatest) ? greatest : int64_t(value);
}

std::optional<int64_t> heddle::elaboration::wholeNumber(double value) {
  double whole = std::round(value);
  if (!(std::fabs(value - whole) < 1e-9) || std::fabs(whole) > 9007199254740992.0)
    return std::nullopt;
  return int64_t(whole);
}
