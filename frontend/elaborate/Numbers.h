//===- Numbers.h - arithmetic on scalars ------------------------*- C++ -*-===//
//
// The elementwise operators and functions of the language: what kind of number each gives, and its value where all
// arguments are known when compiling (in double). EmitMath.cpp emits the same for run time.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_NUMBERS_H
#define HEDDLE_FRONTEND_ELABORATE_NUMBERS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace heddle::elaboration {

enum class NumberKind { Integer, Real, Flag };

/// "an integer", "a real", "a flag"
llvm::StringRef describe(NumberKind kind);

/// A number known when compiling. Integers are exact up to 2^53; a flag is 0 or 1.
struct Number {
  NumberKind kind = NumberKind::Integer;
  double value = 0;

  static Number integer(double value) { return {NumberKind::Integer, value}; }
  static Number real(double value) { return {NumberKind::Real, value}; }
  static Number flag(bool value) { return {NumberKind::Flag, value ? 1.0 : 0.0}; }
  bool isInteger() const { return kind == NumberKind::Integer; }
  bool isFlag() const { return kind == NumberKind::Flag; }
};

enum class MathOp {
  Add, Sub, Mul, Div, FloorDiv, Mod, Pow,
  Lt, Le, Gt, Ge, Eq, Ne,
  And, Or, Not, Neg, Min, Max, Where,
  Exp, Sqrt, Tanh, Erf, Cos, Sin, Abs, Ln, Log2, Floor, Ceil,
  RoundBF16, RoundF16, RoundF32,
};

/// The function that is called `name` on a page (`exp`, `where`, ...) and its number of arguments.
struct MathFunction {
  MathOp op;
  unsigned arguments;
};
std::optional<MathFunction> mathFunction(llvm::StringRef name);

/// The kind of the result, or none where `op` does not take such arguments.
std::optional<NumberKind> resultKind(MathOp op, llvm::ArrayRef<NumberKind> arguments);

/// The value; kinds are as resultKind accepts them.
double compute(MathOp op, llvm::ArrayRef<double> arguments);

/// `value` as the nearest float32, bfloat16 or half, ties to even.
double roundTo(MathOp format, double value);

/// A whole number that a size or an index can be; none where it is not whole or out of range.
std::optional<int64_t> wholeNumber(double value);

/// `value` cut off to an integer; the nearest one there is for what is out of range, 0 for NaN. An integer that is known
/// may be infinite on a branch that is not taken.
int64_t saturated(double value, int64_t least, int64_t greatest);

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_NUMBERS_H
