//===- SynchronizeLanes.cpp - place scratch memory and insert barriers ----===//
//
// Terms: an access is *own* if lane l touches only elements whose innermost index is l modulo the lanes, a
// *row* if it touches only elements whose outermost index is l; it is *uniform* if all lanes touch the same
// element; two accesses *conflict* if they may meet in an element, come from different lanes and one of them
// writes.
//
// 1. Scratch memory with own accesses only, or with uniform ones only (each lane then keeps what all would
// keep), is private.
//    The other goes to the workgroup's memory, in the order of the kernel, while there is room.
// 2. A walk in the order of execution notes what was accessed since the last barrier, and puts a barrier
// before an op that
//    conflicts; before a loop if something in it conflicts with what came before the loop. Then its body is
//    walked twice, the second time with what the first left behind; after a branch either side may have been
//    taken. Barriers are never in divergent flow: all flow of a kernel is uniform.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "backends/lanes/Divergence.h"
#include "backends/lanes/Multiples.h"
#include "ir/Heddle.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_SYNCHRONIZELANES
#include "backends/vulkan/Passes.h.inc"

namespace {

enum class Pattern { Own, Row, Uniform, Other };

struct Access {
  Value memory;
  bool writes;
  Pattern pattern;
};

/// The accesses since the last barrier.
struct Pending {
  SmallVector<Access> accesses;

  bool conflictsWith(const Access &next) const {
    return llvm::any_of(accesses, [&](const Access &before) {
      if (before.memory != next.memory || !(before.writes || next.writes))
        return false;
      if (before.pattern == next.pattern && (next.pattern == Pattern::Own || next.pattern == Pattern::Row))
        return false;
      // One lane writes for all, in order.
      return !(before.writes && next.writes && before.pattern == Pattern::Uniform &&
               next.pattern == Pattern::Uniform);
    });
  }
  void add(const Access &access) {
    bool known = llvm::any_of(accesses, [&](const Access &other) {
      return other.memory == access.memory && other.writes == access.writes &&
             other.pattern == access.pattern;
    });
    if (!known)
      accesses.push_back(access);
  }
  void add(const Pending &other) {
    for (const Access &access : other.accesses)
      add(access);
  }
};

class Synchronizer {
public:
  Synchronizer(KernelOp kernel, int64_t shared) : kernel(kernel), divergence(kernel), shared(shared) {}

  LogicalResult run() {
    if (failed(placeScratch()))
      return failure();
    findExchanged();
    Pending pending;
    walk(kernel.getBody().front(), pending);
    for (Operation *op : barriers) {
      OpBuilder builder(op);
      gpu::BarrierOp::create(builder, op->getLoc());
    }
    return success();
  }

private:
  std::optional<Access> accessOf(Operation *op);
  Pattern patternOf(Value memory, ValueRange indices);
  LogicalResult placeScratch();
  void findExchanged();
  void walk(Block &block, Pending &pending);
  void walkOp(Operation &op, Pending &pending);

  KernelOp kernel;
  lanes::Divergence divergence;
  int64_t shared;
  llvm::DenseSet<Value> exchanged; // memory through which lanes may exchange numbers
  llvm::SetVector<Operation *> barriers;
};

Pattern Synchronizer::patternOf(Value memory, ValueRange indices) {
  if (llvm::none_of(indices, [&](Value index) { return divergence.isVarying(index); }))
    return Pattern::Uniform;
  auto isLane = [](Value value) { return isa_and_nonnull<LaneOp>(value.getDefiningOp()); };
  if (llvm::any_of(indices.drop_back(), [&](Value index) { return divergence.isVarying(index); })) {
    bool ownRow = isLane(indices.front()) && llvm::none_of(indices.drop_front(), [&](Value index) {
                    return divergence.isVarying(index);
                  });
    return ownRow ? Pattern::Row : Pattern::Other;
  }
  if (cast<MemRefType>(memory.getType()).getShape().back() % int64_t(kernel.getLanes()) != 0)
    return Pattern::Other;
  Value last = indices.back();
  if (isLane(last))
    return Pattern::Own;
  if (auto sum = last.getDefiningOp<arith::AddIOp>()) // lane + a multiple, in any grouping
    for (auto [lane, base] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())})
      if (isLane(lane) && !divergence.isVarying(base) && lanes::isMultipleOf(base, kernel.getLanes()))
        return Pattern::Own;
  return Pattern::Other;
}

