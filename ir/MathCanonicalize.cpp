// Canonical forms of the page's mathematics.
//
// map: each input once, none that is not read, no constant that is the same everywhere (it stands in the
// body), no addition of zero; a map that changes nothing is its input. slice: not of a slice, not of a concat
// where it lies in one part, not of the whole.
#include "ir/Heddle.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace heddle;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

//===- map ----------------------------------------------------------------------------------------------===//

/// The element of a constant that is the same everywhere; null where it is not.
static TypedAttr uniformElement(Value tensor) {
  auto constant = tensor.getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!elements || !elements.isSplat())
    return {};
  return dyn_cast<TypedAttr>(elements.getSplatValue<Attribute>());
}

/// Takes inputs out of a map whose arguments are no longer read.
static void dropInputs(MapOp map, const llvm::BitVector &unread, PatternRewriter &rewriter) {
  rewriter.modifyOpInPlace(map, [&] {
    map.getBody().front().eraseArguments(unread);
    map->eraseOperands(unread);
  });
}

namespace {

struct TidyInputs : OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MapOp map, PatternRewriter &rewriter) const override {
    llvm::BitVector unread(map.getInputs().size());
    llvm::DenseMap<Value, Value> first;
    Block &body = map.getBody().front();
    for (auto [i, input] : llvm::enumerate(map.getInputs())) {
      BlockArgument argument = body.getArgument(i);
      auto [known, added] = first.insert({input, argument});
      if (!added) {
        rewriter.replaceAllUsesWith(argument, known->second);
      } else if (TypedAttr element = argument.use_empty() ? TypedAttr() : uniformElement(input)) {
        rewriter.setInsertionPointToStart(&body);
        rewriter.replaceAllUsesWith(argument,
                                    arith::ConstantOp::create(rewriter, input.getLoc(), element).getResult());
      }
      if (argument.use_empty())
        unread.set(i);
    }
    if (unread.none())
      return failure();
    dropInputs(map, unread, rewriter);
    return success();
  }
};

/// x + 0 is x: the sign of a zero is not part of the mathematics.
struct DropZero : OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MapOp map, PatternRewriter &rewriter) const override {
    for (Operation &op : map.getBody().front()) {
      auto sum = dyn_cast<arith::AddFOp>(op);
      if (!sum)
        continue;
      for (auto [value, other] :
           {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())})
        if (matchPattern(other, m_AnyZeroFloat())) {
          rewriter.replaceOp(sum, value);
          return success();
        }
    }
    return failure();
  }
};

struct DropIdentity : OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MapOp map, PatternRewriter &rewriter) const override {
    Block &body = map.getBody().front();
    auto argument = dyn_cast<BlockArgument>(cast<YieldOp>(body.getTerminator()).getValues()[0]);
    if (!argument || argument.getOwner() != &body)
      return failure();
    Value input = map.getInputs()[argument.getArgNumber()];
    if (input.getType() != map.getResult().getType())
      return failure();
    rewriter.replaceOp(map, input);
    return success();
  }
};

//===- slice --------------------------------------------------------------------------------------------===//

struct WholeSlice : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    if (slice.getInput().getType() != slice.getResult().getType() || slice.getFrom() != slice.getTo())
      return failure();
    rewriter.replaceOp(slice, slice.getInput());
    return success();
  }
};

struct SliceOfSlice : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    auto inner = slice.getInput().getDefiningOp<SliceOp>();
    if (!inner || inner.getTo() != slice.getFrom())
      return failure();
    rewriter.replaceOpWithNewOp<SliceOp>(slice, slice.getResult().getType(), inner.getInput(),
                                         inner.getFrom(), inner.getOffset() + slice.getOffset(),
                                         slice.getTo());
    return success();
  }
};

/// The part that a slice lies in, or a slice of it; a part under another name is regrouped.
struct SliceOfConcat : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    auto concat = slice.getInput().getDefiningOp<ConcatOp>();
    if (!concat || concat.getTo() != slice.getFrom())
      return failure();
    NamedTensorType result = slice.getResult().getType();
    int64_t size = result.size(slice.getTo()), start = 0;
    for (auto [i, part] : llvm::enumerate(concat.getParts())) {
      StringRef axis = cast<StringAttr>(concat.getFrom()[i]).getValue();
      int64_t inside = slice.getOffset() - start, all = typeOf(part).size(axis);
      start += all;
      if (inside < 0 || inside > all - size || typeOf(part).rank() != result.rank())
        continue;
      if (part.getType() == result && axis == slice.getTo())
        rewriter.replaceOp(slice, part);
      else if (size == all)
        rewriter.replaceOpWithNewOp<RegroupOp>(slice, result, part, rewriter.getStrArrayAttr({axis}),
                                               rewriter.getStrArrayAttr({slice.getTo()}));
      else
        rewriter.replaceOpWithNewOp<SliceOp>(slice, result, part, axis, inside, slice.getTo());
      return success();
    }
    return failure();
  }
};

} // namespace

void MapOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TidyInputs, DropZero, DropIdentity>(context);
}

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<WholeSlice, SliceOfSlice, SliceOfConcat>(context);
}
