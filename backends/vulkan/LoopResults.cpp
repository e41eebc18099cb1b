//===- LoopResults.cpp - results of loops without a second set of phis ----===//
//
// MLIR's conversion of scf.for carries each value around the loop as an argument of its header, and stores it
// into a variable at the end of each turn, from where the loop's result is loaded. As SSA, that is two phis
// for one value, and an undefined result where the loop takes no turn. Stored at the header, it is the
// header's argument itself.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_LOOPRESULTS
#include "backends/vulkan/Passes.h.inc"

namespace {

/// Whether the variable is accessed by this store and, outside the loop, by loads only.
bool holdsResult(spirv::VariableOp variable, spirv::StoreOp store, spirv::LoopOp loop) {
  return llvm::all_of(variable->getUsers(), [&](Operation *user) {
    return user == store || (isa<spirv::LoadOp>(user) && !loop->isAncestor(user));
  });
}

void storeAtHeader(spirv::LoopOp loop) {
  Block *header = loop.getHeaderBlock(), *last = loop.getContinueBlock();
  auto branch = dyn_cast<spirv::BranchOp>(last->getTerminator());
  if (!branch || branch.getTarget() != header)
    return;
  unsigned place = 1; // of the header's arguments; the first counts turns
  for (auto store : llvm::to_vector(last->getOps<spirv::StoreOp>())) {
    auto variable = store.getPtr().getDefiningOp<spirv::VariableOp>();
    if (!variable || !holdsResult(variable, store, loop))
      continue;
    if (place >= header->getNumArguments() || branch.getOperand(place) != store.getValue())
      return;
    store.getValueMutable().assign(header->getArgument(place++));
    store->moveBefore(header, header->begin());
  }
}

struct LoopResults : impl::LoopResultsBase<LoopResults> {
  using LoopResultsBase::LoopResultsBase;

  void runOnOperation() override { getOperation().walk(storeAtHeader); }
};

} // namespace

} // namespace heddle::vulkan
