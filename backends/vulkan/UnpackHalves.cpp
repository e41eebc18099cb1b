//===- UnpackHalves.cpp - float16 out of words, without 16-bit types ------===//
//
// Expects: extf(bitcast(trunci(word))), with the word shifted right by 16 for its upper half; or the same of
// a vector of words. Leaves: spirv.GL.UnpackHalf2x16 of each word, and one of its two results.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
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
    if (!narrow || !getElementTypeOrSelf(half.getType()).isF16() ||
        !getElementTypeOrSelf(op.getType()).isF32() ||
        !getElementTypeOrSelf(narrow.getIn().getType()).isInteger(32))
      return rewriter.notifyMatchFailure(op, "not a float16 cut from a word");
    Value words = narrow.getIn();
    auto shift = words.getDefiningOp<arith::ShRUIOp>();
    APInt amount;
    bool upper = shift && matchPattern(shift.getRhs(), m_ConstantInt(&amount)) && amount == 16;
    if (upper)
      words = shift.getLhs();
    auto unpack = [&](Value word) -> Value {
      auto pair = spirv::GLUnpackHalf2x16Op::create(rewriter, op.getLoc(),
                                                    VectorType::get({2}, rewriter.getF32Type()), word);
      return vector::ExtractOp::create(rewriter, op.getLoc(), pair, int64_t(upper));
    };
    auto vector = dyn_cast<VectorType>(op.getType());
    if (!vector) {
      rewriter.replaceOp(op, unpack(words));
      return success();
    }
    SmallVector<Value> halves;
    for (int64_t place = 0; place < vector.getNumElements(); ++place)
      halves.push_back(unpack(vector::ExtractOp::create(rewriter, op.getLoc(), words, place)));
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, vector, halves);
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
