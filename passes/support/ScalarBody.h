// The region of a map, an epilogue or a score under construction: a function of scalars, one for each tensor
// it reads.
#ifndef HEDDLE_PASSES_SUPPORT_SCALARBODY_H
#define HEDDLE_PASSES_SUPPORT_SCALARBODY_H

#include "ir/Heddle.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/MapVector.h"

namespace heddle {

/// Fusing two maps is inlining one after the other into one ScalarBody.
class ScalarBody {
public:
  explicit ScalarBody(mlir::MLIRContext *context);

  /// An argument that is no tensor's element at the same indices: an accumulator, a product. It stands for
  /// `tensor` from now on.
  mlir::Value addResultOf(mlir::Value tensor);

  /// The scalar that stands for a tensor: known, or a new argument that the op must be given (see tensors()).
  mlir::Value scalarOf(mlir::Value tensor);

  /// Computes a map's element here; its scalar stands for the map's result from now on.
  mlir::Value inlineMap(MapOp map);

  /// Ends the body.
  void yield(mlir::Location loc, mlir::ValueRange values);

  /// The tensors of the arguments that scalarOf made, in their order.
  llvm::ArrayRef<mlir::Value> tensors() const { return inputs; }

  /// Moves the finished body into an op's region.
  void moveInto(mlir::Region &target);

  /// A map with the finished body.
  MapOp buildMap(mlir::RewriterBase &rewriter, mlir::Location loc, NamedTensorType type);

private:
  mlir::OpBuilder builder;
  mlir::Region region;
  llvm::SmallVector<mlir::Value> inputs;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
};

/// What a map yields, in its body.
inline mlir::Value yieldedBy(MapOp map) {
  return llvm::cast<YieldOp>(map.getBody().front().getTerminator()).getValues()[0];
}

/// Whether a map is so cheap that computing it again costs less than reading it: no function of `math` but
/// absolute values and rounding, no division.
bool isCheap(MapOp map);

} // namespace heddle

#endif
