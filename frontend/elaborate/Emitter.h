//===- Emitter.h - ops of the heddle dialect --------------------*- C++ -*-===//
//
// Makes the ops. Types follow from the operands; what is asked for has been checked. Axes of results are in the order
// of the AxisTable, so that equal sets of axes are equal types.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_EMITTER_H
#define HEDDLE_FRONTEND_ELABORATE_EMITTER_H

#include "frontend/elaborate/ConstantTensor.h"
#include "frontend/elaborate/WeightViews.h"
#include "llvm/Support/SMLoc.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/IR/Builders.h"
#include <variant>

namespace heddle::elaboration {

/// An argument of elementwise arithmetic: a number goes into the region.
using Operand = std::variant<Number, mlir::Value>;

class Emitter {
public:
  Emitter(mlir::MLIRContext &context, const llvm::SourceMgr &sources, const AxisTable &axes);

  mlir::OpBuilder builder;

  /// The page's line, and the same with a name for the SSA value.
  mlir::Location at(llvm::SMLoc place) const;
  mlir::Location named(llvm::StringRef name, llvm::SMLoc place) const;
  /// Gives an op that has no name yet one for its value.
  void name(mlir::Value value, llvm::StringRef name) const;

  mlir::Type type(llvm::ArrayRef<NamedAxis> axes, NumberKind kind) const;
  /// The type of a weight: its axes in their own order, in the format of a tensor; none where no format is that.
  std::optional<mlir::Type> weightType(llvm::ArrayRef<NamedAxis> axes, StorageType stored) const;
  AxisList axesOf(mlir::Value value) const;
  NumberKind kindOf(mlir::Value value) const;

  mlir::Value constant(const ConstantTensor &tensor, mlir::Location loc);
  mlir::Value constant(Number number, mlir::Location loc);
  mlir::Value weight(llvm::StringRef name, mlir::Type type, mlir::Location loc);
  mlir::Value position(NamedAxis axis, mlir::Location loc);
  mlir::Value index(NamedAxis axis, mlir::Location loc);
  mlir::Value extent(NamedAxis axis, mlir::Location loc);
  /// One map; the result has `axes`, which include the operands'.
  mlir::Value map(MathOp op, llvm::ArrayRef<Operand> operands, llvm::ArrayRef<NamedAxis> axes, NumberKind kind,
                  mlir::Location loc);
  /// The same values along more axes, or as reals.
  mlir::Value spread(mlir::Value value, llvm::ArrayRef<NamedAxis> axes, NumberKind kind, mlir::Location loc);
  mlir::Value contract(mlir::Value left, mlir::Value right, llvm::ArrayRef<NamedAxis> over, mlir::Location loc);
  mlir::Value reduce(Reduction reduction, mlir::Value input, llvm::ArrayRef<NamedAxis> over, mlir::Location loc);
  mlir::Value softmax(mlir::Value input, mlir::Value extra, NamedAxis over, mlir::Location loc);
  mlir::Value lookup(mlir::Value input, llvm::ArrayRef<NamedAxis> axes, llvm::ArrayRef<mlir::Value> indices,
                     mlir::Location loc);
  mlir::Value regroup(mlir::Value input, llvm::ArrayRef<NamedAxis> from, llvm::ArrayRef<NamedAxis> to,
                      mlir::Location loc);
  mlir::Value slice(mlir::Value input, NamedAxis from, int64_t offset, NamedAxis to, mlir::Location loc);
  mlir::Value concat(llvm::ArrayRef<mlir::Value> parts, llvm::ArrayRef<NamedAxis> from, NamedAxis to,
                     mlir::Location loc);
  mlir::Value keep(mlir::Value input, NamedAxis from, NamedAxis to, llvm::StringRef cache, mlir::Location loc);
  std::pair<mlir::Value, mlir::Value> top(mlir::Value input, NamedAxis from, NamedAxis to, mlir::Location loc);
  void tap(mlir::Value value, llvm::StringRef name, mlir::Location loc);

private:
  mlir::ArrayAttr names(llvm::ArrayRef<NamedAxis> axes) const;
  mlir::Type typeOf(llvm::ArrayRef<NamedAxis> axes, mlir::Value like) const;

  const llvm::SourceMgr &sources;
  const AxisTable &table;
};

/// Emits `op` on scalars of a region; the result is of the kind that resultKind gives (EmitMath.cpp).
mlir::Value emitMath(mlir::OpBuilder &builder, mlir::Location loc, MathOp op, llvm::ArrayRef<mlir::Value> arguments);
/// A scalar of a region, or a constant in it, as `kind` (EmitMath.cpp).
mlir::Value convertScalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, NumberKind kind);
mlir::Value constantScalar(mlir::OpBuilder &builder, mlir::Location loc, Number number, NumberKind kind);

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_EMITTER_H
