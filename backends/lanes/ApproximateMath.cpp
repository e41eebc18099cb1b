//===- ApproximateMath.cpp - functions by polynomials ----------------------===//
//
// Expects and leaves: any code; math.exp, tanh and erf of f32 (scalars, too: a call would empty all vector
// registers) become arith ops, on demand sin and cos as well. Polynomials are minimax fits with a relative
// error below 1e-8; what remains is float32's rounding.
//
//   exp(x)   x = k ln 2 + r, |r| <= ln 2 / 2; 1 + r + r^2 P(r), times 2^k in two steps, so that subnormal
//   results and
//            infinity come out by themselves
//   tanh(x)  below 5/8: x + x^3 P(x^2); above: 1 - 2 / (exp(2x) + 1)
//   erf(x)   below 1: x P(x^2); above: 1 - exp(P(x)), P fitted to the logarithm of 1 - erf
//   sin, cos x = k pi / 2 + r, |r| <= pi / 4 (pi / 2 in four parts: Cody and Waite, 1980); of the sine's and
//   the cosine's
//            polynomial at r, the quadrant k chooses one and its sign
//
//===----------------------------------------------------------------------===//

#include "backends/lanes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace heddle::lanes {

#define GEN_PASS_DEF_APPROXIMATEMATH
#include "backends/lanes/Passes.h.inc"

namespace {

/// Builds float32 arithmetic on scalars or vectors of one shape.
class Arithmetic {
public:
  Arithmetic(OpBuilder &builder, Location loc, Type type) : builder(builder), loc(loc), type(type) {}

  Value constant(float value) { return constantOf(type, builder.getF32FloatAttr(value)); }
  Value add(Value left, Value right) { return arith::AddFOp::create(builder, loc, left, right); }
  Value sub(Value left, Value right) { return arith::SubFOp::create(builder, loc, left, right); }
  Value mul(Value left, Value right) { return arith::MulFOp::create(builder, loc, left, right); }
  Value div(Value left, Value right) { return arith::DivFOp::create(builder, loc, left, right); }
  Value abs(Value value) { return math::AbsFOp::create(builder, loc, value); }
  Value copySign(Value size, Value sign) { return math::CopySignOp::create(builder, loc, size, sign); }

  Value select(arith::CmpFPredicate predicate, Value left, Value right, Value yes, Value no) {
    Value condition = arith::CmpFOp::create(builder, loc, predicate, left, right);
    return arith::SelectOp::create(builder, loc, condition, yes, no);
  }

  /// coefficients[0] + coefficients[1] x + ...
  Value polynomial(Value x, ArrayRef<float> coefficients) {
    Value sum = constant(coefficients.back());
    for (float coefficient : llvm::reverse(coefficients.drop_back()))
      sum = add(mul(sum, x), constant(coefficient));
    return sum;
  }

  Value exp(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sin(Value x) { return sine(x, 0); }
  Value cos(Value x) { return sine(x, 1); }

private:
  Value sine(Value x, int32_t quarters);

  Value constantOf(Type shape, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(shape))
      value = DenseElementsAttr::get(vector, value);
    return arith::ConstantOp::create(builder, loc, value);
  }
  Type integers() {
    Type i32 = builder.getI32Type();
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(VectorType::get(vector.getShape(), i32)) : i32;
  }
  Value integer(int32_t value) { return constantOf(integers(), builder.getI32IntegerAttr(value)); }
  Value bits(Value value) { return arith::BitcastOp::create(builder, loc, integers(), value); }
  Value powerOfTwo(Value exponent) {
    Value biased = arith::AddIOp::create(builder, loc, exponent, integer(127));
    Value shifted = arith::ShLIOp::create(builder, loc, biased, integer(23));
    return arith::BitcastOp::create(builder, loc, type, shifted);
  }

