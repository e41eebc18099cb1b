// plan-memory: buffers get slots of the arena.
//
// A buffer lives from the first op that uses it to the last. Going through the ops in order, a buffer takes a
// slot of its size that nobody lives in any more, or a new one. Slots are not shared between an op's inputs
// and outputs.
#include "passes/kernels/Passes.h"

namespace heddle {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/kernels/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// What decides a buffer's size: the product of its fixed dimensions and the names of the others.
using SizeClass = std::pair<int64_t, ArrayAttr>;

SizeClass sizeOf(BufferOp buffer) {
  int64_t fixed = 1;
  for (int64_t size : cast<MemRefType>(buffer.getResult().getType()).getShape())
    if (size != ShapedType::kDynamic)
      fixed *= size;
  return {fixed, buffer.getDims()};
}

struct PlanMemoryPass : heddle::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    for (Operation &function : getOperation().getOps())
      if (isa<LayerOp, EntryOp>(function))
        plan(cast<FunctionOpInterface>(function).getFunctionBody().front());
  }

  void plan(Block &body) {
    DenseMap<Operation *, SmallVector<BufferOp>> first, last;
    DenseMap<Operation *, int64_t> order;
    for (auto [number, op] : llvm::enumerate(body))
      order[&op] = number;
    for (auto buffer : body.getOps<BufferOp>()) {
      auto before = [&](Operation *a, Operation *b) { return order[a] < order[b]; };
      auto users = llvm::to_vector(buffer.getResult().getUsers());
      if (users.empty())
        continue;
      first[*llvm::min_element(users, before)].push_back(buffer);
      last[*llvm::max_element(users, before)].push_back(buffer);
    }
    SmallVector<std::pair<SizeClass, bool>> slots; // and whether somebody lives there
    for (Operation &op : body) {
      auto begins = first.find(&op);
      if (begins != first.end())
        for (BufferOp buffer : begins->second) {
          std::pair<SizeClass, bool> wanted(sizeOf(buffer), false);
          auto slot = llvm::find(slots, wanted);
          if (slot == slots.end()) {
            slots.push_back(wanted);
            slot = std::prev(slots.end());
            ++numSlots;
          }
          slot->second = true;
          buffer.setSlot(slot - slots.begin());
          ++numBuffers;
        }
      auto ends = last.find(&op);
      if (ends != last.end())
        for (BufferOp buffer : ends->second)
          slots[*buffer.getSlot()].second = false;
    }
    for (auto buffer : llvm::make_early_inc_range(body.getOps<BufferOp>()))
      if (buffer->use_empty())
        buffer.erase();
  }
};

} // namespace
