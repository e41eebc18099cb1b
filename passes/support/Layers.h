// Layers and those who invoke them.
#ifndef HEDDLE_PASSES_SUPPORT_LAYERS_H
#define HEDDLE_PASSES_SUPPORT_LAYERS_H

#include "ir/Heddle.h"

namespace heddle {

/// All invocations of a layer, in the order of the module.
llvm::SmallVector<InvokeOp> invocationsOf(LayerOp layer);

/// Removes the layer's arguments that nothing in it reads, there and in all invocations.
void dropUnusedArguments(LayerOp layer);

/// Whether an entry, or a layer it invokes, remembers anything.
bool keepsAnything(EntryOp entry, mlir::SymbolTable &symbols);

} // namespace heddle

#endif
