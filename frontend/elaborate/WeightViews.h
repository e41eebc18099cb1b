//===- WeightViews.h - stored tensors seen as weights -----------*- C++ -*-===//
//
// A weight is rarely stored as a page speaks of it: it is part of a fused tensor, interleaved with another, split over
// a tensor an expert, or has its axes in another order. All of that is arithmetic on strides. A view says where each
// element of a weight lies; nothing is read and nothing is copied.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_WEIGHTVIEWS_H
#define HEDDLE_FRONTEND_ELABORATE_WEIGHTVIEWS_H

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/elaborate/ConstantTensor.h"
#include <string>
#include <vector>

namespace heddle::elaboration {

/// One place of an index: it counts to `size`, and moves by `stride` elements; -1: to another tensor.
struct Digit {
  int64_t size;
  int64_t stride;
  friend bool operator==(const Digit &a, const Digit &b) { return a.size == b.size && a.stride == b.stride; }
};
constexpr int64_t chooseTensor = -1;

/// An axis of a weight: its index is written with these digits, outermost first; none for a size of 1.
struct ViewAxis {
  NamedAxis axis;
  llvm::SmallVector<Digit, 2> digits;
};

/// Stored tensors, with or without axes. Where `shaped` is false nothing has said yet what their dimensions are.
struct StoredView {
  std::string name;                          ///< as the page wrote it, prefixes included: "h.{E}.w"
  std::vector<const StoredTensor *> tensors; ///< of one shape and type; one, or one for each index of `listed`
  AxisList listed;                           ///< `{kv group}` in the name: axes that choose the tensor
  bool shaped = false;
  llvm::SmallVector<ViewAxis, 4> axes; ///< once shaped
  int64_t offset = 0;
  double scale = 1, add = 0; ///< element * scale + add

  const StoredTensor &first() const { return *tensors.front(); }
  AxisList axisList() const;
};
using ViewRef = std::shared_ptr<const StoredView>;

/// Dimensions of a stored form, with the sizes of the axes: a product of axes, `1`s and sums of products.
struct DimSum;
struct DimFactor {
  NamedAxis axis;                          ///< without a name: a `1`, or `sum`
  std::shared_ptr<const DimSum> sum;
};
struct DimProduct {
  llvm::SmallVector<DimFactor, 4> factors;
};
struct DimSum {
  llvm::SmallVector<DimProduct, 2> terms;
};
/// Sizes; none where they do not fit in 63 bits.
std::optional<int64_t> sizeOf(const DimSum &sum);

/// The views of an unshaped one whose dimensions are `dims`, one for each combination of a sum's terms, in order. Axes
/// that its name lists need not be among the dimensions. None where the dimensions do not have the stored sizes; then
/// `expected` holds what they would be.
std::optional<std::vector<ViewRef>> shapeView(const StoredView &view, llvm::ArrayRef<DimSum> dims,
                                              llvm::SmallVectorImpl<int64_t> &expected);

/// `x as [from -> to]`; null where it is no matter of strides.
ViewRef regroupView(const StoredView &view, llvm::ArrayRef<NamedAxis> from, llvm::ArrayRef<NamedAxis> to);
/// Part of an axis, from `offset` on, under the name of `to`; null where it is no matter of strides.
ViewRef sliceView(const StoredView &view, NamedAxis from, int64_t offset, NamedAxis to);
/// The same view with its axes in the order given.
ViewRef orderView(const StoredView &view, llvm::ArrayRef<NamedAxis> order);

/// Reads a shaped view. Null where it has more than `largestConstant` elements.
ConstantRef readView(const StoredView &view);

/// Whether two shaped views have the same numbers at the same places of the same axes.
bool sameNumbers(const StoredView &a, const StoredView &b);

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_WEIGHTVIEWS_H
