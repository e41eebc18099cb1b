// One function for each kind of op: emits its kernel and its launch.
#ifndef HEDDLE_PASSES_KERNELS_EMIT_H
#define HEDDLE_PASSES_KERNELS_EMIT_H

#include "passes/kernels/PointEmitter.h"

namespace heddle {

/// What the target and the function say about kernels.
struct KernelOptions {
  int64_t lanes = 16;
  int64_t accumulators = 24;      // vectors of `lanes` that fit in registers beside operands
  int64_t tileBytes = 256 * 1024; // of activations that stay in the nearest large cache
  int64_t activationBits = 32;    // of activations beside quantised weights: 16 or 8 are integers in blocks
  bool direct = false;    // nothing is near enough to copy activations to: linears read them where they lie
  int64_t directTile = 8; // tokens to a direct linear's register tile,
  int64_t directVectors = 2; // and vectors of four rows; twice as many for one token
  bool decode = false;       // T is 1
};

/// What every emitter needs.
struct EmitContext {
  Memory &memory;
  mlir::OpBuilder &launchAt;
  KernelOptions options;
  std::string prefix; // of the kernels' names: the layer or entry

  KernelBuilder kernel(mlir::Operation *op) const;
};

/// The plain kernels: one lane a point of the result, nothing shared between points. Any op but those below.
void emitPlain(mlir::Value result, EmitContext &context);
void emitSoftmax(SoftmaxOp op, EmitContext &context);
void emitTop(TopOp op, EmitContext &context);
/// One token's, along an axis that many lanes share.
bool isLongTop(TopOp op, const EmitContext &context);
void emitLongTop(TopOp op, EmitContext &context);
void emitRowwise(RowwiseOp op, EmitContext &context);
void emitLinear(LinearOp op, EmitContext &context);
void emitAttention(AttentionOp op, EmitContext &context);

/// Visits the points of a tensor, one piece of the grid for all indices but the innermost of `layout`, along
/// which the lanes run. `where`: the lanes that are inside, null for all. Returns the grid.
llvm::SmallVector<GridFactor> forEachPoint(KernelBuilder &kernel, NamedTensorType type, const Layout &layout,
                                           llvm::function_ref<void(const Env &, mlir::Value where)> body);

/// The layout that `tensor` (or what it is stored through) has.
const Layout &layoutOf(mlir::Value tensor, const Memory &memory);

/// Computes the reductions of a token's region that are one number a token, and remembers them.
void rememberTokenReductions(mlir::Block &region, PointEmitter &points, const Env &env);

} // namespace heddle

#endif
