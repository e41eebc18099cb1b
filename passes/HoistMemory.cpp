// hoist-memory: what layers compute from an encoder's memory alone is computed once, by the encoder's entry.
//
// Terms: an entry's argument is a *memory* if another entry, the maker, has an output of its name. A layer's
// value is *settled* if it is computed from one argument for which every invocation passes the same memory,
// from weights, indices and constants, and from nothing else. It is hoisted if it has a product among what it
// is computed from: the rest is cheaper to compute than to keep.
//
// Steps, for each layer:
//   1. find the settled values that something else reads: these become arguments;
//   2. clone what they are computed from into a layer of its own, @LAYER.memory, of the same kind, so that
//      its weights are the same;
//   3. invoke that in the maker, once for each number; the results are outputs of the maker and inputs of the
//      entry, under the name MEMORY.LAYER.NUMBER.PLACE, which no page can give;
//   4. erase what is left over: arguments of the layer, the memory itself where nothing reads it any more.
//
// Expects the plain mathematics, before specialize-variants: decode would otherwise have layers of its own.
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Explain.h"
#include "passes/support/Layers.h"

namespace heddle {
#define GEN_PASS_DEF_HOISTMEMORY
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// An op whose result is the same whenever its operands are.
bool isTimeless(Operation *op) {
  return isa<WeightOp, IndexOp, ConstantOp, arith::ConstantOp, MapOp, ReduceOp, ContractOp, SliceOp, ConcatOp,
             RegroupOp>(op);
}

/// What is known of a layer's values, seen from one argument.
class Settled {
public:
  explicit Settled(BlockArgument memory) : memory(memory) {}

  bool isHoistable(Value value) {
    Facts facts = factsOf(value);
    return value != memory && facts.settled && facts.reads && facts.hasProduct;
  }

private:
  struct Facts {
    bool settled = false;
    bool reads = false;      // the memory is among what it is computed from,
    bool hasProduct = false; // and so is a product
  };

  Facts factsOf(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    Operation *op = value.getDefiningOp();
    Facts facts{op ? isTimeless(op) : value == memory, value == memory, isa_and_nonnull<ContractOp>(op)};
    if (op)
      for (Value used : usedFromOutside(op)) {
        Facts of = factsOf(used);
        facts.settled &= of.settled;
        facts.reads |= of.reads;
        facts.hasProduct |= of.hasProduct;
      }
    return known[value] = facts;
  }

  BlockArgument memory;
  llvm::DenseMap<Value, Facts> known;
};

/// The entry that makes what an entry's argument takes, and the place among its outputs.
struct Maker {
  EntryOp entry;
  unsigned output;
};

std::optional<Maker> makerOf(BlockArgument argument) {
  auto taker = dyn_cast<EntryOp>(argument.getOwner()->getParentOp());
  if (!taker)
    return std::nullopt;
  Attribute name = taker.getInputNames()[argument.getArgNumber()];
  for (EntryOp entry : taker->getParentOfType<ModuleOp>().getOps<EntryOp>())
    for (auto [place, output] : llvm::enumerate(entry.getOutputNames()))
      if (entry != taker && output == name)
        return Maker{entry, static_cast<unsigned>(place)};
  return std::nullopt;
}

class HoistMemory : public heddle::impl::HoistMemoryBase<HoistMemory> {
  using HoistMemoryBase::HoistMemoryBase;

  void runOnOperation() override {
    Explainer explainer("hoist-memory", explain);
    IRRewriter rewriter(&getContext(), &explainer);
    for (LayerOp layer : llvm::to_vector(getOperation().getOps<LayerOp>()))
      for (unsigned place = layer.getNumArguments(); place-- > 0;)
        if (std::optional<BlockArgument> memory = passedMemory(layer, place))
          hoist(layer, layer.getArgument(place), *memory, rewriter);
    for (EntryOp entry : getOperation().getOps<EntryOp>())
      dropUnreadMemories(entry);
  }

  /// The one memory that all invocations pass in an argument's place.
  static std::optional<BlockArgument> passedMemory(LayerOp layer, unsigned place) {
    SmallVector<InvokeOp> invocations = invocationsOf(layer);
    if (invocations.empty())
      return std::nullopt;
    auto memory = dyn_cast<BlockArgument>(invocations.front().getArgs()[place]);
    bool same = llvm::all_of(invocations, [&](InvokeOp invoke) { return invoke.getArgs()[place] == memory; });
    return memory && same && makerOf(memory) ? std::optional(memory) : std::nullopt;
  }

  void hoist(LayerOp layer, BlockArgument argument, BlockArgument memory, RewriterBase &rewriter) {
    SmallVector<Value> values = findValues(layer, argument);
    if (values.empty()) {
      (void)rewriter.notifyMatchFailure(layer, "no product of the memory alone");
      return;
    }
    LayerOp made = makeLayer(layer, argument, values);
    auto entry = cast<EntryOp>(memory.getOwner()->getParentOp());
    StringAttr name = cast<StringAttr>(entry.getInputNames()[memory.getArgNumber()]);
    llvm::DenseMap<int64_t, SmallVector<Value>> taken; // by a layer's number
    for (InvokeOp invoke : invocationsOf(layer)) {
      SmallVector<Value> &inputs = taken[invoke.getIndex()];
      if (inputs.empty())
        inputs = handOver(made, invoke.getIndex(), *makerOf(memory), entry,
                          (name.getValue() + "." + layer.getKind() + "." + Twine(invoke.getIndex())).str());
      invoke.getArgsMutable().append(inputs);
    }
    for (Value value : values) {
      unsigned place = layer.getNumArguments();
      if (succeeded(layer.insertArgument(place, value.getType(), {}, value.getLoc())))
        value.replaceAllUsesWith(layer.getArgument(place));
      ++numHoisted;
    }
    eraseDead(layer.getBody());
    dropUnusedArguments(layer);
  }

