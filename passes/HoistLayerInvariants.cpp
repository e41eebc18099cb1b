// hoist-layer-invariants: what every layer would compute from positions and constants is computed once, in
// the entry.
//
// Terms: a value of a layer is *invariant* if it is computed from positions, indices, constants and sizes, or
// from arguments for which every invocation passes such a value. It is *dear* if a dear map (a function of
// `math`, a division) is among what it is computed from. It is hoisted if it is both, real, and spans one of
// T, S and U at most: a table for each pair of tokens would be as large as the scores, and integers (the
// chunk of a position) tell bound-keys what a mask means.
//
// Steps, for each layer:
//   1. find the values to be hoisted that something else reads: these become arguments;
//   2. clone what they are computed from in front of each invocation, and pass the results;
//   3. erase what is left over in the layer. At last, equal values in an entry are merged: all layers share
//      one.
// Expects fuse-maps (cos and sin of an angle are then one map each).
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/CSE.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Explain.h"
#include "passes/support/Layers.h"
#include "passes/support/ScalarBody.h"

namespace heddle {
#define GEN_PASS_DEF_HOISTLAYERINVARIANTS
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// An op whose result depends on nothing but its operands, and is worth following.
bool isTransparent(Operation *op) {
  return isa<PositionOp, IndexOp, ConstantOp, ExtentOp, arith::ConstantOp, MapOp, ReduceOp, SliceOp, ConcatOp,
             RegroupOp>(op);
}

/// What is known of a layer's values.
class Invariants {
public:
  explicit Invariants(LayerOp layer) : layer(layer), invocations(invocationsOf(layer)) {}

  ArrayRef<InvokeOp> getInvocations() const { return invocations; }

  bool isHoistable(Value value) { return isSmallAndReal(value) && isInvariant(value) && isDear(value); }

private:
  static bool isSmallAndReal(Value value) {
    auto type = dyn_cast<NamedTensorType>(value.getType());
    return type && type.getFormat() == Format::F32 &&
           llvm::count(type.getSizes(), NamedTensorType::kDynamic) <= 1;
  }

  bool isInvariant(Value value) {
    auto [known, added] = invariant.insert({value, false});
    if (!added)
      return known->second;
    bool result;
    if (Operation *op = value.getDefiningOp())
      result = isTransparent(op) &&
               llvm::all_of(usedFromOutside(op), [&](Value used) { return isInvariant(used); });
    else
      result = isInvariantArgument(cast<BlockArgument>(value));
    return invariant[value] = result;
  }

  /// An argument of the layer is what all its invocations pass; one of an entry differs from call to call.
  bool isInvariantArgument(BlockArgument argument) {
    return argument.getOwner()->getParentOp() == layer && llvm::all_of(invocations, [&](InvokeOp invoke) {
             return isInvariant(invoke.getArgs()[argument.getArgNumber()]);
           });
  }

  bool isDear(Value value) {
    Operation *op = value.getDefiningOp();
    if (auto map = dyn_cast_if_present<MapOp>(op); map && !isCheap(map))
      return true;
    return op && llvm::any_of(op->getOperands(), [&](Value operand) { return isDear(operand); });
  }

  LayerOp layer;
  SmallVector<InvokeOp> invocations;
  llvm::DenseMap<Value, bool> invariant;
};

/// Clones what a layer's value is computed from in front of an invocation; arguments are what it passes.
Value cloneBefore(InvokeOp invoke, Value value, OpBuilder &builder, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  if (auto argument = dyn_cast<BlockArgument>(value))
    return invoke.getArgs()[argument.getArgNumber()];
  Operation *op = value.getDefiningOp();
  for (Value used : usedFromOutside(op))
    mapping.map(used, cloneBefore(invoke, used, builder, mapping));
  builder.clone(*op, mapping);
  return mapping.lookup(value);
}

class HoistLayerInvariants : public heddle::impl::HoistLayerInvariantsBase<HoistLayerInvariants> {
  using HoistLayerInvariantsBase::HoistLayerInvariantsBase;

  void runOnOperation() override {
    Explainer explainer("hoist-layer-invariants", explain);
    IRRewriter rewriter(&getContext(), &explainer);
    for (LayerOp layer : getOperation().getOps<LayerOp>())
      hoist(layer, rewriter);
    for (EntryOp entry : getOperation().getOps<EntryOp>()) {
      DominanceInfo dominance(entry);
      eliminateCommonSubExpressions(rewriter, dominance, entry);
    }
  }

  void hoist(LayerOp layer, RewriterBase &rewriter) {
    Invariants invariants(layer);
    if (invariants.getInvocations().empty()) {
      (void)rewriter.notifyMatchFailure(layer, "nothing invokes the layer");
      return;
    }
    SmallVector<Value> values = findValues(layer, invariants);
    for (InvokeOp invoke : invariants.getInvocations())
      pass(invoke, values);
    for (Value value : values) {
      unsigned place = layer.getNumArguments();
      if (failed(layer.insertArgument(place, value.getType(), {}, value.getLoc())))
        continue;
      value.replaceAllUsesWith(layer.getArgument(place));
      ++numHoisted;
    }
    eraseDead(layer.getBody());
    dropUnusedArguments(layer);
  }

  /// Hoistable values that something reads that stays.
  static SmallVector<Value> findValues(LayerOp layer, Invariants &invariants) {
    SmallVector<Value> values;
    for (Operation &op : layer.getBody().front()) {
      if (op.getNumResults() != 1 || !invariants.isHoistable(op.getResult(0)))
        continue;
      auto stays = [&](Operation *user) {
        return user->getNumResults() != 1 || !invariants.isHoistable(user->getResult(0));
      };
      if (llvm::any_of(op.getUsers(), stays))
        values.push_back(op.getResult(0));
    }
    return values;
  }

  static void pass(InvokeOp invoke, ArrayRef<Value> values) {
    OpBuilder builder(invoke);
    IRMapping mapping;
    SmallVector<Value> passed;
    for (Value value : values)
      passed.push_back(cloneBefore(invoke, value, builder, mapping));
    invoke.getArgsMutable().append(passed);
  }
};

} // namespace
