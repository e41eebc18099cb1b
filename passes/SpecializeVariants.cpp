// specialize-variants: one entry of a page becomes the programs that are run: a whole text with all outputs,
// a whole text of which the last token's outputs count, and one token more.
//
// Steps, for each entry and each variant it needs:
//   1. clone the entry as @NAME.VARIANT, with `entry` = "NAME"; clone the layers it invokes as @LAYER.prefill
//      (all and last share it) or @LAYER.decode;
//   2. except in `all`, drop the taps and the results beyond the named outputs (a layer keeps its taps for `all`, which
//      shares it with `last`);
//   3. in `last`, return the last row of each output with T. The row is taken as early as possible: an op
//      that treats tokens apart is cloned for the one row, its operands' rows are taken in turn; after a
//      layer stands a heddle.lookup [T = extent T - 1];
//   4. erase what nothing uses: ops, then layers' arguments.
//
// Expects the plain mathematics (variant `any`); also at -O0. Leaves no op of the variant `any`.
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Layers.h"

namespace heddle {
#define GEN_PASS_DEF_SPECIALIZEVARIANTS
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// The last token's row of values of an entry, each made once.
class LastRows {
public:
  explicit LastRows(EntryOp entry, Pass::Statistic &count) : entry(entry), count(count) {}

  /// The value without T: its row at T - 1; a value without T is its own.
  Value of(Value value) {
    if (!typeOf(value).has("T"))
      return value;
    if (Value known = rows.lookup(value))
      return known;
    Operation *op = value.getDefiningOp();
    if (!op || !leavesTokensAlone(op))
      return rows[value] = lookUp(value);
    cloneForRow(op);
    return rows[value];
  }

private:
  /// Computes an op for the last token only, right after it.
  void cloneForRow(Operation *op) {
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, of(operand));
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Operation *clone = builder.clone(*op, mapping);
    for (auto [old, result] : llvm::zip(op->getResults(), clone->getResults())) {
      result.setType(typeOf(old).without(StringRef("T")));
      rows[old] = result;
    }
    ++count;
  }

  Value lookUp(Value value) {
    Value row = lastIndex();
    OpBuilder builder(value.getContext());
    if (value.getDefiningOp())
      builder.setInsertionPointAfterValue(value);
    else
      builder.setInsertionPointAfterValue(row);
    return LookupOp::create(builder, value.getLoc(), typeOf(value).without(StringRef("T")), value, row,
                            builder.getStrArrayAttr({"T"}));
  }

  /// extent T - 1, at the entry's beginning.
  Value lastIndex() {
    if (index)
      return index;
    OpBuilder builder(entry.getBody());
    Location loc = entry.getLoc();
    NamedTensorType number = tensorType(entry.getContext(), {}, {}, Format::I32);
    Value extent = ExtentOp::create(builder, loc, number, "T");
    auto map = MapOp::create(builder, loc, number, extent);
    Block *body = builder.createBlock(&map.getBody(), {}, builder.getI32Type(), loc);
    Value one = arith::ConstantIntOp::create(builder, loc, 1, 32);
    YieldOp::create(builder, loc, arith::SubIOp::create(builder, loc, body->getArgument(0), one).getResult());
    return index = map.getResult();
  }

  EntryOp entry;
  Pass::Statistic &count;
  Value index;
  llvm::DenseMap<Value, Value> rows;
};

ReturnOp returnOf(EntryOp entry) { return cast<ReturnOp>(entry.getBody().back().getTerminator()); }

/// Makes the entry's type agree with what it returns.
void updateType(EntryOp entry) {
  auto type =
      FunctionType::get(entry.getContext(), entry.getArgumentTypes(), returnOf(entry).getOperandTypes());
  entry.setFunctionTypeAttr(TypeAttr::get(type));
}

void eraseTaps(Region &body) {
  for (TapOp tap : llvm::make_early_inc_range(body.getOps<TapOp>()))
    tap.erase();
}

/// Leaves an entry its named outputs only.
void dropTaps(EntryOp entry) {
  eraseTaps(entry.getBody());
  ReturnOp returns = returnOf(entry);
  size_t named = entry.getOutputNames().size();
  if (returns.getNumOperands() <= named)
    return;
  returns->eraseOperands(named, returns.getNumOperands() - named);
  entry.removeResAttrsAttr();
  updateType(entry);
}

class SpecializeVariants : public heddle::impl::SpecializeVariantsBase<SpecializeVariants> {
  using SpecializeVariantsBase::SpecializeVariantsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    SmallVector<Operation *> replaced;
    for (LayerOp layer : module.getOps<LayerOp>())
      if (layer.getVariant() == Variant::Any)
        replaced.push_back(layer);
    for (EntryOp entry : llvm::to_vector(module.getOps<EntryOp>()))
      if (entry.getVariant() == Variant::Any) {
        for (Variant variant : variantsOf(entry, symbols))
          specialize(entry, variant, symbols);
        replaced.push_back(entry);
      }
    for (Operation *op : replaced)
      symbols.erase(op);
    removeUnused(module);
  }

  static SmallVector<Variant> variantsOf(EntryOp entry, SymbolTable &symbols) {
    bool along = llvm::any_of(entry.getResultTypes(), [](Type type) {
      auto tensor = dyn_cast<NamedTensorType>(type);
      return tensor && tensor.has("T");
    });
    if (!along || !keepsAnything(entry, symbols))
      return {Variant::All};
    return {Variant::All, Variant::Last, Variant::Decode};
  }

  void specialize(EntryOp entry, Variant variant, SymbolTable &symbols) {
    auto clone = cast<EntryOp>(entry->clone());
    clone.setVariant(variant);
    clone->setAttr("entry", StringAttr::get(&getContext(), entry.getSymName()));
    clone.setSymName((entry.getSymName() + "." + stringifyVariant(variant)).str());
    symbols.insert(clone, entry->getIterator());
    clone.walk([&](InvokeOp invoke) { retarget(invoke, variant, symbols); });
    if (variant != Variant::All)
      dropTaps(clone);
    if (variant == Variant::Last)
      returnLastRows(clone);
    ++numEntries;
  }

  /// Points an invocation to the layer's clone for the variant, made on first use.
  static void retarget(InvokeOp invoke, Variant variant, SymbolTable &symbols) {
    bool decode = variant == Variant::Decode;
    std::string name = (invoke.getLayer() + (decode ? ".decode" : ".prefill")).str();
    auto layer = symbols.lookup<LayerOp>(invoke.getLayer());
    if (!layer)
      return;
    if (!symbols.lookup(name)) {
      auto clone = cast<LayerOp>(layer->clone());
      clone.setSymName(name);
      clone.setVariant(decode ? Variant::Decode : Variant::All);
      if (decode)
        eraseTaps(clone.getBody());
      symbols.insert(clone, layer->getIterator());
    }
    invoke.setLayer(name);
  }

  void returnLastRows(EntryOp entry) {
    LastRows rows(entry, numLookups);
    ReturnOp returns = returnOf(entry);
    for (OpOperand &output : returns->getOpOperands())
      output.set(rows.of(output.get()));
    updateType(entry);
  }

  static void removeUnused(ModuleOp module) {
    for (LayerOp layer : module.getOps<LayerOp>()) {
      eraseDead(layer.getBody());
      dropUnusedArguments(layer);
    }
    for (EntryOp entry : module.getOps<EntryOp>())
      eraseDead(entry.getBody());
  }
};

} // namespace
