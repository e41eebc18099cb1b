//===- Passes.td - passes of the CPU backend -*- tablegen -*-===//

#ifndef HEDDLE_BACKENDS_CPU_PASSES_TD
#define HEDDLE_BACKENDS_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def WidenLanes : Pass<"widen-lanes", "::mlir::ModuleOp"> {
  let summary = "turn kernels for one lane into vector code for all lanes";
  let description = [{
    A value that comes from `heddle.lane` is varying, every other is uniform and stays a scalar. Each varying scalar
    becomes a vector of `lanes` elements (an `index` becomes `i32`: varying offsets stay below 2^31), a varying vector of
    n elements one of n * `lanes`, lane after lane; scratch memory of vectors becomes memory of scalars. Memory that
    neighbouring lanes touch side by side is read and written by vector loads and stores, other memory by gathers and
    scatters. Loop bounds, conditions of `scf.if` and the address of a plain store of a varying value must be uniform.

    Afterwards no `heddle.lane`, `lane_reduce`, `store_where`, `dot2`, `dot4` or `choose_bytes` is left; `heddle.piece`, `size` and `scratch`
    are. The processor decides only how `dot2` and `dot4` are computed, by one instruction where it has one; the results
    are the same everywhere.
  }];
  let options = [Option<"cpu", "cpu", "std::string", "\"native\"", "the processor, as for --cpu">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
}

def ContractFma : Pass<"contract-fma", "::mlir::ModuleOp"> {
  let summary = "allow a product and a sum to be rounded once";
  let description = [{
    Marks float additions, subtractions and products `fastmath<contract>`. Nothing is reassociated: the order of sums
    stays as it was written.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandForTarget : Pass<"expand-for-target", "::mlir::ModuleOp"> {
  let summary = "write out what the processor has no instruction for";
  let description = [{
    Without F16C, conversions between float16 and float32 become integer arithmetic (exact, rounded to nearest even);
    without FMA, `math.fma` becomes a product and a sum. bfloat16 is converted by integer arithmetic everywhere.
  }];
  let options = [Option<"cpu", "cpu", "std::string", "\"native\"", "the processor, as for --cpu">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def LowerKernels : Pass<"lower-kernels", "::mlir::ModuleOp"> {
  let summary = "turn kernels into functions that the runtime calls";
  let description = [{
    Expects kernels after `widen-lanes`. Each `heddle.kernel @k` becomes two functions. `@k` has the runtime's
    signature (runtime/abi/kernel.h): it reads the call's buffers, sizes and scalars and calls `@k.piece` for each
    piece of its range. `@k.piece` holds the body; its buffers do not alias: a buffer that a kernel writes must not be
    given to it twice. `scratchBytes` (LowerKernels.h) tells the scratch memory that it needs.
  }];
  let options = [Option<"suffix", "suffix", "std::string", "\"\"", "appended to the functions' names">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
}

def CallLibm : Pass<"call-libm", "::mlir::ModuleOp"> {
  let summary = "call the C library for functions that LLVM has no exact form of";
  let description = [{
    log1p, expm1, erf, tan and the like become calls, one for each lane. exp, log, sin, cos, pow, floor and others are
    left: LLVM makes instructions or calls of them.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect"];
}

#endif