  OpBuilder &builder;
  Location loc;
  Type type;
};

Value Arithmetic::exp(Value x) {
  // Beyond these it is 0 or infinity. The comparisons are such that NaN passes.
  Value low = constant(-105.0f), high = constant(89.0f);
  x = select(arith::CmpFPredicate::OGT, low, x, low, x);
  x = select(arith::CmpFPredicate::OLT, high, x, high, x);
  // Adding 1.5 * 2^23 rounds to an integer, which the low bits then hold.
  Value magic = constant(12582912.0f);
  Value shifted = add(mul(x, constant(1.44269504f)), magic);
  Value k = sub(shifted, magic);
  Value exponent = arith::SubIOp::create(builder, loc, bits(shifted), bits(magic));
  // ln 2 in two parts; the first has few enough bits for its product with k to be exact.
  Value r = sub(x, mul(k, constant(0.693359375f)));
  r = sub(r, mul(k, constant(-2.12194440e-4f)));
  Value p = polynomial(r, {0.5f, 0.16666666f, 0.0416662954f, 0.0083334968f, 0.0013944651f, 0.00019790372f});
  Value result = add(add(mul(mul(r, r), p), r), constant(1.0f));
  Value half = arith::ShRSIOp::create(builder, loc, exponent, integer(1));
  Value other = arith::SubIOp::create(builder, loc, exponent, half);
  return mul(mul(result, powerOfTwo(half)), powerOfTwo(other));
}

Value Arithmetic::tanh(Value x) {
  Value size = abs(x), square = mul(x, x);
  Value p = polynomial(square, {-0.33333281f, 0.133314416f, -0.053739704f, 0.020639054f, -0.005704953f});
  Value small = add(mul(mul(square, p), size), size);
  Value one = constant(1.0f);
  Value large = sub(one, div(constant(2.0f), add(exp(add(size, size)), one)));
  return copySign(select(arith::CmpFPredicate::OLT, size, constant(0.625f), small, large), x);
}

Value Arithmetic::erf(Value x) {
  Value size = abs(x);
  Value small = mul(size, polynomial(mul(x, x), {1.12837911f, -0.37612627f, 0.112835854f, -0.026853811f,
                                                 0.0051883273f, -0.0008010189f, 0.00007853847f}));
  // From 4 on it rounds to 1; there the polynomial is not to be believed.
  Value four = constant(4.0f);
  Value near = select(arith::CmpFPredicate::OLT, four, size, four, size);
  Value p = polynomial(near, {0.00018847516f, -1.12958038f, -0.63321632f, -0.108422168f, 0.025210382f,
                              -0.0042053005f, 0.00044147577f, -0.0000216978733f});
  Value large = sub(constant(1.0f), exp(p));
  return copySign(select(arith::CmpFPredicate::OLT, size, constant(1.0f), small, large), x);
}

/// sin(x + quarters * pi / 2).
Value Arithmetic::sine(Value x, int32_t quarters) {
  Value k = math::RoundEvenOp::create(builder, loc, mul(x, constant(0.636619772f)));
  // Parts of 8 bits: their products with k are exact while k has 16.
  Value r = x;
  for (float part : {1.5703125f, 4.82559204e-4f, 1.26659870e-6f, 9.92093629e-10f})
    r = sub(r, mul(k, constant(part)));
  Value z = mul(r, r);
  Value odd = add(mul(mul(z, r), polynomial(z, {-0.166666552f, 0.00833216087f, -0.000195152956f})), r);
  Value even = add(mul(mul(z, z), polynomial(z, {0.0416666456f, -0.00138873162f, 0.0000244331571f})),
                   sub(constant(1.0f), mul(z, constant(0.5f))));
  Value quadrant = arith::FPToSIOp::create(builder, loc, integers(), k);
  if (quarters)
    quadrant = arith::AddIOp::create(builder, loc, quadrant, integer(quarters));
  auto bit = [&](int32_t mask) {
    Value masked = arith::AndIOp::create(builder, loc, quadrant, integer(mask));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked, integer(0));
  };
  Value size = arith::SelectOp::create(builder, loc, bit(1), even, odd);
  Value negative = arith::NegFOp::create(builder, loc, size);
  return arith::SelectOp::create(builder, loc, bit(2), negative, size);
}

template <typename Op, Value (Arithmetic::*function)(Value)> struct Approximate : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "only float32 is approximated");
    rewriter.replaceOp(op, (Arithmetic(rewriter, op.getLoc(), op.getType()).*function)(op.getOperand()));
    return success();
  }
};

struct ApproximateMath : impl::ApproximateMathBase<ApproximateMath> {
  using ApproximateMathBase::ApproximateMathBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Approximate<math::ExpOp, &Arithmetic::exp>, Approximate<math::TanhOp, &Arithmetic::tanh>,
                 Approximate<math::ErfOp, &Arithmetic::erf>>(&getContext());
    if (sines)
      patterns.add<Approximate<math::SinOp, &Arithmetic::sin>, Approximate<math::CosOp, &Arithmetic::cos>>(
          &getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace

} // namespace heddle::lanes
