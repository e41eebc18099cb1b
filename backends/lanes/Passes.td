//===- Passes.td - what backends share about kernels for lanes -*- tablegen -*-===//

#ifndef HEDDLE_BACKENDS_LANES_PASSES_TD
#define HEDDLE_BACKENDS_LANES_PASSES_TD

include "mlir/Pass/PassBase.td"

def ApproximateMath : Pass<"approximate-math", "::mlir::ModuleOp"> {
  let summary = "compute exp, tanh and erf, and on demand sin and cos, by polynomials";
  let description = [{
    Scalars and vectors of float32; each is within 3 units in the last place of the correctly rounded result, right at the edges
    (infinities, NaN, zeros, underflow). With `sines`, sin and cos, too: within 2e-7 for arguments below 100,000, where Vulkan
    promises 2^-11 below pi only. All other functions are left to the C library or the device.
  }];
  let options = [Option<"sines", "sines", "bool", "false", "sin and cos as well">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def KeepLines : Pass<"keep-lines", "::mlir::ModuleOp"> {
  let summary = "reduce every location to a file, a line and a column";
  let description = [{
    Names and fusions that passes left in locations are looked through: the first place in a file is kept. An op
    without one takes that of the op around it.
  }];
}

#endif
