// The heddle dialect: everything that the compiler's other rooms include of it.
#ifndef HEDDLE_IR_HEDDLE_H
#define HEDDLE_IR_HEDDLE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ir/HeddleDialect.h.inc"
#include "ir/HeddleEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "ir/HeddleTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/HeddleAttributes.h.inc"

#define GET_OP_CLASSES
#include "ir/HeddleOps.h.inc"

namespace heddle {

/// Whether an axis has no size when compiling: T, S or U.
inline bool isDynamicAxis(llvm::StringRef axis) { return axis == "T" || axis == "S" || axis == "U"; }

/// The axes of an attribute such as `over`, as strings.
llvm::SmallVector<llvm::StringRef> axisNames(mlir::ArrayAttr axes);

/// A tensor type from names and sizes; kDynamic for T, S and U.
NamedTensorType tensorType(mlir::MLIRContext *context, llvm::ArrayRef<llvm::StringRef> names,
                           llvm::ArrayRef<int64_t> sizes, Format format = Format::F32);

} // namespace heddle

#endif
