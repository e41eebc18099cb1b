// Pages: entries, layers, invocations, weights.
#include "ir/Heddle.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace heddle;

//===- layer, entry
//------------------------------------------------------------------------------------------------===//

template <typename Op> static ParseResult parseFunction(OpAsmParser &parser, OperationState &result) {
  auto type = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> outputs,
                 function_interface_impl::VariadicFlag,
                 std::string &) { return builder.getFunctionType(inputs, outputs); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, Op::getFunctionTypeAttrName(result.name), type,
      Op::getArgAttrsAttrName(result.name), Op::getResAttrsAttrName(result.name));
}

template <typename Op> static void printFunction(Op op, OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, op, /*isVariadic=*/false, op.getFunctionTypeAttrName(),
                                           op.getArgAttrsAttrName(), op.getResAttrsAttrName());
}

ParseResult LayerOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFunction<LayerOp>(parser, result);
}
void LayerOp::print(OpAsmPrinter &printer) { printFunction(*this, printer); }
ParseResult EntryOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFunction<EntryOp>(parser, result);
}
void EntryOp::print(OpAsmPrinter &printer) { printFunction(*this, printer); }

LogicalResult InvokeOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto layer = symbols.lookupNearestSymbolFrom<LayerOp>(*this, getLayerAttr());
  if (!layer)
    return emitOpError() << "no layer is called '" << getLayer() << "'";
  if (layer.getFunctionType() != FunctionType::get(getContext(), getArgs().getTypes(), getOuts().getTypes()))
    return emitOpError() << "layer '" << getLayer() << "' is " << layer.getFunctionType() << ", invoked as "
                         << FunctionType::get(getContext(), getArgs().getTypes(), getOuts().getTypes());
  return success();
}

//===- weights
//-----------------------------------------------------------------------------------------------------===//

LogicalResult StoredOp::verify() {
  auto type = dyn_cast<NamedTensorType>(getType());
  if (!type)
    return emitOpError("type must be a heddle tensor");
  if (getDigits().size() != type.rank())
    return emitOpError() << "expected digits for " << type.rank() << " axes, found " << getDigits().size();
  for (auto [name, size, attr] : llvm::zip(type.getNames(), type.getSizes(), getDigits())) {
    ArrayRef<int64_t> digits = cast<DenseI64ArrayAttr>(attr).asArrayRef();
    int64_t product = 1;
    for (size_t i = 0; i + 1 < digits.size(); i += 2)
      product *= digits[i];
    if (digits.size() % 2 || product != size)
      return emitOpError() << "the digits of axis '" << name.getValue()
                           << "' must be pairs whose sizes multiply to " << size << ", found " << product;
  }
  return success();
}

LogicalResult WeightOp::verify() {
  for (StringAttr axis : getResult().getType().getNames())
    if (isDynamicAxis(axis))
      return emitOpError() << "a weight has no axis '" << axis.getValue() << "'";
  return success();
}

LogicalResult ConstantOp::verify() {
  NamedTensorType type = getResult().getType();
  auto shape = cast<ShapedType>(getValue().getType());
  if (shape.getShape() != type.getSizes())
    return emitOpError() << "value " << shape << " does not have the sizes of " << type;
  if (shape.getElementType() != type.scalarType())
    return emitOpError() << "elements of " << type << " must be " << type.scalarType();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }
