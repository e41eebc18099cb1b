#include "passes/support/Layers.h"

using namespace mlir;
using namespace heddle;

SmallVector<InvokeOp> heddle::invocationsOf(LayerOp layer) {
  SmallVector<InvokeOp> found;
  layer->getParentOfType<ModuleOp>().walk([&](InvokeOp invoke) {
    if (invoke.getLayer() == layer.getSymName())
      found.push_back(invoke);
  });
  return found;
}

void heddle::dropUnusedArguments(LayerOp layer) {
  llvm::BitVector unused(layer.getNumArguments());
  for (BlockArgument argument : layer.getBody().getArguments())
    if (argument.use_empty())
      unused.set(argument.getArgNumber());
  if (unused.none() || failed(layer.eraseArguments(unused)))
    return;
  for (InvokeOp invoke : invocationsOf(layer))
    invoke->eraseOperands(unused);
}

bool heddle::keepsAnything(EntryOp entry, SymbolTable &symbols) {
  auto keeps = [](Operation *op) {
    return op->walk([](KeepOp) { return WalkResult::interrupt(); }).wasInterrupted();
  };
  return keeps(entry) || entry
                             .walk([&](InvokeOp invoke) {
                               auto layer = symbols.lookup<LayerOp>(invoke.getLayer());
                               return layer && keeps(layer) ? WalkResult::interrupt() : WalkResult::advance();
                             })
                             .wasInterrupted();
}
