// Questions about the axes of tensors that several passes ask.
#ifndef HEDDLE_PASSES_SUPPORT_AXES_H
#define HEDDLE_PASSES_SUPPORT_AXES_H

#include "ir/Heddle.h"

namespace heddle {

/// The type of a value of the page's mathematics.
inline NamedTensorType typeOf(mlir::Value value) { return llvm::cast<NamedTensorType>(value.getType()); }

/// Whether each axis of `part` is an axis of `whole`.
bool isWithin(NamedTensorType part, NamedTensorType whole);

/// Whether two types have the same axes, in whatever order they are written.
inline bool haveSameAxes(NamedTensorType left, NamedTensorType right) {
  return left.rank() == right.rank() && isWithin(left, right);
}

/// The type with axis `from` replaced, in its place, by `to` of `size`.
NamedTensorType renameAxis(NamedTensorType type, llvm::StringRef from, llvm::StringRef to, int64_t size);

/// The type with the axes of `from` replaced by `to` (with `sizes`), where the first of them stood.
NamedTensorType regroupAxes(NamedTensorType type, llvm::ArrayRef<llvm::StringRef> from,
                            llvm::ArrayRef<llvm::StringRef> to, llvm::ArrayRef<int64_t> sizes);

/// The type with an axis more; the same type where it is there already.
NamedTensorType withAxis(NamedTensorType type, llvm::StringRef axis, int64_t size);

/// Whether an op of the mathematics computes each token's result from the same token's operands: it neither
/// sums, normalises, looks up, cuts nor regroups along T.
bool leavesTokensAlone(mlir::Operation *op);

/// A weight, or a slice or regroup of one: what the packer can lay out as a kernel wants it.
bool isWeightView(mlir::Value value);

} // namespace heddle

#endif
