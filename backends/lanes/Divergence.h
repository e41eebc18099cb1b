//===- Divergence.h - which values differ from lane to lane -----*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_LANES_DIVERGENCE_H
#define HEDDLE_BACKENDS_LANES_DIVERGENCE_H

#include "ir/Heddle.h"
#include "llvm/ADT/DenseSet.h"

namespace heddle::lanes {

/// The varying values of a kernel: `heddle.lane`, and what is computed from it other than by
/// `heddle.lane_reduce`.
class Divergence {
public:
  explicit Divergence(KernelOp kernel);

  bool isVarying(mlir::Value value) const { return varying.contains(value); }

  /// `value` takes the place of a varying value whose op goes away.
  void replace(mlir::Value old, mlir::Value value) {
    varying.erase(old);
    varying.insert(value);
  }

  /// Whether an operand is varying.
  bool hasVaryingOperand(mlir::Operation *op) const;

private:
  bool visit(mlir::Operation *op);
  bool mark(mlir::Value value) { return varying.insert(value).second; }
  bool markLoop(mlir::scf::ForOp loop);
  bool markIf(mlir::scf::IfOp branch);

  llvm::DenseSet<mlir::Value> varying;
};

} // namespace heddle::lanes

#endif