std::optional<Access> Synchronizer::accessOf(Operation *op) {
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return Access{load.getMemref(), false, patternOf(load.getMemref(), load.getIndices())};
  if (auto load = dyn_cast<vector::LoadOp>(op)) {
    Pattern pattern = patternOf(load.getBase(), load.getIndices());
    return Access{load.getBase(), false, pattern == Pattern::Uniform ? pattern : Pattern::Other};
  }
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return Access{store.getMemref(), true, patternOf(store.getMemref(), store.getIndices())};
  if (auto store = dyn_cast<vector::StoreOp>(op)) {
    Pattern pattern = patternOf(store.getBase(), store.getIndices());
    return Access{store.getBase(), true, pattern == Pattern::Uniform ? pattern : Pattern::Other};
  }
  if (auto store = dyn_cast<StoreWhereOp>(op))
    return Access{store.getMemref(), true, patternOf(store.getMemref(), store.getIndices())};
  return std::nullopt;
}

LogicalResult Synchronizer::placeScratch() {
  llvm::MapVector<Value, SmallVector<Pattern>> patterns;
  bool reduces = false;
  WalkResult walked = kernel.walk([&](Operation *op) {
    reduces |= isa<LaneReduceOp>(op);
    if (auto scratch = dyn_cast<ScratchOp>(op)) {
      auto type = cast<MemRefType>(scratch.getType());
      if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
          !getElementTypeOrSelf(type.getElementType()).isIntOrFloat()) {
        op->emitError() << "scratch memory must have a static shape of numbers, found " << type;
        return WalkResult::interrupt();
      }
      patterns[scratch.getResult()];
    } else if (std::optional<Access> access = accessOf(op)) {
      if (access->memory.getDefiningOp<ScratchOp>())
        patterns[access->memory].push_back(access->pattern);
    }
    return WalkResult::advance();
  });
  if (walked.wasInterrupted())
    return failure();
  if (reduces) // a word a lane, for kernels-to-gpu
    shared -= int64_t(kernel.getLanes()) * 4;
  for (auto &[memory, found] : patterns) {
    auto all = [&](Pattern pattern) {
      return llvm::all_of(found, [&](Pattern one) { return one == pattern; });
    };
    auto type = cast<MemRefType>(memory.getType());
    int64_t bytes = type.getNumElements() * (isa<VectorType>(type.getElementType()) ? 16 : 4);
    StringRef place = "device";
    if (all(Pattern::Own) || all(Pattern::Uniform))
      place = "private";
    else if (bytes <= shared)
      place = "workgroup", shared -= bytes;
    memory.getDefiningOp()->setAttr("heddle.place", StringAttr::get(kernel.getContext(), place));
  }
  return success();
}

/// Scratch memory that is not private, and buffers that are both read and written.
void Synchronizer::findExchanged() {
  llvm::DenseSet<Value> read, written;
  kernel.walk([&](Operation *op) {
    if (std::optional<Access> access = accessOf(op))
      (access->writes ? written : read).insert(access->memory);
  });
  for (Value memory : written) {
    auto place = memory.getDefiningOp() ? memory.getDefiningOp()->getAttrOfType<StringAttr>("heddle.place")
                                        : StringAttr();
    if (read.contains(memory) && !(place && place.getValue() == "private"))
      exchanged.insert(memory);
  }
}

void Synchronizer::walk(Block &block, Pending &pending) {
  for (Operation &op : block)
    walkOp(op, pending);
}

void Synchronizer::walkOp(Operation &op, Pending &pending) {
  if (barriers.contains(&op))
    pending.accesses.clear();
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    bool conflicts = loop->walk([&](Operation *inner) {
                           std::optional<Access> access = accessOf(inner);
                           bool meets =
                               access && exchanged.contains(access->memory) && pending.conflictsWith(*access);
                           return meets ? WalkResult::interrupt() : WalkResult::advance();
                         })
                         .wasInterrupted();
    if (conflicts) {
      barriers.insert(loop);
      pending.accesses.clear();
    }
    Pending around;
    walk(*loop.getBody(), around);
    walk(*loop.getBody(), around);
    pending.add(around); // it may have run never
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    Pending before = pending;
    for (Region &region : branch->getRegions()) {
      Pending side = before;
      if (!region.empty())
        walk(region.front(), side);
      pending.add(side);
    }
    return;
  }
  std::optional<Access> access = accessOf(&op);
  if (!access || !exchanged.contains(access->memory))
    return;
  if (pending.conflictsWith(*access)) {
    barriers.insert(&op);
    pending.accesses.clear();
  }
  pending.add(*access);
}

struct SynchronizeLanes : impl::SynchronizeLanesBase<SynchronizeLanes> {
  using SynchronizeLanesBase::SynchronizeLanesBase;

  void runOnOperation() override {
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (failed(Synchronizer(kernel, shared).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace heddle::vulkan
