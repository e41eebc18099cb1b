//===- EmitMath.cpp - arithmetic on the scalars of a region ---------------===//

#include "frontend/elaborate/Emitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace llvm;
using namespace heddle::elaboration;
using mlir::Location;
using mlir::OpBuilder;
namespace arith = mlir::arith;
namespace math = mlir::math;

static bool isReal(mlir::Value value) { return isa<mlir::FloatType>(value.getType()); }

mlir::Value heddle::elaboration::constantScalar(OpBuilder &builder, Location loc, Number number, NumberKind kind) {
  switch (kind) {
  case NumberKind::Real:
    return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(float(number.value)));
  case NumberKind::Integer:
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(int32_t(saturated(number.value, INT32_MIN, INT32_MAX))));
  case NumberKind::Flag:
    return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(number.value != 0));
  }
  llvm_unreachable("not a kind");
}

mlir::Value heddle::elaboration::convertScalar(OpBuilder &builder, Location loc, mlir::Value value, NumberKind kind) {
  if (kind == NumberKind::Real && value.getType().isInteger(32))
    return arith::SIToFPOp::create(builder, loc, builder.getF32Type(), value);
  return value;
}

static mlir::Value one(OpBuilder &builder, Location loc) {
  return constantScalar(builder, loc, Number::real(1), NumberKind::Real);
}

/// x ^ n for a small whole n > 0, by squaring.
static mlir::Value emitWholePower(OpBuilder &builder, Location loc, mlir::Value x, int64_t n) {
  mlir::Value result;
  for (;; n >>= 1) {
    if (n & 1)
      result = result ? mlir::Value(arith::MulFOp::create(builder, loc, result, x)) : x;
    if (n <= 1)
      return result;
    x = arith::MulFOp::create(builder, loc, x, x);
  }
}

/// Whole powers up to 8 and square roots exactly, the rest by powf.
static mlir::Value emitPower(OpBuilder &builder, Location loc, mlir::Value x, mlir::Value exponent) {
  auto known = exponent.getDefiningOp<arith::ConstantOp>();
  if (!known)
    return math::PowFOp::create(builder, loc, x, exponent);
  double value = cast<mlir::FloatAttr>(known.getValue()).getValueAsDouble();
  double size = std::fabs(value);
  if (size != 0.5 && (size != std::floor(size) || size > 8))
    return math::PowFOp::create(builder, loc, x, exponent);
  known.erase();
  if (value == 0)
    return one(builder, loc);
  mlir::Value result = size == 0.5 ? mlir::Value(math::SqrtOp::create(builder, loc, x))
                             : emitWholePower(builder, loc, x, int64_t(size));
  if (value < 0)
    result = arith::DivFOp::create(builder, loc, one(builder, loc), result);
  return result;
}

static mlir::Value emitComparison(OpBuilder &builder, Location loc, MathOp op, mlir::Value a, mlir::Value b) {
  struct Predicates {
    arith::CmpFPredicate real;
    arith::CmpIPredicate integer;
  };
  auto predicates = [&]() -> Predicates {
    switch (op) {
    case MathOp::Lt:
      return {arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt};
    case MathOp::Le:
      return {arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle};
    case MathOp::Gt:
      return {arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt};
    case MathOp::Ge:
      return {arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge};
    case MathOp::Eq:
      return {arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq};
    default:
      return {arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne};
    }
  }();
  if (isReal(a))
    return arith::CmpFOp::create(builder, loc, predicates.real, a, b);
  return arith::CmpIOp::create(builder, loc, predicates.integer, a, b);
}

/// Floors, as Python does; the remainder has the sign of the divisor.
static mlir::Value emitFloorDiv(OpBuilder &builder, Location loc, mlir::Value a, mlir::Value b) {
  if (!isReal(a))
    return arith::FloorDivSIOp::create(builder, loc, a, b);
  return math::FloorOp::create(builder, loc, arith::DivFOp::create(builder, loc, a, b));
}

static mlir::Value emitMod(OpBuilder &builder, Location loc, mlir::Value a, mlir::Value b) {
  mlir::Value whole = emitFloorDiv(builder, loc, a, b);
  if (isReal(a))
    return arith::SubFOp::create(builder, loc, a, arith::MulFOp::create(builder, loc, whole, b));
  return arith::SubIOp::create(builder, loc, a, arith::MulIOp::create(builder, loc, whole, b));
}

template <typename RealOp, typename IntegerOp>
static mlir::Value emitEither(OpBuilder &builder, Location loc, mlir::Value a, mlir::Value b) {
  if (isReal(a))
    return RealOp::create(builder, loc, a, b);
  return IntegerOp::create(builder, loc, a, b);
}

static mlir::Value emitNegation(OpBuilder &builder, Location loc, mlir::Value x) {
  if (isReal(x))
    return arith::NegFOp::create(builder, loc, x);
  return arith::SubIOp::create(builder, loc, constantScalar(builder, loc, Number(), NumberKind::Integer), x);
}

/// The nearest whole number to one side, as i32.
template <typename Round> static mlir::Value emitWhole(OpBuilder &builder, Location loc, mlir::Value x) {
  if (!isReal(x))
    return x;
  return arith::FPToSIOp::create(builder, loc, builder.getI32Type(), Round::create(builder, loc, x));
}

