//===- Multiples.cpp - which indices are multiples of a number ------------===//

#include "backends/lanes/Multiples.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::lanes {

bool isMultipleOf(Value value, int64_t number) {
  if (std::optional<int64_t> known = getConstantIntValue(value))
    return *known % number == 0;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() && isMultipleOf(loop.getLowerBound(), number) &&
           isMultipleOf(loop.getStep(), number);
  }
  if (auto product = value.getDefiningOp<arith::MulIOp>())
    return isMultipleOf(product.getLhs(), number) || isMultipleOf(product.getRhs(), number);
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    return isMultipleOf(sum.getLhs(), number) && isMultipleOf(sum.getRhs(), number);
  if (auto least = value.getDefiningOp<arith::MinUIOp>())
    return isMultipleOf(least.getLhs(), number) && isMultipleOf(least.getRhs(), number);
  return false;
}

} // namespace heddle::lanes
