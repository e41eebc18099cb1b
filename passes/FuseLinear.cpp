// fuse-linear: weights times a token's vector, and the maps that follow, become one heddle.linear.
//
// Terms: a contraction of a weight view over all axes of a vector but T (or S, or U) gives an *accumulator*.
// Its *rows* are the axes that the weight has besides. A weight view may be looked up along one axis (a
// token's experts): then the linear chooses along it, and the vector may have the axes of what chooses. Or
// the vector has one more of the weight's axes: then each index of it has a matrix and a vector (a head's). A
// map *follows* an accumulator if it has the accumulator's axes and no more.
//
// Steps, for each accumulator in turn:
//   1. grow a group: where all that reads a member are maps that follow, these join, and with them the other
//      accumulators they read (also through maps, a bias for one), if these share the vector, the axes summed
//      over and the rows; unless that would make a circle (a norm of the accumulator reads a reduction of
//      it);
//   2. the group's maps, inlined one after the other, are the epilogue; members read from outside are the
//      results.
// The prologue hands the vector on as it is; fold-norms fills it.
//
// Expects fuse-maps and push-slices. Leaves contractions of two computed tensors, and those whose vector has
// still more axes, as they are. Sums over the weight's columns may be associated differently.
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Explain.h"
#include "passes/support/ScalarBody.h"

namespace heddle {
#define GEN_PASS_DEF_FUSELINEAR
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// A weight's view times a vector for each token.
struct Accumulator {
  ContractOp contract;
  Value weight, vector;
  LookupOp choice; // of the weight, or null
  StringAttr each; // the axis that the vector shares besides, or null

  Value chosen() { return choice ? choice.getIndices()[0] : Value(); }
  StringAttr chosenAxis() { return choice ? cast<StringAttr>(choice.getAxes()[0]) : StringAttr(); }
  NamedTensorType rows() {
    NamedTensorType type = typeOf(weight).without(axisNames(contract.getOver())).withFormat(Format::F32);
    if (StringAttr axis = choice ? chosenAxis() : each)
      type = type.without(axis.getValue());
    return type;
  }
  bool sharesAllWith(Accumulator other) {
    return vector == other.vector && contract.getOver() == other.contract.getOver() && each == other.each &&
           chosen() == other.chosen() && chosenAxis() == other.chosenAxis() && rows() == other.rows();
  }
};

/// A look-up of a weight along one axis, by numbers that every call gives anew.
LookupOp asChoice(Value value) {
  auto lookup = value.getDefiningOp<LookupOp>();
  return lookup && lookup.getIndices().size() == 1 && isWeightView(lookup.getInput()) ? lookup : LookupOp();
}

/// Splits a contraction into a weight and a vector, or says why it is no accumulator.
FailureOr<Accumulator> asAccumulator(ContractOp contract, RewriterBase &rewriter) {
  Value weight = contract.getLeft(), vector = contract.getRight();
  auto isWeight = [](Value value) { return isWeightView(value) || asChoice(value); };
  if (!isWeight(weight))
    std::swap(weight, vector);
  if (!isWeight(weight))
    return rewriter.notifyMatchFailure(contract, "neither side is a weight");
  if (isWeight(vector))
    return rewriter.notifyMatchFailure(contract, "both sides are weights");
  SmallVector<StringRef> over = axisNames(contract.getOver());
  if (over.empty())
    return rewriter.notifyMatchFailure(contract, "nothing is summed over");
  LookupOp choice = asChoice(weight);
  NamedTensorType rest = typeOf(vector).without(over);
  for (StringRef sequence : {"T", "S", "U"})
    if (rest.has(sequence)) {
      rest = rest.without(sequence);
      break;
    }
  StringAttr each;
  if (choice) {
    Value chosen = choice.getIndices()[0];
    weight = choice.getInput();
    if (!isWithin(typeOf(vector).without(over), typeOf(chosen)) ||
        typeOf(vector).has("T") != typeOf(chosen).has("T"))
      return rewriter.notifyMatchFailure(contract, "the vector has other axes than what chooses the weight");
    for (StringAttr axis : typeOf(chosen).getNames())
      if (typeOf(weight).has(axis))
        return rewriter.notifyMatchFailure(contract,
                                           "what chooses the weight has its axis '" + axis.getValue() + "'");
  } else if (rest.rank() == 1 && typeOf(weight).has(rest.getNames()[0])) {
    each = rest.getNames()[0];
  } else if (rest.rank() != 0) {
    return rewriter.notifyMatchFailure(contract, "the vector has the axis '" + rest.getNames()[0].getValue() +
                                                     "' besides T and those summed over");
  }
  return Accumulator{contract, weight, vector, choice, each};
}

/// Accumulators that meet in maps, and these maps.
class Group {
public:
  Group(Accumulator first, RewriterBase &rewriter) : rewriter(&rewriter), accumulators{first} {
    members.insert(first.contract);
  }

  /// Adds maps that follow and accumulators they read until nothing more fits.
  void grow() {
    for (unsigned i = 0; i < members.size(); ++i) { // members grows in the loop
      Group larger = *this;
      if (succeeded(larger.addReadersOf(members[i])))
        *this = std::move(larger);
    }
  }

  LinearOp build();

