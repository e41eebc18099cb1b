//===- HeddleDialect.td - the dialect, its types and attributes -*- tablegen -*-===//

#ifndef HEDDLE_DIALECT_TD
#define HEDDLE_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Heddle_Dialect : Dialect {
  let name = "heddle";
  let cppNamespace = "::heddle";
  let summary = "the mathematics of a transformer on tensors whose axes have names";
  let description = [{
    A tensor is a set of named axes and has no order in memory until the pass `assign-layouts` gives it one. Arithmetic
    on elements is `arith` and `math` inside regions over scalars; control is `scf`; memory is `memref`. What is here is
    what those do not have: named axes, contraction, look-up, keep, softmax, the fused forms, kernels for one lane.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def Heddle_Format : I32Enum<"Format", "how the elements of a tensor are stored", [
  I32EnumCase<"F32", 0, "f32">, I32EnumCase<"I32", 1, "i32">, I32EnumCase<"I1", 2, "i1">,
  I32EnumCase<"F16", 3, "f16">, I32EnumCase<"BF16", 4, "bf16">, I32EnumCase<"Q8_0", 5, "q8_0">,
  I32EnumCase<"Q4_0", 6, "q4_0">, I32EnumCase<"Q4_1", 7, "q4_1">, I32EnumCase<"Q5_0", 8, "q5_0">,
  I32EnumCase<"Q5_1", 9, "q5_1">, I32EnumCase<"IQ4_NL", 10, "iq4_nl">, I32EnumCase<"MXFP4", 11, "mxfp4">,
  I32EnumCase<"Q2_K", 12, "q2_k">, I32EnumCase<"Q3_K", 13, "q3_k">, I32EnumCase<"Q4_K", 14, "q4_k">,
  I32EnumCase<"Q5_K", 15, "q5_k">, I32EnumCase<"Q6_K", 16, "q6_k">, I32EnumCase<"IQ4_XS", 17, "iq4_xs">,
  I32EnumCase<"TQ1_0", 18, "tq1_0">, I32EnumCase<"TQ2_0", 19, "tq2_0">, I32EnumCase<"IQ1_S", 20, "iq1_s">,
  I32EnumCase<"IQ1_M", 21, "iq1_m">, I32EnumCase<"IQ2_XXS", 22, "iq2_xxs">, I32EnumCase<"IQ2_XS", 23, "iq2_xs">,
  I32EnumCase<"IQ2_S", 24, "iq2_s">, I32EnumCase<"IQ3_XXS", 25, "iq3_xxs">, I32EnumCase<"IQ3_S", 26, "iq3_s">]> {
  let cppNamespace = "::heddle";
}

def Heddle_TensorType : TypeDef<Heddle_Dialect, "NamedTensor"> {
  let mnemonic = "tensor";
  let summary = "a set of named axes and a format";
  let description = [{
    `!heddle.tensor<T, kv = 3, "hd/2" = 32>` is float32; `: i32`, `: i1`, `: q4_1` ... name another format. T (tokens of
    this call), S (all tokens so far) and U (another sequence) have no size when compiling. The order in which axes are
    written is that of the page and means nothing for equality of meaning; ops compare sets.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$names, ArrayRefParameter<"int64_t">:$sizes,
                        "::heddle::Format":$format);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kDynamic = ::mlir::ShapedType::kDynamic;
    unsigned rank() const { return getNames().size(); }
    /// The place of an axis among the names, or -1.
    int find(::llvm::StringRef axis) const;
    bool has(::llvm::StringRef axis) const { return find(axis) >= 0; }
    /// The size of an axis that is there; kDynamic for T, S and U.
    int64_t size(::llvm::StringRef axis) const;
    /// The element as a value of a region: f32, i32 or i1; a weight's format is seen as f32.
    ::mlir::Type scalarType() const;
    /// The same axes in another format, and a type without some of the axes.
    NamedTensorType withFormat(Format format) const;
    NamedTensorType without(::llvm::ArrayRef<::llvm::StringRef> axes) const;
    /// Number of elements, when no axis is dynamic.
    int64_t count() const;
  }];
}

def Heddle_Tensor : DialectType<Heddle_Dialect, CPred<"::llvm::isa<::heddle::NamedTensorType>($_self)">, "heddle tensor",
                                "::heddle::NamedTensorType">;

def Heddle_ReduceKind : I32EnumAttr<"ReduceKind", "a reduction", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Any", 3, "any">]> {
  let cppNamespace = "::heddle";
  let genSpecializedAttr = 0;
}
def Heddle_ReduceKindAttr : EnumAttr<Heddle_Dialect, Heddle_ReduceKind, "reduce_kind">;

def Heddle_Variant : I32EnumAttr<"Variant", "which calls an entry or a layer is compiled for", [
  I32EnumAttrCase<"Any", 0, "any">, I32EnumAttrCase<"All", 1, "all">, I32EnumAttrCase<"Last", 2, "last">,
  I32EnumAttrCase<"Decode", 3, "decode">]> {
  let cppNamespace = "::heddle";
  let genSpecializedAttr = 0;
}
def Heddle_VariantAttr : EnumAttr<Heddle_Dialect, Heddle_Variant, "variant">;

class Heddle_Op<string mnemonic, list<Trait> traits = []> : Op<Heddle_Dialect, mnemonic, traits>;

#endif