/// The nearest number of a format with fewer bits, of two the even one. In arithmetic on float32 and its bits: not every
/// target knows those formats, and MLIR would fold the way there and back.
static mlir::Value emitRounding(OpBuilder &builder, Location loc, MathOp op, mlir::Value x) {
  if (op == MathOp::RoundF32)
    return x;
  auto word = [&](int32_t value) {
    return constantScalar(builder, loc, Number::integer(value), NumberKind::Integer);
  };
  auto real = [&](double value) { return constantScalar(builder, loc, Number::real(value), NumberKind::Real); };
  auto toBits = [&](mlir::Value value) { return arith::BitcastOp::create(builder, loc, builder.getI32Type(), value); };
  auto toReal = [&](mlir::Value value) { return arith::BitcastOp::create(builder, loc, builder.getF32Type(), value); };
  auto both = [&](mlir::Value value, mlir::Value mask) { return arith::AndIOp::create(builder, loc, value, mask); };
  auto choose = [&](arith::CmpFPredicate predicate, mlir::Value left, mlir::Value right, mlir::Value yes, mlir::Value no) {
    mlir::Value condition = arith::CmpFOp::create(builder, loc, predicate, left, right);
    return arith::SelectOp::create(builder, loc, condition, yes, no);
  };

  int32_t dropped = op == MathOp::RoundBF16 ? 16 : 13;
  mlir::Value bits = toBits(x);
  mlir::Value odd = both(arith::ShRUIOp::create(builder, loc, bits, word(dropped)), word(1));
  mlir::Value half = arith::AddIOp::create(builder, loc, odd, word((1 << (dropped - 1)) - 1));
  mlir::Value rounded = toReal(both(arith::AddIOp::create(builder, loc, bits, half), word(-(1 << dropped))));
  if (op == MathOp::RoundF16) {
    // Below the least normal number they lie as close as float32's beside one half; beyond the greatest is infinity.
    mlir::Value sign = both(bits, word(INT32_MIN)), size = toReal(both(bits, word(INT32_MAX)));
    auto signedAs = [&](mlir::Value value) {
      return toReal(arith::OrIOp::create(builder, loc, toBits(value), sign));
    };
    mlir::Value small = arith::AddFOp::create(builder, loc, size, real(0.5));
    small = signedAs(arith::SubFOp::create(builder, loc, small, real(0.5)));
    rounded = choose(arith::CmpFPredicate::OLT, size, real(0x1p-14), small, rounded);
    rounded = choose(arith::CmpFPredicate::OGE, size, real(65520), signedAs(real(INFINITY)), rounded);
  }
  return choose(arith::CmpFPredicate::UNO, x, x, x, rounded);
}

mlir::Value heddle::elaboration::emitMath(OpBuilder &builder, Location loc, MathOp op, ArrayRef<mlir::Value> x) {
  switch (op) {
  case MathOp::Add:
    return emitEither<arith::AddFOp, arith::AddIOp>(builder, loc, x[0], x[1]);
  case MathOp::Sub:
    return emitEither<arith::SubFOp, arith::SubIOp>(builder, loc, x[0], x[1]);
  case MathOp::Mul:
    return emitEither<arith::MulFOp, arith::MulIOp>(builder, loc, x[0], x[1]);
  case MathOp::Div:
    return arith::DivFOp::create(builder, loc, x[0], x[1]);
  case MathOp::FloorDiv:
    return emitFloorDiv(builder, loc, x[0], x[1]);
  case MathOp::Mod:
    return emitMod(builder, loc, x[0], x[1]);
  case MathOp::Pow:
    return emitPower(builder, loc, x[0], x[1]);
  case MathOp::Lt:
  case MathOp::Le:
  case MathOp::Gt:
  case MathOp::Ge:
  case MathOp::Eq:
  case MathOp::Ne:
    return emitComparison(builder, loc, op, x[0], x[1]);
  case MathOp::And:
    return arith::AndIOp::create(builder, loc, x[0], x[1]);
  case MathOp::Or:
    return arith::OrIOp::create(builder, loc, x[0], x[1]);
  case MathOp::Not:
    return arith::XOrIOp::create(builder, loc, x[0],
                                 constantScalar(builder, loc, Number::flag(true), NumberKind::Flag));
  case MathOp::Neg:
    return emitNegation(builder, loc, x[0]);
  case MathOp::Min:
    return emitEither<arith::MinimumFOp, arith::MinSIOp>(builder, loc, x[0], x[1]);
  case MathOp::Max:
    return emitEither<arith::MaximumFOp, arith::MaxSIOp>(builder, loc, x[0], x[1]);
  case MathOp::Where:
    return arith::SelectOp::create(builder, loc, x[0], x[1], x[2]);
  case MathOp::Exp:
    return math::ExpOp::create(builder, loc, x[0]);
  case MathOp::Sqrt:
    return math::SqrtOp::create(builder, loc, x[0]);
  case MathOp::Tanh:
    return math::TanhOp::create(builder, loc, x[0]);
  case MathOp::Erf:
    return math::ErfOp::create(builder, loc, x[0]);
  case MathOp::Cos:
    return math::CosOp::create(builder, loc, x[0]);
  case MathOp::Sin:
    return math::SinOp::create(builder, loc, x[0]);
  case MathOp::Abs:
    if (isReal(x[0]))
      return math::AbsFOp::create(builder, loc, x[0]);
    return math::AbsIOp::create(builder, loc, x[0]);
  case MathOp::Ln:
    return math::LogOp::create(builder, loc, x[0]);
  case MathOp::Log2:
    return math::Log2Op::create(builder, loc, x[0]);
  case MathOp::Floor:
    return emitWhole<math::FloorOp>(builder, loc, x[0]);
  case MathOp::Ceil:
    return emitWhole<math::CeilOp>(builder, loc, x[0]);
  case MathOp::RoundBF16:
  case MathOp::RoundF16:
  case MathOp::RoundF32:
    return emitRounding(builder, loc, op, x[0]);
  }
  llvm_unreachable("not an operation");
}
