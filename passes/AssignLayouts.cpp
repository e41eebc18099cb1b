// assign-layouts: which tensors have memory, and the order of their axes in it.
//
// An op's result has memory unless it is virtual (positions, weights, slices, regroupings: other tensors
// under other indices), is stored through its only user (a part of a concat, what a keep remembers), or is a
// function of token and key that only attentions read, which make its elements where they need them. A
// virtual tensor gets memory where it must have an address: as an argument of an invocation, as a result, as
// a tap. What crosses a function's border has the default layout.
//
// What is remembered lies the same way in all functions: those that read it are asked first, and where two
// want different layouts (keys for one token, a linear's vectors for many), all get the default.
#include "passes/kernels/Passes.h"
#include "passes/kernels/PointEmitter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include <set>

namespace heddle {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/kernels/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

bool crossesBorder(Value tensor) {
  return llvm::any_of(tensor.getUsers(), [](Operation *user) { return isa<InvokeOp, ReturnOp>(user); });
}

/// Whether a fused attention reads the tensor as keys.
bool isKeys(Value tensor) {
  return llvm::any_of(tensor.getUses(), [](OpOperand &use) {
    auto attention = dyn_cast<AttentionOp>(use.getOwner());
    return attention && llvm::is_contained(attention.getKeys(), use.get());
  });
}

/// Heads, blocks of 16 positions, columns, the position in the block.
std::string keysLayout(NamedTensorType type, AttentionOp attention) {
  SmallVector<StringRef> over;
  for (auto [key, axes] : llvm::zip(attention.getKeys(), attention.getOver()))
    if (key.getType() == type)
      over = axisNames(cast<ArrayAttr>(axes));
  std::string axis = attention.getAxis().str(), heads, columns;
  for (StringAttr name : type.getNames())
    if (name != axis)
      (llvm::is_contained(over, name.getValue()) ? columns : heads) += name.str() + " ";
  return heads + axis + "/16 " + columns + axis + "%16";
}

std::string valuesLayout(NamedTensorType type, AttentionOp attention) {
  std::string axis = attention.getAxis().str(), heads, columns;
  auto query = cast<NamedTensorType>(attention.getQueries()[0].getType());
  for (StringAttr name : type.getNames())
    if (name != axis)
      (query.has(name) &&
               !llvm::is_contained(axisNames(cast<ArrayAttr>(attention.getOver()[0])), name.getValue())
           ? heads
           : columns) += name.str() + " ";
  return heads + axis + " " + StringRef(columns).rtrim().str();
}

struct AssignLayoutsPass : heddle::impl::AssignLayoutsBase<AssignLayoutsPass> {
  using AssignLayoutsBase::AssignLayoutsBase;

  void runOnOperation() override {
    order.emplace(getOperation());
    if (!plain)
      getOperation().walk([&](KeepOp keep) { collectWishes(keep); });
    for (Operation &function : getOperation().getOps())
      if (isa<LayerOp, EntryOp>(function))
        for (Operation &op : cast<FunctionOpInterface>(function).getFunctionBody().front())
          assign(&op);
  }

  /// What an entry or all layers of a kind remember under a name.
  static std::string nameOf(KeepOp keep) {
    auto layer = keep->getParentOfType<LayerOp>();
    return ((layer ? layer.getKind() + "." : "") + keep.getCache()).str();
  }

  void collectWishes(KeepOp keep) {
    auto type = keep.getResult().getType();
    for (OpOperand &use : keep->getUses()) {
      if (isa<TapOp>(use.getOwner())) // reads a copy
        continue;
      auto attention = dyn_cast<AttentionOp>(use.getOwner());
      if (attention && llvm::is_contained(attention.getKeys(), use.get()))
        wishes[nameOf(keep)].insert(keysLayout(type, attention));
      if (attention && attention.getValues() == use.get())
        wishes[nameOf(keep)].insert(valuesLayout(type, attention));
      if (!attention)
        wishes[nameOf(keep)].insert(defaultLayout(type, plain, *order));
    }
  }

  void assign(Operation *op) {
    if (op->getNumResults() == 0 || !isa<NamedTensorType>(op->getResult(0).getType()))
      return;
    OpBuilder builder(op);
    SmallVector<Attribute> layouts;
    for (Value result : op->getResults())
      layouts.push_back(builder.getStringAttr(hasMemory(result) ? layout(result) : ""));
    if (llvm::any_of(layouts, [](Attribute layout) { return !cast<StringAttr>(layout).empty(); }) ||
        cast<NamedTensorType>(op->getResult(0).getType()).rank() == 0)
      op->setAttr("heddle.layout", builder.getArrayAttr(layouts));
  }

  bool hasMemory(Value tensor) {
    if (crossesBorder(tensor) ||
        llvm::any_of(tensor.getUsers(), [](Operation *user) { return isa<TapOp>(user); }))
      return true;
    if (isa<KeepOp, InvokeOp>(tensor.getDefiningOp()))
      return true;
    if (isa<RegroupOp>(tensor.getDefiningOp()))
      return !plain && isKeys(tensor);
    return !isVirtual(tensor) && !forwards(tensor) && !isMadeWhereRead(tensor);
  }

  /// Whether the tensor is stored through its only user.
  bool forwards(Value tensor) {
    Operation *through = storesThrough(tensor);
    if (!through)
      return false;
    if (isa<KeepOp, ConcatOp>(through))
      return true;
    Value regrouped = through->getResult(0);
    return hasMemory(regrouped) || forwards(regrouped);
  }

  std::string layout(Value tensor) {
    auto type = cast<NamedTensorType>(tensor.getType());
    if (auto keep = tensor.getDefiningOp<KeepOp>()) {
      const auto &wanted = wishes[nameOf(keep)];
      return wanted.size() == 1 ? *wanted.begin() : defaultLayout(type, plain, *order);
    }
    if (!plain && !crossesBorder(tensor) && !isa<InvokeOp>(tensor.getDefiningOp()))
      for (Operation *user : tensor.getUsers())
        if (auto attention = dyn_cast<AttentionOp>(user))
          if (llvm::is_contained(attention.getKeys(), tensor))
            return keysLayout(type, attention);
    return defaultLayout(type, plain, *order);
  }

  std::optional<AxisOrder> order;
  llvm::StringMap<std::set<std::string>> wishes; // of what is remembered
};

} // namespace
