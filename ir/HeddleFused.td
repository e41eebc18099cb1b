//===- HeddleFused.td - what fusion makes -*- tablegen -*-===//

#ifndef HEDDLE_FUSED_TD
#define HEDDLE_FUSED_TD

include "HeddleMath.td"

def RowwiseOp : Heddle_MathOp<"rowwise", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "a function of each token's numbers, computed token by token in one kernel";
  let description = [{
    Each input has T; the region's arguments are the inputs without T, and its ops (map, reduce, regroup, slice, concat) are those of
    the page with T dropped. Values without T (weights, constants) are captured from outside. A result is what is yielded, with T.
  }];
  let arguments = (ins Variadic<Heddle_Tensor>:$inputs);
  let results = (outs Variadic<Heddle_Tensor>:$outs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inputs `)` $body attr-dict `:` functional-type($inputs, $outs)";
}

def LinearOp : Heddle_MathOp<"linear", [SingleBlock, AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "weights times a vector for each token, with what comes before and after in the same kernel";
  let description = [{
    a_n[T, rows] = sum over `over` of weights_n[rows, over] * h[T, over]; all weights have the same row axes (names and
    sizes). h is what `prologue` yields: a region like rowwise's, its arguments the `inputs` without T. `epilogue` is a
    function of scalars: the a_n, then one scalar for each of `extras` (biases, residual, angles: axes within T and the rows), at
    the same indices; it yields one scalar a result. A result has T (when an input has) and the row axes.
    The MLP's first half is a linear with two weights (gate and up).

    `choosing "E" = %e`: the weights have the axis E, too, and each index of `chosen`'s axes (T and others: a token's experts)
    takes the matrix that `chosen` says there. The vector may have these axes, prologue arguments are without them, and a
    result has them in T's place. A number beyond E's size means its last.

    `each "E"`: the weights have the axis E, too, and so has the vector: each index has its own matrix and its own vector.

    There may be S or U for T: vectors for all that is remembered.
  }];
  let arguments = (ins Variadic<Heddle_Tensor>:$inputs, Variadic<Heddle_Tensor>:$weights,
                       Variadic<Heddle_Tensor>:$extras, Optional<Heddle_Tensor>:$chosen, StrArrayAttr:$over,
                       OptionalAttr<StrAttr>:$choice, OptionalAttr<StrAttr>:$each);
  let results = (outs Variadic<Heddle_Tensor>:$outs);
  let regions = (region SizedRegion<1>:$prologue, SizedRegion<1>:$epilogue);
  let assemblyFormat = [{ `(` $inputs `)` `weights` `(` $weights `)` `extras` `(` $extras `)` `over` $over
    (`choosing` $choice^ `=` $chosen)? (`each` $each^)? `prologue` $prologue `epilogue` $epilogue attr-dict `:`
    functional-type(operands, $outs) }];
  let extraClassDeclaration = [{
    /// The axis along which there are vectors: T, S or U; empty where there is one vector.
    ::llvm::StringRef sequence();
    /// The axes along which vectors differ: `sequence` and `each`, or those of `chosen`.
    ::llvm::SmallVector<::llvm::StringRef> vectorAxes();
    /// The axis of the weights that numbers matrices: what is chosen along, or `each`; null where there is none.
    ::mlir::StringAttr matrixAxis() { return getChoiceAttr() ? getChoiceAttr() : getEachAttr(); }
    /// The axes of a weight that number its rows.
    ::heddle::NamedTensorType rows(::mlir::Value weight);
  }];
}

def AttentionOp : Heddle_MathOp<"attention", [SingleBlock, AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "softmax over keys of a function of the scores, times the values; scores are never stored";
  let description = [{
    s_n = sum over `over[n]` of queries_n * keys_n;  z = score(s_0, s_1, ..., operands...);  p = softmax over `axis` of z, with
    `sink` as one more term;  result = sum over `axis` of p * values. `score` is a region over scalars: the products, then one scalar for
    each of `extras` (positions, slopes, biases: axes within T, `axis` and the heads). `visits_from`, `visits_to`:
    the score of key position s is -inf for a query at position p unless p + visits_from <= s <= p + visits_to.
  }];
  let arguments = (ins Variadic<Heddle_Tensor>:$queries, Variadic<Heddle_Tensor>:$keys, Heddle_Tensor:$values,
                       Variadic<Heddle_Tensor>:$extras, Optional<Heddle_Tensor>:$sink, StrAttr:$axis,
                       TypedArrayAttrBase<StrArrayAttr, "axes of each product">:$over,
                       OptionalAttr<I64Attr>:$visits_from, OptionalAttr<I64Attr>:$visits_to);
  let results = (outs Heddle_Tensor:$result);
  let regions = (region SizedRegion<1>:$score);
  let assemblyFormat = [{ `(` $queries `)` `,` `(` $keys `)` `,` $values `extras` `(` $extras `)` (`sink` $sink^)? `over` $over `keys` $axis
    $score attr-dict `:` functional-type(operands, $result) }];
}

#endif
