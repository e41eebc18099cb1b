//===- Widener.h - the work of widen-lanes ----------------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_WIDENER_H
#define HEDDLE_BACKENDS_CPU_WIDENER_H

#include "backends/cpu/Target.h"
#include "backends/lanes/Divergence.h"
#include "ir/Heddle.h"
#include "llvm/ADT/DenseMap.h"

namespace heddle::cpu {

/// An index taken apart: `uniform` + `perLane` * lane + `rest`. A null value is zero; `uniform` is a scalar
/// index, `rest` a vector of i32.
struct LaneIndex {
  mlir::Value uniform;
  int64_t perLane = 0;
  mlir::Value rest;

  bool isUniform() const { return perLane == 0 && !rest; }
};

/// Where the lanes touch a memref: lane i at `indices` plus `offsets[i]` elements; no offsets: plus i
/// elements.
struct LaneAddress {
  llvm::SmallVector<mlir::Value> indices;
  mlir::Value offsets; // vector of i32, or null
};

/// Widens one kernel in place: ops keep their identity where only their types change.
class Widener {
public:
  Widener(KernelOp kernel, const CpuTarget &target)
      : kernel(kernel), lanes(kernel.getLanes()), target(target), divergence(kernel) {}

  mlir::LogicalResult run();

private:
  // Widener.cpp: ops on values.
  mlir::LogicalResult widenBlock(mlir::Block &block);
  mlir::LogicalResult widen(mlir::Operation *op);
  mlir::LogicalResult widenElementwise(mlir::Operation *op);
  mlir::LogicalResult widenFor(mlir::scf::ForOp loop);
  mlir::LogicalResult widenIf(mlir::scf::IfOp branch);
  mlir::LogicalResult widenYield(mlir::scf::YieldOp yield);
  mlir::LogicalResult widenReduce(LaneReduceOp reduce);
  void replaceVarying(mlir::Operation *op, mlir::Value value);
  void widenLane(LaneOp lane);
  void widenIndexCast(mlir::Operation *op, bool isSigned);
  void widenDot2(Dot2Op dot);
  mlir::Value dotChunk(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value accumulator,
                       mlir::Value left, mlir::Value right, int64_t width);
  void widenChooseBytes(ChooseBytesOp choose);
  mlir::LogicalResult mustBeUniform(mlir::Operation *op, mlir::Value value, llvm::StringRef what,
                                    llvm::StringRef remedy);

  // WidenMemory.cpp: ops on memory, and indices.
  mlir::LogicalResult widenLoad(mlir::memref::LoadOp load);
  mlir::LogicalResult widenStore(mlir::memref::StoreOp store);
  mlir::LogicalResult widenStoreWhere(StoreWhereOp store);
  void noteIndex(mlir::Operation *op);
  LaneIndex laneIndex(mlir::Value index) const;
  mlir::Value varyingPart(mlir::OpBuilder &builder, mlir::Location loc, const LaneIndex &index);
  mlir::FailureOr<LaneAddress> address(mlir::Operation *op, mlir::MemRefType type, mlir::Value memref,
                                       mlir::ValueRange indices);

  mlir::VectorType vectorOf(mlir::Type scalar) const;
  mlir::Value asVector(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);
  mlir::Value laneNumbers(mlir::OpBuilder &builder, mlir::Location loc) const;
  mlir::Value splat(mlir::OpBuilder &builder, mlir::Location loc, int64_t value) const;
  bool isVarying(mlir::Value value) const { return divergence.isVarying(value); }

  KernelOp kernel;
  int64_t lanes;
  const CpuTarget &target;
  lanes::Divergence divergence;
  llvm::DenseMap<mlir::Value, LaneIndex> indices; // of varying values of type index
};

} // namespace heddle::cpu

#endif