  /// Hoistable values that something reads that stays.
  static SmallVector<Value> findValues(LayerOp layer, BlockArgument argument) {
    Settled settled(argument);
    SmallVector<Value> values;
    for (Operation &op : layer.getBody().front())
      for (Value result : op.getResults())
        if (settled.isHoistable(result) && llvm::any_of(result.getUsers(), [&](Operation *user) {
              return user->getNumResults() != 1 || !settled.isHoistable(user->getResult(0));
            }))
          values.push_back(result);
    return values;
  }

  /// @LAYER.memory: from the memory to the values.
  static LayerOp makeLayer(LayerOp layer, BlockArgument argument, ArrayRef<Value> values) {
    OpBuilder builder(layer);
    OperationState state(layer.getLoc(), LayerOp::getOperationName());
    state.addAttribute("sym_name", builder.getStringAttr(layer.getSymName() + ".memory"));
    state.addAttribute("kind", layer.getKindAttr());
    auto results = llvm::map_to_vector(values, [](Value value) { return value.getType(); });
    state.addAttribute("function_type", TypeAttr::get(builder.getFunctionType(argument.getType(), results)));
    state.addRegion();
    auto made = cast<LayerOp>(builder.create(state));
    Block &body = made.getBody().emplaceBlock();
    IRMapping mapping;
    mapping.map(argument, body.addArgument(argument.getType(), argument.getLoc()));
    builder.setInsertionPointToEnd(&body);
    llvm::SetVector<Operation *> needed;
    for (Value value : values)
      collect(value.getDefiningOp(), needed);
    for (Operation &op : *argument.getOwner())
      if (needed.contains(&op))
        builder.clone(op, mapping);
    ReturnOp::create(builder, layer.getLoc(),
                     llvm::map_to_vector(values, [&](Value value) { return mapping.lookup(value); }));
    return made;
  }

  static void collect(Operation *op, llvm::SetVector<Operation *> &needed) {
    if (!op || !needed.insert(op))
      return;
    for (Value used : usedFromOutside(op))
      collect(used.getDefiningOp(), needed);
  }

  /// Invokes the layer in the maker; its results as inputs of `taker`.
  static SmallVector<Value> handOver(LayerOp layer, int64_t number, Maker maker, EntryOp taker,
                                     const std::string &name) {
    auto end = cast<ReturnOp>(maker.entry.getBody().front().getTerminator());
    OpBuilder builder(end);
    auto invoke = InvokeOp::create(builder, layer.getLoc(), layer.getResultTypes(), layer.getSymName(),
                                   static_cast<uint64_t>(number), end.getValues()[maker.output]);
    auto outputs = llvm::to_vector(maker.entry.getOutputNames().getValue());
    auto inputs = llvm::to_vector(taker.getInputNames().getValue());
    auto extents = llvm::to_vector(taker.getExtents());
    auto defaults = llvm::to_vector(taker.getDefaults().getValue());
    SmallVector<Value> taken;
    for (auto [place, made] : llvm::enumerate(invoke.getOuts())) {
      Attribute full = builder.getStringAttr(name + "." + Twine(place));
      end.getValuesMutable().append(made);
      outputs.push_back(full);
      inputs.push_back(full);
      extents.push_back(0);
      defaults.push_back(builder.getUnitAttr());
      taken.push_back(taker.getBody().front().addArgument(made.getType(), made.getLoc()));
    }
    maker.entry.setOutputNamesAttr(builder.getArrayAttr(outputs));
    taker.setInputNamesAttr(builder.getArrayAttr(inputs));
    taker.setExtentsAttr(builder.getDenseI64ArrayAttr(extents));
    taker.setDefaultsAttr(builder.getArrayAttr(defaults));
    for (EntryOp entry : {maker.entry, taker})
      retype(entry);
    return taken;
  }

  static void retype(EntryOp entry) {
    Block &body = entry.getBody().front();
    entry.setFunctionType(FunctionType::get(entry.getContext(), body.getArgumentTypes(),
                                            body.getTerminator()->getOperandTypes()));
  }

  static void dropUnreadMemories(EntryOp entry) {
    Block &body = entry.getBody().front();
    auto inputs = llvm::to_vector(entry.getInputNames().getValue());
    auto extents = llvm::to_vector(entry.getExtents());
    auto defaults = llvm::to_vector(entry.getDefaults().getValue());
    for (unsigned place = body.getNumArguments(); place-- > 0;) {
      BlockArgument argument = body.getArgument(place);
      if (!argument.use_empty() || !makerOf(argument))
        continue;
      body.eraseArgument(place);
      inputs.erase(inputs.begin() + place);
      extents.erase(extents.begin() + place);
      defaults.erase(defaults.begin() + place);
    }
    Builder builder(entry.getContext());
    entry.setInputNamesAttr(builder.getArrayAttr(inputs));
    entry.setExtentsAttr(builder.getDenseI64ArrayAttr(extents));
    entry.setDefaultsAttr(builder.getArrayAttr(defaults));
    retype(entry);
  }
};

} // namespace
