//===- Passes.td - from fused mathematics to kernels and a schedule -*- tablegen -*-===//

#ifndef HEDDLE_PASSES_KERNELS_TD
#define HEDDLE_PASSES_KERNELS_TD

include "mlir/Pass/PassBase.td"

def SliceWeights : Pass<"slice-weights", "::mlir::ModuleOp"> {
  let summary = "resolve parts and regroupings of weights into weights of their own";
  let description = [{
    A slice or regroup of a `heddle.weight` becomes a `heddle.weight` with a new name, and for each layer a `heddle.stored` whose digits say where
    the part lies in the checkpoint. Nothing is copied: the packer reads the part.
  }];
  let statistics = [Statistic<"numViews", "views", "weights made">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def AssignLayouts : Pass<"assign-layouts", "::mlir::ModuleOp"> {
  let summary = "decide which tensors have memory, and in which order their axes lie there";
  let description = [{
    Sets `heddle.layout` on ops: a text a result, outermost axis first, empty for a result without memory. Without memory are
    positions, weights, slices and other views, what is stored straight into a concat or a cache, and functions of token and key
    (biases by distance) that only attentions read, which make them where they need them. On the plain road
    sequences are innermost, otherwise outermost; keys of a fused attention lie in blocks of 16 positions. What is
    remembered has one layout in all functions: what its readers want, or the default where they disagree.
  }];
  let options = [Option<"plain", "plain", "bool", "false", "the plain road: sequences innermost">];
}

def MakeKernels : Pass<"make-kernels", "::mlir::ModuleOp"> {
  let summary = "turn each op into a kernel for one lane and a launch";
  let description = [{
    Expects `heddle.layout` on ops. Entries and layers become schedules: buffers, caches, packed weights, launches, invocations. Their
    arguments are memrefs: inputs, then results. Equal kernels are made once.
  }];
  let options = [
    Option<"plain", "plain", "bool", "false", "the plain road">,
    Option<"accumulators", "accumulators", "int64_t", "24", "vectors of 16 numbers that fit in registers beside operands">,
    Option<"activationBits", "activation-bits", "int64_t", "32", "of activations beside quantised weights: 32 (float32), 16 or 8 (integers in blocks)">,
    Option<"direct", "direct", "bool", "false", "linears read activations from where they lie, in tiles of 8 rows by 8 tokens a lane">,
    Option<"tileBytes", "tile-bytes", "int64_t", "262144", "bytes of activations that a piece of work keeps near">];
  let dependentDialects = ["::heddle::HeddleDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def PlanMemory : Pass<"plan-memory", "::mlir::ModuleOp"> {
  let summary = "give each buffer a slot of the arena; buffers that never live together share one";
  let description = "Slots are numbered within each entry and layer; buffers share a slot when their sizes are equal for every call.";
  let statistics = [Statistic<"numBuffers", "buffers", "buffers planned">, Statistic<"numSlots", "slots", "slots they need">];
}

#endif
