//===- ConstantTensor.h - tensors known when compiling ----------*- C++ -*-===//
//
// Rotary frequencies, slopes, tables of distances: what functions of known values give. Numbers are doubles in the
// order of the axes, the last one fastest.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_CONSTANTTENSOR_H
#define HEDDLE_FRONTEND_ELABORATE_CONSTANTTENSOR_H

#include "frontend/elaborate/Axes.h"
#include "frontend/elaborate/Numbers.h"
#include <memory>
#include <variant>
#include <vector>

namespace heddle::elaboration {

struct ConstantTensor {
  AxisList axes; ///< none is dynamic
  NumberKind kind = NumberKind::Real;
  std::vector<double> values;
};
using ConstantRef = std::shared_ptr<const ConstantTensor>;
/// A known number, the same along all axes, or a tensor.
using Known = std::variant<Number, ConstantRef>;

/// Tensors made when compiling have at most so many numbers.
constexpr int64_t largestConstant = int64_t(1) << 22;

/// 0, 1, 2, ... along `axis`.
ConstantRef iota(NamedAxis axis);
/// Whether it is iota of its only axis.
bool isIota(const ConstantTensor &tensor);

/// Element by element over the union of the axes. None where the result would be too large.
ConstantRef mapKnown(MathOp op, NumberKind kind, llvm::ArrayRef<Known> arguments, const AxisTable &table);

enum class Reduction { Sum, Mean, Max, Any };
/// Over axes that the tensor has.
ConstantRef reduceKnown(Reduction reduction, const ConstantTensor &tensor, llvm::ArrayRef<NamedAxis> over);

/// The same numbers with their axes in another order (of the same set).
ConstantRef reorder(const ConstantTensor &tensor, llvm::ArrayRef<NamedAxis> order);
/// `from` split, joined, renamed into `to`: equal products of sizes.
ConstantRef regroupKnown(const ConstantTensor &tensor, llvm::ArrayRef<NamedAxis> from, llvm::ArrayRef<NamedAxis> to);
/// [offset, offset + to.size) of the axis `from`, which is then called `to`.
ConstantRef sliceKnown(const ConstantTensor &tensor, NamedAxis from, int64_t offset, NamedAxis to);
/// Parts one after the other: part i along from[i]; the other axes are the same set in each.
ConstantRef concatKnown(llvm::ArrayRef<ConstantRef> parts, llvm::ArrayRef<NamedAxis> from, NamedAxis to);
/// The tensor at one place of an axis.
ConstantRef pickKnown(const ConstantTensor &tensor, NamedAxis axis, int64_t place);

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_CONSTANTTENSOR_H
