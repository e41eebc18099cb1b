//===- Widener.h - the work of widen-lanes ----------------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_WIDENER_H
#define HEDDLE_BACKENDS_CPU_WIDENER_H

#include "backends/cpu/Target.h"
#include "backends/lanes/Divergence.h"
#include "ir/Heddle.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
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

/// Where the lanes touch a memref: element i of what they load or store, lane after lane, at `indices` plus
/// `offsets[i]` elements; no offsets: plus i elements.
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
  /// Makes an op's result of its operands, words or vectors of words.
  using WordsEmitter = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange words)>;
  /// Replaces an op on words: by `written` where it is uniform or a register has fewer than `least` words,
  /// else by `chunk` for as many words at a time as a register has. The result has its first operand's type.
  void widenWords(mlir::Operation *op, int64_t least, WordsEmitter written, WordsEmitter chunk);
  void widenDot(mlir::Operation *dot);
  mlir::Value dotOfPairs(mlir::ImplicitLocOpBuilder &builder, mlir::Value accumulator, mlir::Value left,
                         mlir::Value right);
  mlir::Value dotOfBytes(mlir::ImplicitLocOpBuilder &builder, mlir::Value accumulator, mlir::Value left,
                         mlir::Value right);
  void widenChooseBytes(ChooseBytesOp choose);
  mlir::LogicalResult mustBeUniform(mlir::Operation *op, mlir::Value value, llvm::StringRef what,
                                    llvm::StringRef remedy);

  // WidenVectors.cpp: ops on vectors of each lane.
  void widenBroadcast(mlir::vector::BroadcastOp broadcast);
  mlir::LogicalResult widenExtract(mlir::vector::ExtractOp extract);
  void widenFromElements(mlir::vector::FromElementsOp vectors);
  /// Each lane's number `count` times.
  mlir::Value repeated(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, int64_t count) const;
  /// A vector for each lane, of one that is the same in all.
  mlir::Value tiled(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value) const;

  // WidenMemory.cpp: ops on memory, and indices.
  mlir::LogicalResult widenLoad(mlir::Operation *op, mlir::Value memref, mlir::ValueRange indices);
  mlir::LogicalResult widenStore(mlir::Operation *op, mlir::Value value, mlir::Value memref,
                                 mlir::ValueRange indices);
  mlir::LogicalResult widenStoreWhere(StoreWhereOp store);
  void noteIndex(mlir::Operation *op);
  LaneIndex laneIndex(mlir::Value index) const;
  mlir::Value varyingPart(mlir::OpBuilder &builder, mlir::Location loc, const LaneIndex &index);
  /// Of an op with which each lane touches `count` neighbouring elements.
  mlir::FailureOr<LaneAddress> address(mlir::Operation *op, mlir::Value memref, mlir::ValueRange indices,
                                       int64_t count);

  /// The elements of a vector; 1 for a scalar.
  static int64_t elementsOf(mlir::Type type) {
    auto vector = mlir::dyn_cast<mlir::VectorType>(type);
    return vector ? vector.getNumElements() : 1;
  }
  /// How many elements of a value one lane has.
  int64_t perLane(mlir::Value value) const {
    return elementsOf(value.getType()) / (isVarying(value) ? lanes : 1);
  }
  /// What a value of this type becomes where it is varying.
  mlir::VectorType vectorOf(mlir::Type type) const;
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
