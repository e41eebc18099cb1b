//===- ConstantTensor.cpp - tensors known when compiling ------------------===//

#include "frontend/elaborate/ConstantTensor.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <limits>

using namespace llvm;
using namespace heddle::elaboration;

namespace {
/// Counts through all indices of some axes and follows a place in tensors with axes among them.
class Walk {
public:
  Walk(ArrayRef<NamedAxis> axes) : axes(axes.begin(), axes.end()), index(axes.size(), 0) {}

  /// Follows a tensor with the axes `own`; the number to ask for it with.
  unsigned follow(ArrayRef<NamedAxis> own) {
    SmallVector<int64_t, 4> strides(axes.size(), 0);
    int64_t stride = 1;
    for (const NamedAxis &axis : reverse(own)) {
      if (int at = heddle::elaboration::find(axes, axis.name); at >= 0)
        strides[at] = stride;
      stride *= axis.size;
    }
    followed.push_back({std::move(strides), 0});
    return followed.size() - 1;
  }
  int64_t place(unsigned which) const { return followed[which].place; }

  void next() {
    for (size_t d = axes.size(); d-- > 0;) {
      ++index[d];
      for (Followed &one : followed)
        one.place += one.strides[d];
      if (index[d] < axes[d].size)
        return;
      for (Followed &one : followed)
        one.place -= one.strides[d] * index[d];
      index[d] = 0;
    }
  }

private:
  struct Followed {
    SmallVector<int64_t, 4> strides;
    int64_t place;
  };
  AxisList axes;
  SmallVector<int64_t, 4> index;
  SmallVector<Followed, 3> followed;
};
} // namespace

/// The axes of `tensor` that are not in `without`.
static AxisList rest(const ConstantTensor &tensor, ArrayRef<NamedAxis> without) {
  AxisList axes;
  for (const NamedAxis &axis : tensor.axes)
    if (!contains(without, axis.name))
      axes.push_back(axis);
  return axes;
}

static AxisList joined(AxisList a, ArrayRef<NamedAxis> b) {
  a.append(b.begin(), b.end());
  return a;
}

ConstantRef heddle::elaboration::iota(NamedAxis axis) {
  auto tensor = std::make_shared<ConstantTensor>(ConstantTensor{{axis}, NumberKind::Integer, {}});
  for (int64_t i = 0; i < axis.size; ++i)
    tensor->values.push_back(double(i));
  return tensor;
}

bool heddle::elaboration::isIota(const ConstantTensor &tensor) {
  if (tensor.axes.size() != 1 || tensor.kind != NumberKind::Integer)
    return false;
  for (auto [i, value] : enumerate(tensor.values))
    if (value != double(i))
      return false;
  return true;
}

ConstantRef heddle::elaboration::mapKnown(MathOp op, NumberKind kind, ArrayRef<Known> arguments,
                                        const AxisTable &table) {
  SmallVector<AxisList, 3> parts;
  for (const Known &argument : arguments)
    if (auto tensor = std::get_if<ConstantRef>(&argument))
      parts.push_back((*tensor)->axes);
  auto result = std::make_shared<ConstantTensor>(ConstantTensor{table.unite(parts), kind, {}});
  std::optional<int64_t> count = product(result->axes);
  if (!count || *count > largestConstant)
    return nullptr;
  Walk walk(result->axes);
  for (const Known &argument : arguments)
    walk.follow(std::holds_alternative<ConstantRef>(argument) ? std::get<ConstantRef>(argument)->axes : AxisList());
  SmallVector<double, 3> values(arguments.size());
  result->values.reserve(*count);
  for (int64_t i = 0; i < *count; ++i, walk.next()) {
    for (auto [k, argument] : enumerate(arguments))
      values[k] = std::holds_alternative<Number>(argument) ? std::get<Number>(argument).value
                                                           : std::get<ConstantRef>(argument)->values[walk.place(k)];
    result->values.push_back(compute(op, values));
  }
  return result;
}

