//===- WeightView.cpp - where a weight's numbers lie ----------------------===//

#include "passes/WeightView.h"

using namespace llvm;
using namespace heddle;

void IndexMap::append(Digit digit) {
  count *= digit.size;
  if (digit.size != 1)
    list.push_back(digit);
}

Place IndexMap::at(int64_t index) const {
  Place place;
  for (const Digit &digit : reverse(list)) {
    int64_t value = index % digit.size;
    index /= digit.size;
    place = place + Place{value * digit.step.tensor, value * digit.step.element};
  }
  return place;
}

int64_t IndexMap::run() const {
  int64_t length = 1;
  for (const Digit &digit : reverse(list)) {
    if (digit.step.tensor != 0 || digit.step.element != length)
      break;
    length *= digit.size;
  }
  return length;
}

/// The digits of each axis of the weight. A stride of -1 chooses among the tensors; where several digits do,
/// the outermost counts most.
static SmallVector<SmallVector<IndexMap::Digit, 2>> digitsOfAxes(StoredOp weight) {
  SmallVector<SmallVector<IndexMap::Digit, 2>> axes;
  for (mlir::Attribute axis : weight.getDigits()) {
    auto pairs = cast<mlir::DenseI64ArrayAttr>(axis).asArrayRef();
    auto &digits = axes.emplace_back();
    for (size_t i = 0; i + 1 < pairs.size(); i += 2)
      digits.push_back({pairs[i], {0, pairs[i + 1]}});
  }
  int64_t tensors = 1;
  for (auto &digits : reverse(axes))
    for (auto &digit : reverse(digits))
      if (digit.step.element == -1) {
        digit.step = {tensors, 0};
        tensors *= digit.size;
      }
  return axes;
}

Expected<WeightView> WeightView::create(StoredOp weight, ArrayRef<std::string> rows,
                                        ArrayRef<std::string> columns) {
  auto type = cast<NamedTensorType>(weight.getType());
  auto axes = digitsOfAxes(weight);
  WeightView view;
  view.base.element = weight.getOffset();
  SmallVector<bool> used(axes.size(), false);
  auto flatten = [&](ArrayRef<std::string> names, IndexMap &map) -> Error {
    for (const std::string &name : names) {
      int axis = type.find(name);
      if (axis < 0 || used[axis])
        return createStringError("weight '" + weight.getSymName() + "' has no further axis '" + name +
                                 "' to pack");
      used[axis] = true;
      for (const IndexMap::Digit &digit : axes[axis])
        map.append(digit);
    }
    return Error::success();
  };
  if (Error error = flatten(rows, view.rows))
    return error;
  if (Error error = flatten(columns, view.columns))
    return error;
  for (auto [axis, name] : enumerate(type.getNames()))
    if (!used[axis])
      return createStringError("weight '" + weight.getSymName() + "' is packed without its axis '" +
                               name.getValue() + "'");
  return view;
}

bool WeightView::hasWholeBlocks(int64_t block) const {
  int64_t run = columns.run(), within = 1;
  if (base.element % block != 0 || run % block != 0)
    return false;
  for (const IndexMap::Digit &digit : rows.digits())
    if (digit.step.element % block != 0)
      return false;
  for (const IndexMap::Digit &digit : reverse(columns.digits())) {
    if (within >= run && digit.step.element % block != 0)
      return false;
    within *= digit.size;
  }
  return true;
}
