// What emitters of kernels that are more than a point at a time have in common: one kernel, and short names
// for the ops they use most.
#ifndef HEDDLE_PASSES_KERNELS_KERNELEMITTER_H
#define HEDDLE_PASSES_KERNELS_KERNELEMITTER_H

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/kernels/Emit.h"

namespace heddle {

class KernelEmitter {
protected:
  KernelEmitter(mlir::Operation *op, EmitContext &context)
      : options(context.options), k(context.kernel(op)), points(k) {}

  mlir::Value scratch(llvm::ArrayRef<int64_t> shape, mlir::Type type) {
    return ScratchOp::create(k.builder, k.loc, mlir::MemRefType::get(shape, type));
  }
  mlir::Value load(mlir::Value memref, mlir::ValueRange at) {
    return mlir::memref::LoadOp::create(k.builder, k.loc, memref, at);
  }
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange at) {
    mlir::memref::StoreOp::create(k.builder, k.loc, value, memref, at);
  }
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) {
    return mlir::math::FmaOp::create(k.builder, k.loc, a, b, c);
  }
  mlir::Value plus(mlir::Value a, mlir::Value b) {
    return k.builder.createOrFold<mlir::arith::AddIOp>(k.loc, a, b);
  }
  mlir::Value times(mlir::Value a, int64_t b) {
    return k.builder.createOrFold<mlir::arith::MulIOp>(k.loc, a, k.constant(b));
  }
  mlir::Value atMost(mlir::Value a, mlir::Value b) {
    return mlir::arith::MinUIOp::create(k.builder, k.loc, a, b);
  }
  mlir::Value isBelow(mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpIOp::create(k.builder, k.loc, mlir::arith::CmpIPredicate::ult, a, b);
  }

  // Of vectors of four, one for each lane.
  mlir::VectorType fourType() { return mlir::VectorType::get({4}, k.builder.getF32Type()); }
  mlir::Value spread(mlir::Value scalar) {
    auto type = mlir::VectorType::get({4}, scalar.getType());
    return mlir::vector::BroadcastOp::create(k.builder, k.loc, type, scalar);
  }
  mlir::Value part(mlir::Value four, int64_t place) {
    return mlir::vector::ExtractOp::create(k.builder, k.loc, four, place);
  }
  /// Op over the four: of the first two and the last two, then of both.
  template <typename Op> mlir::Value acrossFour(mlir::Value four) {
    mlir::Value low = Op::create(k.builder, k.loc, part(four, 0), part(four, 1));
    mlir::Value high = Op::create(k.builder, k.loc, part(four, 2), part(four, 3));
    return Op::create(k.builder, k.loc, low, high);
  }

  KernelOptions options;
  KernelBuilder k;
  PointEmitter points;
};

} // namespace heddle

#endif