ConstantRef heddle::elaboration::reduceKnown(Reduction reduction, const ConstantTensor &tensor,
                                           ArrayRef<NamedAxis> over) {
  NumberKind kind = reduction == Reduction::Mean ? NumberKind::Real : tensor.kind;
  auto result = std::make_shared<ConstantTensor>(ConstantTensor{rest(tensor, over), kind, {}});
  double start = reduction == Reduction::Max ? -std::numeric_limits<double>::infinity() : 0.0;
  result->values.assign(*product(result->axes), start);
  Walk walk(tensor.axes);
  unsigned target = walk.follow(result->axes);
  for (double value : tensor.values) {
    double &sum = result->values[walk.place(target)];
    if (reduction == Reduction::Max || reduction == Reduction::Any)
      sum = std::max(sum, value);
    else
      sum += value;
    walk.next();
  }
  if (reduction == Reduction::Mean)
    for (double &value : result->values)
      value /= double(*product(over));
  return result;
}

ConstantRef heddle::elaboration::reorder(const ConstantTensor &tensor, ArrayRef<NamedAxis> order) {
  auto result = std::make_shared<ConstantTensor>(
      ConstantTensor{AxisList(order.begin(), order.end()), tensor.kind, {}});
  Walk walk(order);
  unsigned source = walk.follow(tensor.axes);
  result->values.reserve(tensor.values.size());
  for (size_t i = 0; i < tensor.values.size(); ++i, walk.next())
    result->values.push_back(tensor.values[walk.place(source)]);
  return result;
}

ConstantRef heddle::elaboration::regroupKnown(const ConstantTensor &tensor, ArrayRef<NamedAxis> from,
                                            ArrayRef<NamedAxis> to) {
  AxisList outer = rest(tensor, from);
  auto result = std::make_shared<ConstantTensor>(*reorder(tensor, joined(outer, from)));
  result->axes = joined(outer, to);
  return result;
}

ConstantRef heddle::elaboration::sliceKnown(const ConstantTensor &tensor, NamedAxis from, int64_t offset, NamedAxis to) {
  AxisList outer = rest(tensor, from);
  ConstantRef ordered = reorder(tensor, joined(outer, from));
  auto result = std::make_shared<ConstantTensor>(ConstantTensor{joined(outer, to), tensor.kind, {}});
  for (int64_t row = 0, rows = *product(outer); row < rows; ++row) {
    auto start = ordered->values.begin() + row * from.size + offset;
    result->values.insert(result->values.end(), start, start + to.size);
  }
  return result;
}

ConstantRef heddle::elaboration::concatKnown(ArrayRef<ConstantRef> parts, ArrayRef<NamedAxis> from, NamedAxis to) {
  AxisList outer = rest(*parts[0], from[0]);
  SmallVector<ConstantRef, 2> ordered;
  for (auto [part, axis] : zip(parts, from))
    ordered.push_back(reorder(*part, joined(outer, axis)));
  auto result = std::make_shared<ConstantTensor>(ConstantTensor{joined(outer, to), parts[0]->kind, {}});
  for (int64_t row = 0, rows = *product(outer); row < rows; ++row)
    for (auto [part, axis] : zip(ordered, from)) {
      auto start = part->values.begin() + row * axis.size;
      result->values.insert(result->values.end(), start, start + axis.size);
    }
  return result;
}

ConstantRef heddle::elaboration::pickKnown(const ConstantTensor &tensor, NamedAxis axis, int64_t place) {
  AxisList outer = rest(tensor, axis);
  ConstantRef ordered = reorder(tensor, joined(outer, axis));
  auto result = std::make_shared<ConstantTensor>(ConstantTensor{outer, tensor.kind, {}});
  for (int64_t row = 0, rows = *product(outer); row < rows; ++row)
    result->values.push_back(ordered->values[row * axis.size + place]);
  return result;
}
