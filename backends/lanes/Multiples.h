//===- Multiples.h - which indices are multiples of a number ----*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_LANES_MULTIPLES_H
#define HEDDLE_BACKENDS_LANES_MULTIPLES_H

#include "mlir/IR/Value.h"

namespace heddle::lanes {

/// Whether an index is known to be a multiple of `number`: from constants, sums, products and least values of
/// such, and loops that go through such.
bool isMultipleOf(mlir::Value value, int64_t number);

} // namespace heddle::lanes

#endif // HEDDLE_BACKENDS_LANES_MULTIPLES_H
