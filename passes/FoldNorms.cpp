// fold-norms: what is computed from one token's numbers alone is done where they are: in a linear's prologue,
// or in one heddle.rowwise.
//
// Terms: an op is *per token* if it is a map, a reduction, a slice, a concat or a regroup, has nothing of S
// and U, leaves T alone, and reads something that is not the same for all calls. A value is *fixed* if it
// comes from weights, constants, indices and sizes only: regions capture it as it is.
//
// Steps, in each layer and entry:
//   1. a per-token op is *foldable* if all its readers are foldable ops or linears that take it as their
//      vector. The foldable ops above a linear become its prologue, in each linear again: beside the matrix
//      they cost little, and nothing is stored
//      (not where the option `prologues` is off);
//   2. what remains grows from each reduction, over per-token ops that read it or that it reads, into one
//      heddle.rowwise, as long as nothing outside stands between two of its ops.
// Expects fuse-linear. Without T (the last token's row) step 1 works the same and step 2 leaves ops as they
// are.
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Explain.h"

namespace heddle {
#define GEN_PASS_DEF_FOLDNORMS
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// Whether a value is the same for all calls.
bool isFixed(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<WeightOp, ConstantOp, IndexOp>(op))
    return true;
  return isa<MapOp, ReduceOp, SliceOp, ConcatOp, RegroupOp, ContractOp, LookupOp>(op) &&
         llvm::all_of(op->getOperands(), isFixed);
}

bool isPerToken(Operation *op) {
  if (!isa<MapOp, ReduceOp, SliceOp, ConcatOp, RegroupOp>(op) || !leavesTokensAlone(op) ||
      isFixed(op->getResult(0)))
    return false;
  auto ofOneText = [](Value value) { return !typeOf(value).has("S") && !typeOf(value).has("U"); };
  return llvm::all_of(op->getOperands(), ofOneText) && ofOneText(op->getResult(0));
}

/// Clones a per-token op for one token.
void cloneWithoutTokens(Operation *op, OpBuilder &builder, IRMapping &mapping) {
  Value result = builder.clone(*op, mapping)->getResult(0);
  result.setType(typeOf(result).without(StringRef("T")));
}

/// Ops to be put into one region, and what it reads and yields.
struct TokenRegion {
  SmallVector<Operation *> ops; // in the order of their block
  llvm::SetVector<Value> inputs;

  /// Reads from outside that differ from call to call, as `isInput` chooses; the others are captured.
  void findInputs(llvm::function_ref<bool(Value)> isInput) {
    for (Operation *op : ops)
      for (Value operand : op->getOperands())
        if (!llvm::is_contained(ops, operand.getDefiningOp()) && isInput(operand))
          inputs.insert(operand);
  }

  /// Fills a region with the ops, T dropped, and yields the results.
  void fill(Region &region, ValueRange results) {
    OpBuilder builder(region.getContext());
    Block *block = builder.createBlock(&region);
    IRMapping mapping;
    for (Value input : inputs)
      mapping.map(input, block->addArgument(typeOf(input).without(StringRef("T")), input.getLoc()));
    for (Operation *op : ops)
      cloneWithoutTokens(op, builder, mapping);
    YieldOp::create(builder, results[0].getLoc(),
                    llvm::map_to_vector(results, [&](Value value) { return mapping.lookup(value); }));
  }
};

//===- prologues of linears -----------------------------------------------------------------------------===//

/// Whether a linear's prologue is still empty, and may be filled: not where it would be computed again for
/// each of a token's choices, or for each matrix.
bool takesVectorAsItIs(LinearOp linear) {
  return !linear.matrixAxis() && linear.getInputs().size() == 1 &&
         llvm::hasSingleElement(linear.getPrologue().front());
}

/// The foldable ops of a block.
OpSet findFoldable(Block &block) {
  OpSet foldable;
  for (Operation &op : llvm::reverse(block)) { // readers come before what they read
    auto takes = [&](OpOperand &use) {
      auto linear = dyn_cast<LinearOp>(use.getOwner());
      bool asVector = linear && use.getOperandNumber() == 0 && takesVectorAsItIs(linear);
      return asVector || foldable.contains(use.getOwner());
    };
    if (isPerToken(&op) && !op.use_empty() && llvm::all_of(op.getUses(), takes))
      foldable.insert(&op);
  }
  return foldable;
}

/// The foldable ops at and above a value, inputs first.
void collectAbove(Value value, const OpSet &foldable, OpSet &chain) {
  Operation *op = value.getDefiningOp();
  if (!op || !foldable.contains(op) || chain.contains(op))
    return;
  for (Value operand : op->getOperands())
    collectAbove(operand, foldable, chain);
  chain.insert(op);
}

