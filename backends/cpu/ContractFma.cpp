//===- ContractFma.cpp - allow a product and a sum to be rounded once -----===//
//
// Expects and leaves: any code with arith ops. LLVM makes one instruction of a product and a sum that both carry the
// flag, where the processor has it.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace heddle::cpu {

#define GEN_PASS_DEF_CONTRACTFMA
#include "backends/cpu/Passes.h.inc"

namespace {

struct ContractFma : impl::ContractFmaBase<ContractFma> {
  using ContractFmaBase::ContractFmaBase;

  void runOnOperation() override {
    getOperation().walk([](arith::ArithFastMathInterface op) {
      if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
        return;
      arith::FastMathFlags flags = op.getFastMathFlagsAttr().getValue() | arith::FastMathFlags::contract;
      op->setAttr(op.getFastMathAttrName(), arith::FastMathFlagsAttr::get(op->getContext(), flags));
    });
  }
};

} // namespace

} // namespace heddle::cpu
