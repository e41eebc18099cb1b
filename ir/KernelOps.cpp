// Kernels and the schedule.
#include "ir/DynamicDim.h"
#include "ir/Heddle.h"

using namespace mlir;
using namespace heddle;

#define GET_OP_CLASSES
#include "ir/HeddleOps.cpp.inc"

LogicalResult KernelOp::verify() {
  size_t dynamic = 0;
  bool scalars = false;
  for (Type type : getBody().getArgumentTypes()) {
    if (auto memref = dyn_cast<MemRefType>(type)) {
      if (scalars)
        return emitOpError("buffers come before scalars");
      dynamic += memref.getNumDynamicDims();
    } else if (type.isF32()) {
      scalars = true;
    } else {
      return emitOpError() << "arguments must be memrefs or f32, found " << type;
    }
  }
  if (dynamic != getDims().size())
    return emitOpError() << "expected a name for each of " << dynamic << " dynamic dimensions, found "
                         << getDims().size();
  for (Attribute attr : getDims()) {
    if (!parseDynamicDim(cast<StringAttr>(attr).getValue()))
      return emitOpError() << "a dimension is T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', found "
                           << attr;
  }
  for (Attribute attr : getGrid()) {
    ArrayRef<int64_t> factor = cast<DenseI64ArrayAttr>(attr).asArrayRef();
    if (factor.size() != 3 || factor[0] < 0 || factor[0] > 4 || factor[1] < 1 || factor[2] < 0)
      return emitOpError() << "a factor of the grid is [param 0..4, divide >= 1, times >= 0], found " << attr;
  }
  if (static_cast<int64_t>(getBeyond()) < 0)
    return emitOpError() << "'beyond' is a number of tokens, found " << static_cast<int64_t>(getBeyond());
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError() << "no kernel is called '" << getKernel() << "'";
  for (int64_t written : getWrites()) {
    if (written < 0 || written >= static_cast<int64_t>(getBuffers().size()))
      return emitOpError() << "writes buffer " << written << " of " << getBuffers().size();
    // Kernels are compiled on the assumption that nothing overlaps what they write.
    if (llvm::count(getBuffers(), getBuffers()[written]) > 1)
      return emitOpError() << "buffer " << written << " is written and must not be given twice";
  }
  SmallVector<Type> types(getBuffers().getTypes());
  types.append(getScalars().size(), Float32Type::get(getContext()));
  if (kernel.getBody().getArgumentTypes() != TypeRange(types))
    return emitOpError() << "kernel '" << getKernel() << "' takes (" << kernel.getBody().getArgumentTypes()
                         << "), launched with (" << types << ")";
  return success();
}

LogicalResult ChooseBytesOp::verify() {
  if (getTable().size() != 16)
    return emitOpError() << "expected 16 entries of the table, found " << getTable().size();
  return success();
}
