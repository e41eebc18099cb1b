//===- UnrollSums.cpp - short loops that carry sums, written out ----------===//
//
// In a loop of a few turns, what is computed of the turn alone (places in a word, distances between loads)
// is constant once it is written out. Devices' compilers unroll only what is smaller.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_UNROLLSUMS
#include "backends/vulkan/Passes.h.inc"

namespace {

constexpr int64_t kTurns = 4, kOperations = 512; // of all turns

bool isShort(scf::ForOp loop) {
  std::optional<APInt> turns = loop.getStaticTripCount();
  if (!turns || turns->isZero() || turns->ugt(kTurns))
    return false;
  int64_t operations = 0;
  bool innermost = true;
  loop.getBody()->walk([&](Operation *op) {
    innermost &= !isa<LoopLikeOpInterface>(op);
    ++operations;
  });
  return innermost && turns->getSExtValue() * operations <= kOperations;
}

struct UnrollSums : impl::UnrollSumsBase<UnrollSums> {
  using UnrollSumsBase::UnrollSumsBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop.getNumResults() != 0 && isShort(loop))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      if (failed(loopUnrollFull(loop)))
        return signalPassFailure();
  }
};

} // namespace

} // namespace heddle::vulkan
