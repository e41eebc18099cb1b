//===- ExpandForTarget.cpp - write out what the processor cannot do -------===//
//
// Expects and leaves: any code. LLVM would call a function for a conversion from float16 without F16C, which no library
// of ours has, and one for a fused product and sum, which is very slow.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Passes.h"
#include "backends/cpu/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace heddle::cpu {

#define GEN_PASS_DEF_EXPANDFORTARGET
#include "backends/cpu/Passes.h.inc"

namespace {

/// Builds arithmetic on the bits of numbers, on scalars or vectors of the shape of `like`.
struct Bits {
  OpBuilder &builder;
  Location loc;
  Type like;

  Type typeOf(Type element) const {
    auto vector = dyn_cast<VectorType>(like);
    return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
  }
  Value number(Type element, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(typeOf(element)))
      value = DenseElementsAttr::get(vector, value);
    return arith::ConstantOp::create(builder, loc, value);
  }
  Value word(int32_t value) { return number(builder.getI32Type(), builder.getI32IntegerAttr(value)); }
  Value real(float value) { return number(builder.getF32Type(), builder.getF32FloatAttr(value)); }
  Value toBits(Value value) { return arith::BitcastOp::create(builder, loc, typeOf(builder.getI32Type()), value); }
  Value toReal(Value value) { return arith::BitcastOp::create(builder, loc, typeOf(builder.getF32Type()), value); }
  template <typename Op> Value op(Value left, Value right) { return Op::create(builder, loc, left, right); }
  Value select(arith::CmpIPredicate predicate, Value left, Value right, Value yes, Value no) {
    Value condition = arith::CmpIOp::create(builder, loc, predicate, left, right);
    return arith::SelectOp::create(builder, loc, condition, yes, no);
  }
};

struct ExtendHalf : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF16() || !getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not from float16 to float32");
    Bits b{rewriter, op.getLoc(), op.getType()};
    Value half = arith::BitcastOp::create(rewriter, b.loc, b.typeOf(rewriter.getI16Type()), op.getIn());
    Value bits = arith::ExtUIOp::create(rewriter, b.loc, b.typeOf(rewriter.getI32Type()), half);
    Value sign = b.op<arith::ShLIOp>(b.op<arith::AndIOp>(bits, b.word(0x8000)), b.word(16));
    // The fields in float32's places, then the exponent's bias corrected: exact, for subnormal numbers, too.
    Value fields = b.op<arith::ShLIOp>(b.op<arith::AndIOp>(bits, b.word(0x7fff)), b.word(13));
    Value size = b.toBits(b.op<arith::MulFOp>(b.toReal(fields), b.real(0x1p112f)));
    Value special = b.op<arith::OrIOp>(fields, b.word(0x7f800000)); // infinity and NaN
    size = b.select(arith::CmpIPredicate::uge, fields, b.word(0x7c00 << 13), special, size);
    rewriter.replaceOp(op, b.toReal(b.op<arith::OrIOp>(size, sign)));
    return success();
  }
};

struct TruncateToHalf : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32() || !getElementTypeOrSelf(op.getType()).isF16())
      return rewriter.notifyMatchFailure(op, "not from float32 to float16");
    Bits b{rewriter, op.getLoc(), op.getType()};
    Value bits = b.toBits(op.getIn()), size = b.op<arith::AndIOp>(bits, b.word(0x7fffffff));
    Value sign = b.op<arith::ShRUIOp>(b.op<arith::AndIOp>(bits, b.word(int32_t(0x80000000))), b.word(16));
    // Below 2^-14: adding a number whose last bit is float16's least rounds to it.
    Value magic = b.real(0.5f);
    Value subnormal = b.op<arith::SubIOp>(b.toBits(b.op<arith::AddFOp>(b.toReal(size), magic)), b.toBits(magic));
    // Otherwise: the bias, and rounding to even, with a carry into the exponent.
    Value odd = b.op<arith::AndIOp>(b.op<arith::ShRUIOp>(size, b.word(13)), b.word(1));
    Value rounded = b.op<arith::AddIOp>(b.op<arith::AddIOp>(size, odd), b.word((15 - 127) * (1 << 23) + 0xfff));
    Value normal = b.op<arith::ShRUIOp>(rounded, b.word(13));
    Value result = b.select(arith::CmpIPredicate::ult, size, b.word(113 << 23), subnormal, normal);
    Value special = b.select(arith::CmpIPredicate::ugt, size, b.word(0x7f800000), b.word(0x7e00), b.word(0x7c00));
    result = b.select(arith::CmpIPredicate::uge, size, b.word(143 << 23), special, result);
    Value half = arith::TruncIOp::create(rewriter, b.loc, b.typeOf(rewriter.getI16Type()),
                                         b.op<arith::OrIOp>(result, sign));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), half);
    return success();
  }
};

struct SplitFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    Value product = arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

struct ExpandForTarget : impl::ExpandForTargetBase<ExpandForTarget> {
  using ExpandForTargetBase::ExpandForTargetBase;

  void runOnOperation() override {
    llvm::Expected<CpuTarget> target = cpuTarget(cpu);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    RewritePatternSet patterns(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(patterns); // LLVM has no such divisions
    arith::populateExpandBFloat16Patterns(patterns);
    if (!target->f16c)
      patterns.add<ExtendHalf, TruncateToHalf>(&getContext());
    if (!target->fma)
      patterns.add<SplitFma>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

} // namespace heddle::cpu
