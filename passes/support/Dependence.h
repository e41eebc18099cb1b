// Who needs whom, within one block.
#ifndef HEDDLE_PASSES_SUPPORT_DEPENDENCE_H
#define HEDDLE_PASSES_SUPPORT_DEPENDENCE_H

#include "ir/Heddle.h"
#include "llvm/ADT/SetVector.h"

namespace heddle {

using OpSet = llvm::SetVector<mlir::Operation *>;

/// Whether a value is, or is computed from, a result of one of the ops (all in one block).
bool dependsOn(mlir::Value value, const OpSet &ops);

/// Whether some operand of `op` from outside `ops` is computed from a result of `ops`: fusing both would be a
/// circle.
bool reachesAround(mlir::Operation *op, const OpSet &ops);

/// All values used in an op, its regions included, that are defined outside of it.
llvm::SetVector<mlir::Value> usedFromOutside(mlir::Operation *op);

/// Puts a block's ops into an order in which definitions come before uses, moving as few as possible.
void restoreOrder(mlir::Block &block);

/// Erases the ops of a region that are pure and that nothing uses, the last first.
void eraseDead(mlir::Region &region);

} // namespace heddle

#endif
