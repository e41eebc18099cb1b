//===- Passes.td - passes of the Vulkan backend -*- tablegen -*-===//

#ifndef HEDDLE_BACKENDS_VULKAN_PASSES_TD
#define HEDDLE_BACKENDS_VULKAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def WindowRows : Pass<"window-rows", "::mlir::ModuleOp"> {
  let summary = "let kernels be run for some rows at a time of what a device need not bind whole";
  let description = [{
    Expects kernels and launches after `plan-memory`. A kernel whose launch has more than `limit` bytes of weights, or that
    uses caches, gets two more scalars, where that can be: the first row and the number of rows, of its largest weights or its
    caches, that are bound. It does only what belongs to these. Where all rows that it visits at a time follow from one number,
    as from a head or an expert, the rest of the piece is in a branch; else results are stored if the rows they come from, or
    go to, are there. `windowed` and `window_rows` of the kernel say of which buffers, and of how many rows windows are
    multiples. Launches are given all rows; it is the runtime that finds windows.
  }];
  let options = [Option<"limit", "limit", "int64_t", "134217664",
                        "bytes of weights that a launch can have: what Vulkan guarantees, less the runtime's slack">];
  let dependentDialects = ["::heddle::HeddleDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def AssignSpaces : Pass<"assign-spaces", "::mlir::ModuleOp"> {
  let summary = "note in which space each buffer of a kernel lies";
  let description = [{
    A shader has one storage buffer for the arena, one for the weights, one for the caches; a kernel's buffers are places
    in them. Sets `heddle.spaces` on kernels, a text a buffer: "arena", "weights" or "cache". A kernel whose launches
    differ in this is copied.
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def SynchronizeLanes : Pass<"synchronize-lanes", "::mlir::ModuleOp"> {
  let summary = "place scratch memory, and let lanes wait for each other where they exchange numbers";
  let description = [{
    The lanes of a kernel run as one; invocations of a workgroup do not. Scratch memory of which each lane uses only its own
    elements (those at its number, modulo the lanes, of the innermost dimension), or which all use alike, becomes private
    (`heddle.place = "private"`); other becomes the workgroup's ("workgroup") up to `shared` bytes, then the device's
    ("device"). A `gpu.barrier` is put where a lane reads what another has written, or writes what another may still read.
  }];
  let options = [Option<"shared", "shared", "int64_t", "16384", "bytes of memory that a workgroup has">];
  let dependentDialects = ["::mlir::gpu::GPUDialect"];
}

def KernelsToGpu : Pass<"kernels-to-gpu", "::mlir::ModuleOp"> {
  let summary = "turn each kernel into a gpu.module with one function";
  let description = [{
    Expects kernels after `assign-spaces` and `synchronize-lanes`. A lane becomes an invocation, a piece of the grid a turn of
    a loop over workgroups; buffers become places in the arena, the weights and the caches (runtime/abi/vulkan.h). All
    memory is of 32-bit words, read and written as such; a load of four neighbours is one of a vector. Where lanes do not
    exchange numbers a workgroup may be several times as wide as they are, which is left to the specialization constant
    `@workgroup`: for as many pieces, or, in a kernel that has a loop with `heddle.sums`, for as many teams, which
    share the turns of this loop. Its results are sums that begin at zero, and may be added up in any order.
  }];
  let options = [Option<"subgroups", "subgroups", "bool", "false",
                        "lanes reduce by subgroup arithmetic, whatever the size of a subgroup">,
                 Option<"dots", "dots", "bool", "false", "packed bytes are multiplied by one instruction">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::spirv::SPIRVDialect", "::mlir::vector::VectorDialect"];
}

def UnpackHalves : Pass<"unpack-halves", "::mlir::ModuleOp"> {
  let summary = "read a float16 out of a word by unpackHalf2x16";
  let description = [{
    Kernels read a float16 as an i16 that is cut from a word; devices need not have either type. All have the function of
    GLSL that unpacks two.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::spirv::SPIRVDialect", "::mlir::vector::VectorDialect"];
}

def UnrollSums : Pass<"unroll-sums", "::mlir::ModuleOp"> {
  let summary = "write out short loops that carry values";
  let description = [{
    An innermost loop that carries values from turn to turn, takes at most four turns, known when compiling, and comes to at
    most 512 operations in all of them is replaced by its turns.
  }];
}

def SumIndices : Pass<"sum-indices", "::mlir::ModuleOp"> {
  let summary = "add up each index from the outermost loop inwards, a constant last";
  let description = [{
    The index of a load or a store is a sum of values times numbers. What a loop does not change is added first, so that it
    can leave the loop; the constant comes last, so that loads of neighbours share the rest. Expects values in their loops as
    `loop-invariant-code-motion` leaves them.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def LoopResults : Pass<"loop-results", "::mlir::ModuleOp"> {
  let summary = "keep a loop's results where its header has them";
  let description = [{
    Expects loops as MLIR's conversion makes them: a result is stored into a variable at the end of each turn. Leaves the
    store at the loop's header, of the header's argument, so that SSA has one phi for it and not two.
  }];
  let dependentDialects = ["::mlir::spirv::SPIRVDialect"];
}

def FinishSpirv : Pass<"finish-spirv", "::mlir::ModuleOp"> {
  let summary = "make modules of the spirv dialect what Vulkan 1.1 takes";
  let description = [{
    The version and the capabilities of `spirv.target_env` (up to 1.3 an entry point lists inputs only), push constants
    without a binding, floating-point operations that are neither contracted nor rearranged.
  }];
  let dependentDialects = ["::mlir::spirv::SPIRVDialect"];
}

#endif
