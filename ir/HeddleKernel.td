//===- HeddleKernel.td - kernels for one lane, and the schedule that launches them -*- tablegen -*-===//

#ifndef HEDDLE_KERNEL_TD
#define HEDDLE_KERNEL_TD

include "HeddleDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def KernelOp : Heddle_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "one piece of a kernel's grid, for one lane";
  let description = [{
    The body is run for each piece of the grid, by `lanes` lanes side by side. Its arguments are memrefs (one for each of a
    launch's buffers), then f32 scalars. A value is uniform (the same in all lanes) unless it comes from `heddle.lane`. Control
    flow and loop bounds are uniform. `dims`: for each dynamic dimension of the arguments in turn, what it is: "T", "S", "C", "U"; "T:16": rounded up to a multiple; "C/16": ceil(C / 16); "C<64/16": ceil(min(C, 64) / 16). `grid`: factors [param, divide, times] with param 0 (one), 1 (T), 2 (S), 3 (C), 4 (U); the
    grid has product of times * ceil(param / divide) pieces; none unless S > `beyond`. Memrefs hold f32 or i32 elements; weights of a packed format are words of i32. A vector
    load may read up to lanes - 1 elements past a buffer's end (every buffer has that slack); a store never writes there.
    `windowed`: buffers of which a runtime may bind a window of rows at a time, a range of their outermost dimension, and run
    the kernel for each; the last two scalars are then a window's first row, a multiple of `window_rows`, and how many it has.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$lanes, StrArrayAttr:$dims,
                       TypedArrayAttrBase<DenseI64ArrayAttr, "grid">:$grid, DefaultValuedAttr<I64Attr, "0">:$beyond,
                       UnitAttr:$serial, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$windowed,
                       DefaultValuedAttr<I64Attr, "1">:$window_rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `lanes` $lanes `grid` $grid (`beyond` $beyond^)? `dims` $dims (`serial` $serial^)? $body attr-dict";
  let hasVerifier = 1;
}

def LaunchOp : Heddle_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a kernel over its whole grid";
  let description = "`writes`: which of the buffers it writes (indices); the others it reads.";
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$buffers, DenseI64ArrayAttr:$writes,
                       DefaultValuedAttr<DenseF32ArrayAttr, "{}">:$scalars);
  let assemblyFormat = "$kernel `(` $buffers `)` `writes` $writes attr-dict `:` type($buffers)";
}

def BufferOp : Heddle_Op<"buffer"> {
  let summary = "memory of the arena; `plan-memory` gives it a slot";
  let arguments = (ins StrArrayAttr:$dims, OptionalAttr<I64Attr>:$slot);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "`dims` $dims (`slot` $slot^)? attr-dict `:` type($result)";
}

def CacheOp : Heddle_Op<"cache"> {
  let summary = "what a keep of this layer remembers, as memory with room for C positions";
  let description = "`ring`, `window`: as a keep's; the room is for `ring` positions at most.";
  let arguments = (ins StrAttr:$name, StrArrayAttr:$dims, OptionalAttr<I64Attr>:$ring, OptionalAttr<I64Attr>:$window);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name `dims` $dims attr-dict `:` type($result)";
}

def PackedOp : Heddle_Op<"packed", [Pure]> {
  let summary = "a weight (or a constant) of this layer or of the model in the order that a kernel reads it";
  let description = "`packing` says how the packer lays it out (see passes/Packing.h).";
  let arguments = (ins StrAttr:$name, StrAttr:$packing, OptionalAttr<ElementsAttr>:$constant);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$name `as` $packing ($constant^)? attr-dict `:` type($result)";
}

def PieceOp : Heddle_Op<"piece", [Pure]> {
  let summary = "which piece of the grid this is";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def FirstPieceOp : Heddle_Op<"first_piece", [Pure]> {
  let summary = "whether this is the first piece of the launch that its thread computes, uniform";
  let description = "Later pieces find in scratch memory what earlier ones of the thread left there. For processors.";
  let results = (outs I1:$result);
  let assemblyFormat = "attr-dict";
}

def LaneOp : Heddle_Op<"lane", [Pure]> {
  let summary = "which lane this is: 0 to lanes - 1";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def SizeOp : Heddle_Op<"size", [Pure]> {
  let summary = "T, S, C or U of this call, uniform";
  let arguments = (ins StrAttr:$param);
  let results = (outs Index:$result);
  let assemblyFormat = "$param attr-dict";
}

def ScratchOp : Heddle_Op<"scratch"> {
  let summary = "memory of this piece's thread alone, of a static shape, aligned to 64 bytes; undefined at its first piece";
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def LaneReduceOp : Heddle_Op<"lane_reduce", [Pure, SameOperandsAndResultType]> {
  let summary = "the sum (or max) of a value over all lanes, uniform; the order of the sum is fixed";
  let arguments = (ins Heddle_ReduceKindAttr:$kind, AnyTypeOf<[F32, I32]>:$value);
  let results = (outs AnyTypeOf<[F32, I32]>:$result);
  let assemblyFormat = "$kind $value attr-dict `:` type($value)";
}

def StoreWhereOp : Heddle_Op<"store_where"> {
  let summary = "store in the lanes where the condition holds";
  let description = "A vector of four is stored in four neighbouring elements, for devices: the index is a multiple of four.";
  let arguments = (ins I1:$condition, AnyType:$value, AnyMemRef:$memref, Variadic<Index>:$indices);
  let assemblyFormat = "$condition `,` $value `,` $memref `[` $indices `]` attr-dict `:` type($value) `,` type($memref)";
}

def Dot2Op : Heddle_Op<"dot2", [Pure]> {
  let summary = "accumulator + the products of two pairs of int16, each pair in one word; wraps around";
  let arguments = (ins I32:$accumulator, I32:$left, I32:$right);
  let results = (outs I32:$result);
  let assemblyFormat = "$accumulator `,` $left `,` $right attr-dict";
}

/// A word of a lane, or its four neighbouring rows', as devices load them.
def Heddle_Words : AnyTypeOf<[I32, VectorOfLengthAndType<[4], [I32]>]>;

def Dot4Op : Heddle_Op<"dot4", [Pure, SameOperandsAndResultType]> {
  let summary = "accumulator + the products of four bytes, unsigned on the left and signed on the right, with each other";
  let description = "`narrow`: those on the left are below 128, which may as well be signed, as most devices multiply them.";
  let arguments = (ins Heddle_Words:$accumulator, Heddle_Words:$left, Heddle_Words:$right, UnitAttr:$narrow);
  let results = (outs Heddle_Words:$result);
  let assemblyFormat = "(`narrow` $narrow^)? $accumulator `,` $left `,` $right attr-dict `:` type($result)";
}

def ChooseBytesOp : Heddle_Op<"choose_bytes", [Pure, SameOperandsAndResultType]> {
  let summary = "each of a word's bytes, which are below 16, replaced by that entry of a table of 16";
  let arguments = (ins Heddle_Words:$codes, DenseI8ArrayAttr:$table);
  let results = (outs Heddle_Words:$result);
  let assemblyFormat = "$codes `in` $table attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
