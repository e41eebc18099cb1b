#include "passes/support/Axes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace heddle;

bool heddle::isWithin(NamedTensorType part, NamedTensorType whole) {
  return llvm::all_of(part.getNames(), [&](StringAttr axis) { return whole.has(axis.getValue()); });
}

NamedTensorType heddle::renameAxis(NamedTensorType type, StringRef from, StringRef to, int64_t size) {
  return regroupAxes(type, {from}, {to}, {size});
}

NamedTensorType heddle::regroupAxes(NamedTensorType type, ArrayRef<StringRef> from, ArrayRef<StringRef> to,
                                    ArrayRef<int64_t> sizes) {
  SmallVector<StringRef> names;
  SmallVector<int64_t> newSizes;
  bool placed = false;
  for (auto [name, size] : llvm::zip(type.getNames(), type.getSizes())) {
    if (!llvm::is_contained(from, name.getValue())) {
      names.push_back(name.getValue());
      newSizes.push_back(size);
    } else if (!placed) {
      names.append(to.begin(), to.end());
      newSizes.append(sizes.begin(), sizes.end());
      placed = true;
    }
  }
  return tensorType(type.getContext(), names, newSizes, type.getFormat());
}

NamedTensorType heddle::withAxis(NamedTensorType type, StringRef axis, int64_t size) {
  if (type.has(axis))
    return type;
  SmallVector<StringAttr> names(type.getNames());
  SmallVector<int64_t> sizes(type.getSizes());
  names.push_back(StringAttr::get(type.getContext(), axis));
  sizes.push_back(size);
  return NamedTensorType::get(type.getContext(), names, sizes, type.getFormat());
}

bool heddle::leavesTokensAlone(Operation *op) {
  auto hasT = [](ArrayAttr axes) { return llvm::is_contained(axisNames(axes), "T"); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<MapOp>([](MapOp) { return true; })
      .Case<ContractOp, ReduceOp>([&](auto sum) { return !hasT(sum.getOver()); })
      .Case<SoftmaxOp>([](SoftmaxOp softmax) { return softmax.getOver() != "T"; })
      .Case<LookupOp>([&](LookupOp lookup) { return !hasT(lookup.getAxes()); })
      .Case<RegroupOp>([&](RegroupOp regroup) { return !hasT(regroup.getFrom()) && !hasT(regroup.getTo()); })
      .Case<SliceOp, TopOp>([](auto part) { return part.getFrom() != "T" && part.getTo() != "T"; })
      .Case<ConcatOp>([&](ConcatOp concat) { return !hasT(concat.getFrom()) && concat.getTo() != "T"; })
      .Default([](Operation *) { return false; });
}

bool heddle::isWeightView(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<WeightOp>(op))
    return true;
  return isa_and_present<SliceOp, RegroupOp>(op) && isWeightView(op->getOperand(0));
}