/// Puts the foldable ops above a linear's vector into its prologue; false where there are none.
bool foldIntoPrologue(LinearOp linear, const OpSet &foldable, RewriterBase &rewriter) {
  if (!takesVectorAsItIs(linear))
    return false;
  Value vector = linear.getInputs()[0];
  OpSet chain;
  collectAbove(vector, foldable, chain);
  if (chain.empty())
    return false;
  TokenRegion prologue{chain.takeVector(), {}};
  prologue.findInputs([](Value value) { return !isFixed(value); });
  SmallVector<Location> locations = {linear.getLoc()};
  for (Operation *op : prologue.ops)
    locations.push_back(op->getLoc());
  rewriter.setInsertionPoint(linear);
  auto folded =
      LinearOp::create(rewriter, rewriter.getFusedLoc(locations), linear.getResultTypes(),
                       prologue.inputs.getArrayRef(), linear.getWeights(), linear.getExtras(),
                       linear.getChosen(), linear.getOver(), linear.getChoiceAttr(), linear.getEachAttr());
  prologue.fill(folded.getPrologue(), vector);
  folded.getEpilogue().takeBody(linear.getEpilogue());
  rewriter.replaceOp(linear, folded);
  return true;
}

//===- rowwise ------------------------------------------------------------------------------------------===//

bool isRowwise(Operation *op) { return isPerToken(op) && typeOf(op->getResult(0)).has("T"); }

/// Whether the group with one op more can still be one op.
bool fits(Operation *op, OpSet group) {
  group.insert(op);
  return llvm::none_of(group, [&](Operation *member) { return reachesAround(member, group); });
}

/// Grows a group from a reduction along readers and what is read.
OpSet growRowwise(Operation *seed, RewriterBase &rewriter) {
  OpSet group;
  group.insert(seed);
  for (unsigned i = 0; i < group.size(); ++i) { // group grows in the loop
    SmallVector<Operation *> neighbours(group[i]->getUsers());
    for (Value operand : group[i]->getOperands())
      if (Operation *definition = operand.getDefiningOp())
        neighbours.push_back(definition);
    for (Operation *next : neighbours) {
      if (next->getBlock() != seed->getBlock() || !isRowwise(next) || group.contains(next))
        continue;
      if (fits(next, group))
        group.insert(next);
      else
        (void)rewriter.notifyMatchFailure(next, "reads something else that is computed from the same row");
    }
  }
  return group;
}

/// Replaces a group by one heddle.rowwise.
void buildRowwise(const OpSet &group, RewriterBase &rewriter) {
  TokenRegion body{SmallVector<Operation *>(group.begin(), group.end()), {}};
  llvm::sort(body.ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  body.findInputs([](Value value) { return typeOf(value).has("T"); });
  SmallVector<Value> results;
  SmallVector<Location> locations;
  for (Operation *op : body.ops) {
    locations.push_back(op->getLoc());
    if (!llvm::all_of(op->getUsers(), [&](Operation *user) { return group.contains(user); }))
      results.push_back(op->getResult(0));
  }
  rewriter.setInsertionPointAfter(body.ops.back());
  auto rowwise = RowwiseOp::create(rewriter, rewriter.getFusedLoc(locations), ValueRange(results).getTypes(),
                                   body.inputs.getArrayRef());
  body.fill(rowwise.getBody(), results);
  for (auto [old, result] : llvm::zip(results, rowwise.getOuts()))
    rewriter.replaceAllUsesWith(old, result);
  for (Operation *op : llvm::reverse(body.ops))
    rewriter.eraseOp(op);
}

class FoldNorms : public heddle::impl::FoldNormsBase<FoldNorms> {
  using FoldNormsBase::FoldNormsBase;

  void runOnOperation() override {
    Explainer explainer("fold-norms", explain);
    IRRewriter rewriter(&getContext(), &explainer);
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      for (Block &block : function.getFunctionBody()) {
        if (prologues)
          foldPrologues(block, rewriter);
        eraseDead(function.getFunctionBody());
        gatherRowwise(block, rewriter);
        restoreOrder(block);
      }
  }

  void foldPrologues(Block &block, RewriterBase &rewriter) {
    OpSet foldable = findFoldable(block);
    for (LinearOp linear : llvm::to_vector(block.getOps<LinearOp>()))
      numPrologues += foldIntoPrologue(linear, foldable, rewriter);
  }

  /// Reductions that another's group took are gone when their turn comes.
  void gatherRowwise(Block &block, RewriterBase &rewriter) {
    auto isSeed = [](Operation &op) { return isa<ReduceOp>(op) && isRowwise(&op) && !op.use_empty(); };
    for (auto seed = llvm::find_if(block, isSeed); seed != block.end(); seed = llvm::find_if(block, isSeed)) {
      buildRowwise(growRowwise(&*seed, rewriter), rewriter);
      ++numRowwise;
    }
  }
};

} // namespace
