// The activations of a direct linear in memory, a row a vector.
#ifndef HEDDLE_PASSES_KERNELS_ACTIVATIONROWS_H
#define HEDDLE_PASSES_KERNELS_ACTIVATIONROWS_H

#include "passes/kernels/LinearEmitter.h"

namespace heddle {

/// Memory of the function, of float32.
struct ActivationRows {
  mlir::Value memory;
  llvm::SmallVector<mlir::Attribute> dims; // of the memory
  llvm::SmallVector<std::string> axes;     // the memory's outer dimensions
  int64_t columnDims = 1;                  // its inner ones: the columns, dense
  mlir::Value tensor = {};                 // whose own memory it is, or null
};

/// Evaluates the prologue in a kernel of its own; columns beyond the last are zeros.
ActivationRows evaluateRows(LinearOp op, EmitContext &context);

/// Rounds rows of `columns` numbers to blocks of `width` (32 or 16) in a kernel of its own. Every device gets
/// the same bits.
ActivationBlocks quantizeRows(const ActivationRows &rows, int64_t columns, int64_t width, LinearOp op,
                              EmitContext &context);

} // namespace heddle

#endif
