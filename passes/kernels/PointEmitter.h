// The value of a tensor at one point, as code inside a kernel: loaded where the tensor has memory, computed
// where it has none.
#ifndef HEDDLE_PASSES_KERNELS_POINTEMITTER_H
#define HEDDLE_PASSES_KERNELS_POINTEMITTER_H

#include "passes/kernels/KernelBuilder.h"

namespace heddle {

class PointEmitter {
public:
  explicit PointEmitter(KernelBuilder &kernel) : k(kernel) {}

  /// The element of `tensor` at the indices of `env` (which has all its axes, perhaps more), a scalar for
  /// each lane.
  mlir::Value point(mlir::Value tensor, const Env &env);
  /// The same, computed by the op that defines it even if the tensor has memory.
  mlir::Value compute(mlir::Value tensor, const Env &env);
  /// Stores an element: into the tensor's memory, or where it is to appear as part of a concat, a keep or a
  /// regrouped tensor. `where`: a condition for each lane, null for all.
  void store(mlir::Value tensor, const Env &env, mlir::Value scalar, mlir::Value where);

  /// The elements at four neighbouring indices of `axis`, from env's on, which is a multiple of four in every
  /// lane: a vector for each lane. Loaded and stored as one where the tensor's memory has them side by side.
  mlir::Value four(mlir::Value tensor, const Env &env, llvm::StringRef axis);
  void storeFour(mlir::Value tensor, const Env &env, llvm::StringRef axis, mlir::Value values,
                 mlir::Value where);

  void storeAt(const Storage &place, const Env &env, mlir::Value scalar, mlir::Value where);
  /// Stores an element of `part` where `through` (a concat, a keep or a regroup of it) has it.
  void storeInto(mlir::Operation *through, mlir::Value part, const Env &env, mlir::Value scalar,
                 mlir::Value where);

  /// In a region, `argument` means `tensor` (which may have more axes: those come from the point).
  void bind(mlir::Value argument, mlir::Value tensor) { aliases[argument] = tensor; }
  /// A value that is the same wherever it is asked for, until forgotten.
  void remember(mlir::Value tensor, mlir::Value scalar) { known[tensor] = scalar; }
  void forget(mlir::Value tensor) { known.erase(tensor); }
  bool remembers(mlir::Value tensor) const { return known.count(tensor); }

  /// A region over scalars with its arguments given, scalars or vectors of four: what it yields.
  llvm::SmallVector<mlir::Value> inlineScalars(mlir::Block &body, mlir::ValueRange arguments);
  /// Reduces element(env) over axes of `type`: across lanes where all other indices are uniform, in order
  /// otherwise.
  mlir::Value reduce(ReduceKind kind, NamedTensorType type, llvm::ArrayRef<llvm::StringRef> over,
                     const Env &env, llvm::function_ref<mlir::Value(const Env &)> element);
  /// An i1 for each lane: the index is below the axis's size; null where that is always so.
  mlir::Value within(const Idx &index, NamedTensorType type, llvm::StringRef axis);

private:
  mlir::Value load(const Storage &place, NamedTensorType type, const Env &env);
  mlir::Value loadWeight(WeightOp weight, const Env &env);
  mlir::Value loadConstant(ConstantOp constant, const Env &env);
  llvm::SmallVector<mlir::Value> address(const Layout &layout, const Env &env);
  mlir::Value fourPoints(const Env &env, llvm::StringRef axis,
                         llvm::function_ref<mlir::Value(const Env &)> point);
  mlir::Value computeFour(mlir::Value tensor, const Env &env, llvm::StringRef axis);
  mlir::Value map(MapOp op, const Env &env);
  mlir::Value regroup(RegroupOp op, const Env &env);
  /// The point with the indices of `toAxes` of `to`, whose product is that of `fromAxes` of `from`.
  Env regrouped(const Env &env, mlir::Value from, mlir::ArrayAttr fromAxes, mlir::Value to,
                mlir::ArrayAttr toAxes);
  mlir::Value concat(ConcatOp op, const Env &env);
  mlir::Value lookup(LookupOp op, const Env &env);
  mlir::Value contract(ContractOp op, const Env &env);
  mlir::Value neutral(ReduceKind kind, mlir::Type type);
  mlir::Value combine(ReduceKind kind, mlir::Value a, mlir::Value b);
  mlir::Value elements(NamedTensorType type, llvm::ArrayRef<llvm::StringRef> over);

  KernelBuilder &k;
  llvm::DenseMap<mlir::Value, mlir::Value> aliases, known;
};

/// Whether a tensor needs no memory: its elements are computed (positions, weights) or are another tensor's
/// under other indices.
bool isVirtual(mlir::Value tensor);

/// Whether a tensor with an element for each token and key (a bias by distance) is made where attentions read
/// it: of positions, constants and weights' elements, and for nothing else.
bool isMadeWhereRead(mlir::Value tensor);

/// The one concat, keep or regroup that a tensor is part of and nothing else, through which it can be stored;
/// null otherwise.
mlir::Operation *storesThrough(mlir::Value tensor);

} // namespace heddle

#endif
