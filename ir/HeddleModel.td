//===- HeddleModel.td - pages: entries, layers, weights -*- tablegen -*-===//

#ifndef HEDDLE_MODEL_TD
#define HEDDLE_MODEL_TD

include "HeddleDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def StoredOp : Heddle_Op<"stored", [Symbol]> {
  let summary = "a weight as the checkpoint has it";
  let description = [{
    Names the weight `sym_name` ("embed", or "block.3.wq": layer, number, weight) and says where its elements lie: element
    (i, j, ...) of the type's axes is element `offset` + sum of the digits' strides of the stored tensor, times `scale`,
    plus `add`. An axis has one digit or several, outermost first, as pairs (size, stride) in elements: `[2, 32, 32, 1]`
    splits an index i into i / 32, which moves by 32 elements, and i % 32. Several `tensors`: the first digit of the first axis
    that has stride -1 chooses among them.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Heddle_Tensor>:$type, StrArrayAttr:$tensors,
                       DefaultValuedAttr<I64Attr, "0">:$offset, TypedArrayAttrBase<DenseI64ArrayAttr, "digits">:$digits,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale, DefaultValuedAttr<F64Attr, "0.0">:$add);
  let assemblyFormat = "$sym_name $tensors `digits` $digits attr-dict `:` $type";
  let hasVerifier = 1;
}

class Heddle_FunctionOp<string mnemonic> : Heddle_Op<mnemonic, [FunctionOpInterface, IsolatedFromAbove]> {
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def LayerOp : Heddle_FunctionOp<"layer"> {
  let summary = "the body of one kind of layer";
  let description = [{
    `heddle.weight "wq"` in its body means `@"KIND.N.wq"` for the invocation's number N. Layers whose bodies are equal share one.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, StrAttr:$kind,
                       DefaultValuedAttr<Heddle_VariantAttr, "::heddle::Variant::Any">:$variant,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
}

def EntryOp : Heddle_FunctionOp<"entry"> {
  let summary = "an entry point of the page";
  let description = [{
    `input_names` and `output_names` are the page's; `extents` bounds an input's values (a vocabulary), 0 for none; `defaults`
    has an i64 for an input that may be left out, unit otherwise. Results beyond the named outputs are hidden states and are named too.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, StrArrayAttr:$input_names,
                       StrArrayAttr:$output_names, DenseI64ArrayAttr:$extents, ArrayAttr:$defaults,
                       DefaultValuedAttr<Heddle_VariantAttr, "::heddle::Variant::Any">:$variant,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
}

def ReturnOp : Heddle_Op<"return", [Pure, Terminator, ReturnLike]> {
  let summary = "results of a layer or an entry";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def InvokeOp : Heddle_Op<"invoke", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "layer number `index`, with its own weights";
  let arguments = (ins FlatSymbolRefAttr:$layer, I64Attr:$index, Variadic<AnyType>:$args);
  let results = (outs Variadic<AnyType>:$outs);
  let assemblyFormat = "$layer `[` $index `]` `(` $args `)` attr-dict `:` functional-type($args, $outs)";
}

def TapOp : Heddle_Op<"tap"> {
  let summary = "a tensor (later its memory) that can be asked for by name: `eval --hidden`";
  let arguments = (ins AnyType:$value, StrAttr:$name);
  let assemblyFormat = "$name $value attr-dict `:` type($value)";
}

def WeightOp : Heddle_Op<"weight", [Pure]> {
  let summary = "a weight of the layer or of the model";
  let arguments = (ins StrAttr:$name);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def ConstantOp : Heddle_Op<"constant", [Pure, ConstantLike]> {
  let summary = "numbers known when compiling, in the order of the type's axes";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Heddle_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif
