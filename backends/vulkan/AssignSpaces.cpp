//===- AssignSpaces.cpp - in which space each buffer of a kernel lies -----===//
//
// Expects: a module after make-kernels. Leaves: `heddle.spaces` on each kernel that is launched. A memref's
// space follows from the op that makes it; a layer's argument has that of the operands it is invoked with, an
// entry's is the arena. Kernels that are launched with buffers in other spaces, too, are copied:
// "KERNEL.weights.arena".
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "ir/Heddle.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_ASSIGNSPACES
#include "backends/vulkan/Passes.h.inc"

namespace {

constexpr StringRef spacesName = "heddle.spaces";

struct AssignSpaces : impl::AssignSpacesBase<AssignSpaces> {
  using AssignSpacesBase::AssignSpacesBase;

  void runOnOperation() override {
    for (EntryOp entry : getOperation().getOps<EntryOp>()) {
      for (Value argument : entry.getArguments())
        spaces[argument] = "arena";
      if (failed(visit(entry.getBody().front())))
        return signalPassFailure();
    }
  }

  LogicalResult visit(Block &body) {
    for (Operation &op : body) {
      if (isa<BufferOp>(op))
        spaces[op.getResult(0)] = "arena";
      else if (isa<CacheOp>(op))
        spaces[op.getResult(0)] = "cache";
      else if (isa<PackedOp>(op))
        spaces[op.getResult(0)] = "weights";
      else if (auto invoke = dyn_cast<InvokeOp>(op)) {
        if (failed(enter(invoke)))
          return failure();
      } else if (auto launch = dyn_cast<LaunchOp>(op)) {
        place(launch);
      }
    }
    return success();
  }

  /// A layer is visited once: all its invocations must agree.
  LogicalResult enter(InvokeOp invoke) {
    auto layer = SymbolTable::lookupNearestSymbolFrom<LayerOp>(invoke, invoke.getLayerAttr());
    if (!layer || layer.getNumArguments() != invoke.getArgs().size())
      return invoke.emitError() << "there is no layer '" << invoke.getLayer() << "' with these arguments";
    for (auto [argument, operand] : llvm::zip(layer.getArguments(), invoke.getArgs())) {
      StringRef space = spaces.lookup(operand);
      auto [known, isNew] = spaces.try_emplace(argument, space);
      if (!isNew && known->second != space)
        return invoke.emitError() << "argument " << argument.getArgNumber() << " lies in the " << space
                                  << ", another time in the " << known->second;
    }
    return visited.insert(layer).second ? visit(layer.getBody().front()) : success();
  }

  /// Gives the launch's kernel its spaces, or the launch a kernel with them.
  void place(LaunchOp launch) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(launch, launch.getKernelAttr());
    Builder builder(&getContext());
    SmallVector<StringRef> own =
        llvm::map_to_vector(launch.getBuffers(), [&](Value buffer) { return spaces.lookup(buffer); });
    ArrayAttr wanted = builder.getStrArrayAttr(own);
    auto has = kernel->getAttrOfType<ArrayAttr>(spacesName);
    if (!has)
      kernel->setAttr(spacesName, wanted);
    if (!has || has == wanted)
      return;
    std::string name = kernel.getSymName().str();
    for (StringRef space : own)
      name += "." + space.str();
    if (!SymbolTable::lookupSymbolIn(getOperation(), name)) {
      auto copy = cast<KernelOp>(kernel->clone());
      copy.setSymName(name);
      copy->setAttr(spacesName, wanted);
      OpBuilder(kernel->getBlock(), std::next(Block::iterator(kernel))).insert(copy);
    }
    launch.setKernel(name);
  }

  llvm::DenseMap<Value, StringRef> spaces;
  llvm::DenseSet<Operation *> visited;
};

} // namespace

} // namespace heddle::vulkan
