// push-slices: parts of tensors are taken from what is small and early, at best from a weight, instead of
// from what was computed.
//
// Terms: a *view* is a slice or a regroup that touches no axis of tokens. It *sinks* through an op when the
// op is computed on viewed inputs instead.
//
//   slice(map(x, ...))          -> map(slice(x), ...)          when slices alone read the map
//   slice(contract(w, x))       -> contract(slice(w), x)       likewise, unless it is summed over the axis
//   slice(regroup[a b -> c])    -> regroup(slice(x along a))   when whole runs of the outermost axis are
//   taken regroup(contract(w, x))     -> contract(regroup(w), x)     when only the regroup reads it and w is
//   a weight's view regroup(map(x, ...))        -> map(regroup(x), ...)        likewise, when each input
//   concerned can take it further map(concat(x, y), ...)      -> concat(map(x), map(y))      when only the
//   map reads the concat concat(concat(x, y), z)     -> concat(x, y, z) regroup[a -> b](concat)     -> concat
//   along b              when only the regroup reads it
//
// (slice of slice and slice of concat are canonical forms of heddle.slice.) Rotary embedding, also of a part
// of each head and of pairs side by side, is then two contractions of weights' views, two maps and one
// concat.
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Explain.h"

namespace heddle {
#define GEN_PASS_DEF_PUSHSLICES
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

bool readByOneOp(Value value) { return !value.use_empty() && llvm::all_equal(value.getUsers()); }

/// A map as it is, on other inputs and with another type.
MapOp remap(MapOp map, ArrayRef<Value> inputs, NamedTensorType type, RewriterBase &rewriter) {
  auto result = MapOp::create(rewriter, map.getLoc(), type, inputs);
  IRMapping mapping;
  rewriter.cloneRegionBefore(map.getBody(), result.getBody(), result.getBody().end(), mapping);
  return result;
}

//===- slices -------------------------------------------------------------------------------------------===//

SliceOp sliceOf(Value input, SliceOp like, RewriterBase &rewriter) {
  NamedTensorType part = like.getResult().getType();
  auto type = renameAxis(typeOf(input), like.getFrom(), like.getTo(), part.size(like.getTo()));
  return SliceOp::create(rewriter, like.getLoc(), type, input, like.getFromAttr(), like.getOffsetAttr(),
                         like.getToAttr());
}

/// Whether all readers of the slice's input are slices along the same axis: nobody needs the whole.
bool onlyPartsAreRead(SliceOp slice) {
  return llvm::all_of(slice.getInput().getUsers(), [&](Operation *user) {
    auto other = dyn_cast<SliceOp>(user);
    return other && other.getFrom() == slice.getFrom();
  });
}

/// Whether an input may carry the part's axis: where it has the whole's, it must not have the part's already;
/// nor where it has not, for the two would be taken for one.
bool isFreeOf(Value input, SliceOp slice) {
  return slice.getFrom() == slice.getTo() || !typeOf(input).has(slice.getTo());
}

struct SliceOfMap : OpRewritePattern<SliceOp> {
  SliceOfMap(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    auto map = slice.getInput().getDefiningOp<MapOp>();
    if (!map)
      return failure();
    if (!onlyPartsAreRead(slice))
      return rewriter.notifyMatchFailure(map, "is read as a whole too");
    SmallVector<Value> inputs;
    for (Value input : map.getInputs()) {
      if (!isFreeOf(input, slice))
        return rewriter.notifyMatchFailure(map, "an input has the axis '" + slice.getTo() + "' already");
      inputs.push_back(typeOf(input).has(slice.getFrom()) ? sliceOf(input, slice, rewriter).getResult()
                                                          : input);
    }
    rewriter.replaceOp(slice, remap(map, inputs, slice.getResult().getType(), rewriter));
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

struct SliceOfContract : OpRewritePattern<SliceOp> {
  SliceOfContract(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    auto contract = slice.getInput().getDefiningOp<ContractOp>();
    if (!contract)
      return failure();
    if (!onlyPartsAreRead(slice))
      return rewriter.notifyMatchFailure(contract, "is read as a whole too");
    Value sides[] = {contract.getLeft(), contract.getRight()};
    for (Value side : sides)
      if (!isFreeOf(side, slice))
        return rewriter.notifyMatchFailure(contract, "an input has the axis '" + slice.getTo() + "' already");
    for (Value &side : sides)
      if (typeOf(side).has(slice.getFrom()))
        side = sliceOf(side, slice, rewriter);
    rewriter.replaceOpWithNewOp<ContractOp>(slice, slice.getResult().getType(), sides[0], sides[1],
                                            contract.getOver());
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

/// Of axes joined into one, runs of whole rows of the outermost: a slice of that axis.
struct SliceOfJoin : OpRewritePattern<SliceOp> {
  SliceOfJoin(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(SliceOp slice, PatternRewriter &rewriter) const override {
    auto join = slice.getInput().getDefiningOp<RegroupOp>();
    if (!join || join.getTo().size() != 1 || axisNames(join.getTo())[0] != slice.getFrom() ||
        join.getFrom().size() < 2)
      return failure();
    SmallVector<StringRef> from = axisNames(join.getFrom());
    NamedTensorType input = typeOf(join.getInput());
    int64_t run = 1;
    for (StringRef axis : ArrayRef(from).drop_front())
      run *= input.size(axis);
    int64_t size = slice.getResult().getType().size(slice.getTo()), offset = slice.getOffset();
    if (run <= 0 || size % run || offset % run)
      return rewriter.notifyMatchFailure(slice, "does not take whole runs of '" + from[0] + "'");
    std::string outer = size == run ? "1" : from[0].str() + "'";
    if (input.has(outer))
      return rewriter.notifyMatchFailure(slice, "the input has the axis '" + outer + "' already");
    auto part = SliceOp::create(rewriter, slice.getLoc(), renameAxis(input, from[0], outer, size / run),
                                join.getInput(), from[0], offset / run, outer);
    from[0] = outer;
    rewriter.replaceOpWithNewOp<RegroupOp>(slice, slice.getResult().getType(), part,
                                           rewriter.getStrArrayAttr(from),
                                           rewriter.getStrArrayAttr({slice.getTo()}));
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

//===- regroups -----------------------------------------------------------------------------------------===//

bool touchesDynamicAxis(RegroupOp regroup) {
  return llvm::any_of(axisNames(regroup.getFrom()), isDynamicAxis) ||
         llvm::any_of(axisNames(regroup.getTo()), isDynamicAxis);
}

/// Whether a tensor has all axes of the regroup (true), none (false), or some of them or of the new ones
/// (nothing).
std::optional<bool> isConcerned(Value value, RegroupOp regroup) {
  SmallVector<StringRef> from = axisNames(regroup.getFrom());
  auto has = [&](StringRef axis) { return typeOf(value).has(axis); };
  for (StringRef axis : axisNames(regroup.getTo()))
    if (has(axis) && !llvm::is_contained(from, axis))
      return std::nullopt;
  if (llvm::all_of(from, has))
    return true;
  return llvm::any_of(from, has) ? std::nullopt : std::optional<bool>(false);
}

RegroupOp regroupOf(Value input, RegroupOp like, RewriterBase &rewriter) {
  SmallVector<StringRef> to = axisNames(like.getTo());
  auto sizes = llvm::map_to_vector(to, [&](StringRef axis) { return like.getResult().getType().size(axis); });
  auto type = regroupAxes(typeOf(input), axisNames(like.getFrom()), to, sizes);
  return RegroupOp::create(rewriter, like.getLoc(), type, input, like.getFrom(), like.getTo());
}

struct RegroupOfContract : OpRewritePattern<RegroupOp> {
  RegroupOfContract(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(RegroupOp regroup, PatternRewriter &rewriter) const override {
    auto contract = regroup.getInput().getDefiningOp<ContractOp>();
    if (!contract || touchesDynamicAxis(regroup))
      return failure();
    if (!readByOneOp(contract.getResult()))
      return rewriter.notifyMatchFailure(contract, "is read in its old form too");
    Value sides[] = {contract.getLeft(), contract.getRight()};
    std::optional<bool> concerned[] = {isConcerned(sides[0], regroup), isConcerned(sides[1], regroup)};
    if (!concerned[0] || !concerned[1])
      return rewriter.notifyMatchFailure(contract, "an input has some of the axes only");
    for (auto [side, is] : llvm::zip(sides, concerned))
      if (*is && !isWeightView(side))
        return rewriter.notifyMatchFailure(contract, "what would have to be regrouped is no weight");
    for (auto [side, is] : llvm::zip(sides, concerned))
      if (*is)
        side = regroupOf(side, regroup, rewriter);
    rewriter.replaceOpWithNewOp<ContractOp>(regroup, regroup.getResult().getType(), sides[0], sides[1],
                                            contract.getOver());
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

struct RegroupOfMap : OpRewritePattern<RegroupOp> {
  RegroupOfMap(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(RegroupOp regroup, PatternRewriter &rewriter) const override {
    auto map = regroup.getInput().getDefiningOp<MapOp>();
    if (!map || touchesDynamicAxis(regroup))
      return failure();
    if (!readByOneOp(map.getResult()))
      return rewriter.notifyMatchFailure(map, "is read in its old form too");
    SmallVector<bool> concerned;
    for (Value input : map.getInputs()) {
      std::optional<bool> is = isConcerned(input, regroup);
      if (!is)
        return rewriter.notifyMatchFailure(map, "an input has some of the axes only");
      bool further = isWeightView(input) ||
                     (isa_and_present<ContractOp, MapOp>(input.getDefiningOp()) && readByOneOp(input));
      if (*is && !further)
        return rewriter.notifyMatchFailure(map, "an input would have to be regrouped in memory");
      concerned.push_back(*is);
    }
    SmallVector<Value> inputs;
    for (auto [input, is] : llvm::zip(map.getInputs(), concerned))
      inputs.push_back(is ? regroupOf(input, regroup, rewriter).getResult() : input);
    rewriter.replaceOp(regroup, remap(map, inputs, regroup.getResult().getType(), rewriter));
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

//===- concats ------------------------------------------------------------------------------------------===//

struct MapOfConcat : OpRewritePattern<MapOp> {
  MapOfConcat(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(MapOp map, PatternRewriter &rewriter) const override {
    ConcatOp concat;
    for (Value input : map.getInputs())
      if ((concat = input.getDefiningOp<ConcatOp>()))
        break;
    if (!concat)
      return failure();
    if (!readByOneOp(concat.getResult()))
      return rewriter.notifyMatchFailure(concat, "is read elsewhere too");
    for (Value input : map.getInputs())
      if (input != concat.getResult() && conflicts(input, concat))
        return rewriter.notifyMatchFailure(map, "another input lies along the concat's axis, or a part's");
    SmallVector<Value> parts;
    for (auto [part, axis] : llvm::zip(concat.getParts(), axisNames(concat.getFrom()))) {
      auto inputs = llvm::map_to_vector(map.getInputs(), [&, part = part](Value input) {
        return input == concat.getResult() ? part : input;
      });
      auto type = renameAxis(map.getResult().getType(), concat.getTo(), axis, typeOf(part).size(axis));
      parts.push_back(remap(map, inputs, type, rewriter));
    }
    rewriter.replaceOpWithNewOp<ConcatOp>(map, map.getResult().getType(), parts, concat.getFrom(),
                                          concat.getTo());
    ++count;
    return success();
  }

  static bool conflicts(Value input, ConcatOp concat) {
    NamedTensorType type = typeOf(input);
    return type.has(concat.getTo()) ||
           llvm::any_of(axisNames(concat.getFrom()), [&](StringRef axis) { return type.has(axis); });
  }
  Pass::Statistic &count;
};

struct ConcatOfConcat : OpRewritePattern<ConcatOp> {
  ConcatOfConcat(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(ConcatOp concat, PatternRewriter &rewriter) const override {
    SmallVector<Value> parts;
    SmallVector<StringRef> axes;
    bool changed = false;
    for (auto [part, axis] : llvm::zip(concat.getParts(), axisNames(concat.getFrom()))) {
      auto inner = part.getDefiningOp<ConcatOp>();
      if (inner && inner.getTo() == axis && readByOneOp(inner.getResult()) && agree(inner, concat, axis)) {
        llvm::append_range(parts, inner.getParts());
        llvm::append_range(axes, axisNames(inner.getFrom()));
        changed = true;
      } else {
        parts.push_back(part);
        axes.push_back(axis);
      }
    }
    if (!changed)
      return failure();
    rewriter.replaceOpWithNewOp<ConcatOp>(concat, concat.getResult().getType(), parts,
                                          rewriter.getStrArrayAttr(axes), concat.getToAttr());
    ++count;
    return success();
  }

  /// No part's axis may be one that goes along in the result.
  static bool agree(ConcatOp inner, ConcatOp concat, StringRef axis) {
    NamedTensorType result = concat.getResult().getType();
    return llvm::none_of(axisNames(inner.getFrom()),
                         [&](StringRef part) { return part != concat.getTo() && result.has(part); });
  }
  Pass::Statistic &count;
};

/// A concat under another name.
struct RenameOfConcat : OpRewritePattern<RegroupOp> {
  RenameOfConcat(MLIRContext *context, Pass::Statistic &count) : OpRewritePattern(context), count(count) {}
  LogicalResult matchAndRewrite(RegroupOp regroup, PatternRewriter &rewriter) const override {
    auto concat = regroup.getInput().getDefiningOp<ConcatOp>();
    if (!concat || regroup.getFrom().size() != 1 || regroup.getTo().size() != 1 ||
        regroup.getFrom()[0] != concat.getToAttr())
      return failure();
    StringRef to = axisNames(regroup.getTo())[0];
    if (!readByOneOp(concat.getResult()))
      return rewriter.notifyMatchFailure(concat, "is read under its old name too");
    for (auto [part, axis] : llvm::zip(concat.getParts(), axisNames(concat.getFrom())))
      if (typeOf(part).has(to) && axis != to)
        return rewriter.notifyMatchFailure(concat, "a part has the axis '" + to + "' already");
    rewriter.replaceOpWithNewOp<ConcatOp>(regroup, regroup.getResult().getType(), concat.getParts(),
                                          concat.getFrom(), rewriter.getStringAttr(to));
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

class PushSlices : public heddle::impl::PushSlicesBase<PushSlices> {
  using PushSlicesBase::PushSlicesBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    Explainer explainer("push-slices", explain);
    RewritePatternSet patterns(context);
    patterns.add<SliceOfMap, SliceOfContract, SliceOfJoin, RegroupOfContract, RegroupOfMap, MapOfConcat,
                 ConcatOfConcat, RenameOfConcat>(context, numPushed);
    SliceOp::getCanonicalizationPatterns(patterns, context);
    MapOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     GreedyRewriteConfig().setListener(&explainer))))
      signalPassFailure();
  }
};

} // namespace
