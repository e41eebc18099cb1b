//===- HeddleMath.td - the mathematics of a page -*- tablegen -*-===//

#ifndef HEDDLE_MATH_TD
#define HEDDLE_MATH_TD

include "HeddleDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Heddle_MathOp<string mnemonic, list<Trait> traits = []> : Heddle_Op<mnemonic, !listconcat([Pure], traits)> {
  let hasVerifier = 1;
}

def PositionOp : Heddle_MathOp<"position"> {
  let summary = "the position in the text of each token along T (from S - T on) or S";
  let arguments = (ins StrAttr:$axis);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
}

def IndexOp : Heddle_MathOp<"index"> {
  let summary = "0, 1, 2, ... along an axis";
  let arguments = (ins StrAttr:$axis);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
}

def ExtentOp : Heddle_MathOp<"extent"> {
  let summary = "the size of T, S or U as a number: a tensor without axes";
  let arguments = (ins StrAttr:$axis);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
}

def YieldOp : Heddle_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "what a region gives";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def MapOp : Heddle_MathOp<"map", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "a function of scalars, for each element";
  let description = [{
    The region gets one scalar of each input (f32, i32 or i1; a weight in a quantised format comes as f32) at the same
    indices and yields the results' elements. The result has the union of the inputs' axes, or more of them (the value is then the same along those).
  }];
  let arguments = (ins Variadic<Heddle_Tensor>:$inputs);
  let results = (outs Heddle_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inputs `)` $body attr-dict `:` functional-type($inputs, $result)";
  let hasCanonicalizer = 1;
}

def ContractOp : Heddle_MathOp<"contract"> {
  let summary = "the sum of products over axes that both sides have";
  let description = "Other shared axes go along side by side: out[union - over] = sum over `over` of left * right.";
  let arguments = (ins Heddle_Tensor:$left, Heddle_Tensor:$right, StrArrayAttr:$over);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$left `,` $right `over` $over attr-dict `:` functional-type(operands, $result)";
}

def ReduceOp : Heddle_MathOp<"reduce"> {
  let summary = "sum, mean, max or any over axes";
  let arguments = (ins Heddle_ReduceKindAttr:$kind, Heddle_Tensor:$input, StrArrayAttr:$over);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$kind $input `over` $over attr-dict `:` functional-type(operands, $result)";
}

def SoftmaxOp : Heddle_MathOp<"softmax"> {
  let summary = "exp(x) / sum exp(x) along an axis; `extra` is one more term of the sum (a sink)";
  let arguments = (ins Heddle_Tensor:$input, Optional<Heddle_Tensor>:$extra, StrAttr:$over);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$input (`extra` $extra^)? `over` $over attr-dict `:` functional-type(operands, $result)";
}

def LookupOp : Heddle_MathOp<"lookup"> {
  let summary = "the axes named are replaced by the union of their indices' axes";
  let description = "An axis that the input and an index share goes along.";
  let arguments = (ins Heddle_Tensor:$input, Variadic<Heddle_Tensor>:$indices, StrArrayAttr:$axes);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$input $axes `=` `(` $indices `)` attr-dict `:` functional-type(operands, $result)";
}

def RegroupOp : Heddle_MathOp<"regroup"> {
  let summary = "axes split, joined or renamed: the product of `from`, row by row, is the product of `to`";
  let arguments = (ins Heddle_Tensor:$input, StrArrayAttr:$from, StrArrayAttr:$to);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$input $from `->` $to attr-dict `:` functional-type(operands, $result)";
  let hasFolder = 1;
}

def SliceOp : Heddle_MathOp<"slice"> {
  let summary = "part of an axis, under another name: [offset, offset + size of `to`)";
  let arguments = (ins Heddle_Tensor:$input, StrAttr:$from, I64Attr:$offset, StrAttr:$to);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$input `[` $from `from` $offset `->` $to `]` attr-dict `:` functional-type(operands, $result)";
  let hasCanonicalizer = 1;
}

def ConcatOp : Heddle_MathOp<"concat"> {
  let summary = "parts, each along its own axis, one after the other along a new axis";
  let arguments = (ins Variadic<Heddle_Tensor>:$parts, StrArrayAttr:$from, StrAttr:$to);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "`(` $parts `)` $from `->` $to attr-dict `:` functional-type(operands, $result)";
}

def KeepOp : Heddle_MathOp<"keep"> {
  let summary = "the input of all tokens so far; what came with earlier calls is remembered";
  let description = [{
    `cache` names what is remembered, within its layer. `axis`: S. With `ring`, a multiple of 64, the cache has room for that
    many positions at most, and position p lies where p % ring does: what is read of the result are the last `window`
    positions up to a token's own.
  }];
  let arguments = (ins Heddle_Tensor:$input, StrAttr:$cache, OptionalAttr<I64Attr>:$ring, OptionalAttr<I64Attr>:$window);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$cache $input attr-dict `:` functional-type(operands, $result)";
}

def TopOp : Heddle_MathOp<"top"> {
  let summary = "the greatest along `from`, in falling order, and where they were; equal ones in the order of the axis";
  let arguments = (ins Heddle_Tensor:$input, StrAttr:$from, StrAttr:$to);
  let results = (outs Heddle_Tensor:$best, Heddle_Tensor:$where);
  let assemblyFormat = "$input `[` $from `->` $to `]` attr-dict `:` functional-type(operands, results)";
}

#endif
