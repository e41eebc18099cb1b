// The vectors of a linear that chooses its weights, by what they choose: a mixture's experts with the tokens
// that take them.
#ifndef HEDDLE_PASSES_KERNELS_CHOICES_H
#define HEDDLE_PASSES_KERNELS_CHOICES_H

#include "passes/kernels/Emit.h"

namespace heddle {

/// Vectors are numbered: those of a token one behind the other, in the order of `chosen`'s axes but T.
class Choices {
public:
  /// `chosen`: integers, along T and other axes or along others alone.
  explicit Choices(mlir::Value chosen);

  /// Vectors of one token (or of all, without T).
  int64_t perToken() const { return count; }
  bool hasTokens() const { return tokens; }
  /// Where vector `number` stands: an index for each axis of `chosen`.
  Env at(KernelBuilder &k, mlir::Value number) const;
  /// What it chooses, of `size`; numbers out of range are clamped.
  mlir::Value choiceAt(PointEmitter &points, KernelBuilder &k, const Env &env, int64_t size) const;

  /// Where entry `place` of an order lies.
  llvm::SmallVector<mlir::Value> places(KernelBuilder &k, mlir::Value place) const;

  /// Brings vectors with the same choice together, in a kernel of its own that is launched once for all that
  /// ask: `order` [T][perToken] has their numbers, `bounds` [size][2] where in `order` those of a choice
  /// begin and end. Both are i32.
  VectorGroups group(EmitContext &context, mlir::Location loc, int64_t size) const;

private:
  mlir::Value chosen;
  llvm::SmallVector<std::string> axes; // but T
  llvm::SmallVector<int64_t> sizes;
  int64_t count = 1;
  bool tokens = false;
};

} // namespace heddle

#endif
