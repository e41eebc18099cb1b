// fuse-maps: a map that another map reads is inlined into it, so that what stands between two large ops is
// one map.
//
// Terms: a map is *dear* if its body calls `math` or divides; it *spreads* into a consumer with more axes,
// where it would be computed again for each index of those. A *free* tensor costs nothing to read again:
// positions, indices, sizes, constants.
//
// A producer is inlined when
//   - the consumer is its only user, and it does not both cost much and spread (cos of an angle over all
//     heads); or
//   - it is cheap and reads free tensors only (a causal mask), however many use it.
// Expects and leaves maps; order of evaluation within an element does not change.
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Explain.h"
#include "passes/support/ScalarBody.h"

namespace heddle {
#define GEN_PASS_DEF_FUSEMAPS
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// Whether reading a tensor again costs nothing.
bool isFree(Value tensor) {
  return isa_and_present<PositionOp, IndexOp, ExtentOp, ConstantOp>(tensor.getDefiningOp());
}

class InlineProducer : public OpRewritePattern<MapOp> {
public:
  InlineProducer(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(MapOp consumer, PatternRewriter &rewriter) const override {
    for (Value input : consumer.getInputs()) {
      auto producer = input.getDefiningOp<MapOp>();
      if (!producer || failed(isWorthIt(producer, consumer, rewriter)))
        continue;
      ScalarBody body(rewriter.getContext());
      body.inlineMap(producer);
      body.yield(consumer.getLoc(), body.inlineMap(consumer));
      rewriter.replaceOp(consumer,
                         body.buildMap(rewriter, consumer.getLoc(), consumer.getResult().getType()));
      ++count;
      return success();
    }
    return failure();
  }

private:
  static LogicalResult isWorthIt(MapOp producer, MapOp consumer, PatternRewriter &rewriter) {
    bool cheap = isCheap(producer);
    bool soleUser = llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == consumer; });
    if (!soleUser && !(cheap && llvm::all_of(producer.getInputs(), isFree)))
      return rewriter.notifyMatchFailure(producer,
                                         "has several users, and reads what is not free to read again");
    if (!cheap && producer.getResult().getType().rank() != consumer.getResult().getType().rank())
      return rewriter.notifyMatchFailure(producer,
                                         "is dear, and would be computed for each index of more axes");
    return success();
  }

  Pass::Statistic &count;
};

class FuseMaps : public heddle::impl::FuseMapsBase<FuseMaps> {
  using FuseMapsBase::FuseMapsBase;

  void runOnOperation() override {
    Explainer explainer("fuse-maps", explain);
    RewritePatternSet patterns(&getContext());
    patterns.add<InlineProducer>(&getContext(), numFused);
    MapOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     GreedyRewriteConfig().setListener(&explainer))))
      signalPassFailure();
  }
};

} // namespace
