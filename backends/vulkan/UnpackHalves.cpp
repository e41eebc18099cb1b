//===- UnpackHalves.cpp - float16 out of words, without 16-bit types ------===//
//
// Expects: extf(bitcast(trunci(word))), with the word shifted right by 16 for its upper half. Leaves:
// spirv.GL.UnpackHalf2x16 of the word, and one of its two results.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_UNPACKHALVES
#include "backends/vulkan/Passes.h.inc"

namespace {

struct UnpackHalf : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    auto half = op.getIn().getDefiningOp<arith::BitcastOp>();
    auto narrow = half ? half.getIn().getDefiningOp<arith::TruncIOp>() : nullptr;
    if (!narrow || !half.getType().isF16() || !op.getType().isF32() ||
        !narrow.getIn().getType().isInteger(32))
      return rewriter.notifyMatchFailure(op, "not a float16 cut from a word");
    Value word = narrow.getIn();
    auto shift = word.getDefiningOp<arith::ShRUIOp>();
    bool upper = shift && getConstantIntValue(shift.getRhs()) == 16;
    auto pair = spirv::GLUnpackHalf2x16Op::create(
        rewriter, op.getLoc(), VectorType::get({2}, rewriter.getF32Type()), upper ? shift.getLhs() : word);
    rewriter.replaceOpWithNewOp<vector::ExtractOp>(op, pair, int64_t(upper));
    return success();
  }
};

struct UnpackHalves : impl::UnpackHalvesBase<UnpackHalves> {
  using UnpackHalvesBase::UnpackHalvesBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<UnpackHalf>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace

} // namespace heddle::vulkan
