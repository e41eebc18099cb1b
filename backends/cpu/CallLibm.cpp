//===- CallLibm.cpp - call the C library for what LLVM has no form of -----===//
//
// Expects: math ops on scalars and vectors. Leaves: calls of functions such as erff, one for each lane, and those math
// ops that convert-math-to-llvm turns into an intrinsic without loss.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace heddle::cpu {

#define GEN_PASS_DEF_CALLLIBM
#include "backends/cpu/Passes.h.inc"

namespace {

struct CallLibm : impl::CallLibmBase<CallLibm> {
  using CallLibmBase::CallLibmBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathToLibmConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addIllegalOp<math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp, math::AtanOp, math::Atan2Op,
                        math::AtanhOp, math::CbrtOp, math::CoshOp, math::ErfOp, math::ErfcOp, math::ExpM1Op,
                        math::Log1pOp, math::RoundOp, math::SinhOp, math::TanOp, math::TanhOp>();
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

} // namespace heddle::cpu
