#include "passes/kernels/Memory.h"

using namespace mlir;
using namespace heddle;

MemRefType heddle::packedType(const Packing &packing, NamedTensorType type) {
  MLIRContext *context = type.getContext();
  auto count = [&](ArrayRef<std::string> axes) {
    int64_t product = 1;
    for (const std::string &axis : axes)
      product *= type.size(axis);
    return product;
  };
  if (!packing.panels) {
    auto shape = llvm::map_to_vector(packing.rows, [&](const std::string &axis) { return type.size(axis); });
    bool integers = type.getFormat() == Format::I32;
    return MemRefType::get(shape,
                           integers ? Type(IntegerType::get(context, 32)) : Type(Float32Type::get(context)));
  }
  BlockShape block = blockShape(packing.format);
  int64_t groups = count(packing.each) * llvm::divideCeil(count(packing.rows), packing.lanes);
  int64_t blocks = llvm::divideCeil(count(packing.over), block.columns);
  if (packing.format == Format::F32)
    return MemRefType::get({groups, blocks, packing.lanes}, Float32Type::get(context));
  return MemRefType::get({groups, blocks, block.words, packing.lanes}, IntegerType::get(context, 32));
}

Value Memory::packed(Operation *op) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointToStart(&op->getParentOfType<FunctionOpInterface>().getFunctionBody().front());
  auto type = cast<NamedTensorType>(op->getResult(0).getType());
  auto dense = [&] {
    Packing packing;
    for (StringAttr axis : type.getNames())
      packing.rows.push_back(axis.str());
    return packing;
  };
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    Value &memref = packedConstants[constant.getValue()];
    if (!memref) {
      Packing packing = dense();
      memref = PackedOp::create(builder, op->getLoc(), packedType(packing, type), "constant", packing.str(),
                                constant.getValue());
    }
    return memref;
  }
  auto weight = cast<WeightOp>(op);
  Value &memref = packedValues[weight.getName()];
  if (!memref) {
    if (!packing(weight.getName()))
      setPacking(weight.getName(), dense());
    const Packing &packing = *this->packing(weight.getName());
    memref = PackedOp::create(builder, op->getLoc(), packedType(packing, type), weight.getName(),
                              packing.str(), ElementsAttr());
  }
  return memref;
}