  const OpSet &getMembers() const { return members; }
  size_t numWeights() const { return accumulators.size(); }

private:
  /// All readers of a member join the group, or the group refuses.
  LogicalResult addReadersOf(Operation *member) {
    for (Operation *user : member->getUsers()) {
      if (members.contains(user) || isa<TapOp>(user))
        continue;
      auto map = dyn_cast<MapOp>(user);
      if (!map || map->getBlock() != member->getBlock())
        return rewriter->notifyMatchFailure(member, "what reads it is no map of its elements");
      if (!haveSameAxes(map.getResult().getType(), typeOf(member->getResult(0))))
        return rewriter->notifyMatchFailure(map, "has other axes than the rows it reads");
      members.insert(map);
      for (Value input : map.getInputs())
        addSources(input);
    }
    for (Operation *op : members)
      if (reachesAround(op, members))
        return rewriter->notifyMatchFailure(op, "reads something else that is computed from the same rows");
    return success();
  }

  /// The accumulator behind a value, if it could be in this group; only maps that follow it may lie between.
  bool comesFromSuch(Value value) {
    if (auto contract = value.getDefiningOp<ContractOp>()) {
      FailureOr<Accumulator> other = asAccumulator(contract, *rewriter);
      return succeeded(other) && other->sharesAllWith(accumulators.front());
    }
    auto map = value.getDefiningOp<MapOp>();
    return map &&
           haveSameAxes(map.getResult().getType(), typeOf(accumulators.front().contract.getResult())) &&
           llvm::any_of(map.getInputs(), [&](Value input) { return comesFromSuch(input); });
  }

  /// Such an accumulator, and the maps between it and a member that reads it, join.
  void addSources(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || members.contains(op) || !comesFromSuch(value))
      return;
    members.insert(op);
    if (auto contract = dyn_cast<ContractOp>(op))
      return accumulators.push_back(*asAccumulator(contract, *rewriter));
    for (Value input : op->getOperands())
      addSources(input);
  }

  RewriterBase *rewriter;
  SmallVector<Accumulator> accumulators;
  OpSet members; // accumulators and maps
};

/// The members in the order of their block.
SmallVector<Operation *> inOrder(const OpSet &members) {
  SmallVector<Operation *> order(members.begin(), members.end());
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return order;
}

/// A prologue that yields its only argument, the vector without the axes along which it differs.
void handOn(Region &prologue, Value vector, ArrayRef<StringRef> axes) {
  OpBuilder builder(vector.getContext());
  Block *block = builder.createBlock(&prologue, {}, typeOf(vector).without(axes), vector.getLoc());
  YieldOp::create(builder, vector.getLoc(), block->getArguments());
}

LinearOp Group::build() {
  ScalarBody epilogue(rewriter->getContext());
  SmallVector<Value> weights, results;
  for (Accumulator &accumulator : accumulators) {
    weights.push_back(accumulator.weight);
    epilogue.addResultOf(accumulator.contract.getResult());
  }
  SmallVector<Operation *> order = inOrder(members);
  SmallVector<Location> locations;
  for (Operation *op : order) {
    locations.push_back(op->getLoc());
    if (auto map = dyn_cast<MapOp>(op))
      epilogue.inlineMap(map);
    if (!llvm::all_of(op->getUsers(), [&](Operation *user) { return members.contains(user); }))
      results.push_back(op->getResult(0));
  }
  Location loc = rewriter->getFusedLoc(locations);
  epilogue.yield(loc, llvm::map_to_vector(results, [&](Value value) { return epilogue.scalarOf(value); }));

  rewriter->setInsertionPointAfter(order.back());
  Accumulator &first = accumulators.front();
  auto linear = LinearOp::create(*rewriter, loc, ValueRange(results).getTypes(), first.vector, weights,
                                 epilogue.tensors(), first.chosen(), first.contract.getOver(),
                                 first.chosenAxis(), first.each);
  handOn(linear.getPrologue(), first.vector, linear.vectorAxes());
  epilogue.moveInto(linear.getEpilogue());
  for (auto [old, result] : llvm::zip(results, linear.getOuts()))
    rewriter->replaceAllUsesWith(old, result);
  for (Operation *op : llvm::reverse(order))
    rewriter->eraseOp(op);
  return linear;
}

class FuseLinear : public heddle::impl::FuseLinearBase<FuseLinear> {
  using FuseLinearBase::FuseLinearBase;

  void runOnOperation() override {
    Explainer explainer("fuse-linear", explain);
    IRRewriter rewriter(&getContext(), &explainer);
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      for (Block &block : function.getFunctionBody()) {
        fuse(block, rewriter);
        eraseDead(function.getFunctionBody()); // look-ups of weights
        restoreOrder(block);
      }
  }

  void fuse(Block &block, RewriterBase &rewriter) {
    SmallVector<ContractOp> contracts(block.getOps<ContractOp>());
    OpSet gone; // into an earlier contraction's group
    for (ContractOp contract : contracts) {
      if (gone.contains(contract) || contract->use_empty())
        continue;
      FailureOr<Accumulator> accumulator = asAccumulator(contract, rewriter);
      if (failed(accumulator))
        continue;
      Group group(*accumulator, rewriter);
      group.grow();
      gone.insert(group.getMembers().begin(), group.getMembers().end());
      ++numLinears;
      numWeights += group.numWeights();
      numMaps += group.getMembers().size() - group.numWeights();
      group.build();
    }
  }
};

} // namespace
