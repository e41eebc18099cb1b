//===- FinishSpirv.cpp - spirv modules that Vulkan 1.1 takes --------------===//
//
// Expects: spirv.modules after spirv-lower-abi-attrs. Leaves:
//   - the version, extensions and capabilities of the target environment; up to 1.3 an entry point's
//   interface lists inputs only;
//   - no binding on push constants;
//   - NoContraction on float arithmetic: results are what the kernel says, on every device, and polynomials'
//   steps stay in
//     their order;
//   - no variable that is not used; names that say what is bound.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "runtime/abi/vulkan.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_FINISHSPIRV
#include "backends/vulkan/Passes.h.inc"

namespace {

spirv::StorageClass storageOf(spirv::GlobalVariableOp variable) {
  return cast<spirv::PointerType>(variable.getType()).getStorageClass();
}

/// What a variable holds, for those who read shaders; empty: leave its name.
std::string nameOf(spirv::GlobalVariableOp variable) {
  if (storageOf(variable) == spirv::StorageClass::PushConstant)
    return "places";
  if (storageOf(variable) == spirv::StorageClass::Workgroup)
    return "shared";
  if (storageOf(variable) != spirv::StorageClass::StorageBuffer || !variable.getBinding())
    return "";
  constexpr StringRef names[HEDDLE_BINDS] = {"arena", "weights", "caches", "call"};
  auto buffer = cast<spirv::StructType>(cast<spirv::PointerType>(variable.getType()).getPointeeType());
  auto elements = cast<spirv::RuntimeArrayType>(buffer.getElementType(0));
  return (names[*variable.getBinding()] + (isa<VectorType>(elements.getElementType()) ? "_vectors" : ""))
      .str();
}

void giveNames(spirv::ModuleOp module) {
  SymbolTable symbols(module);
  for (auto variable : module.getOps<spirv::GlobalVariableOp>()) {
    std::string name = nameOf(variable), unique = name;
    if (name.empty())
      continue;
    for (int i = 2; symbols.lookup(unique); ++i)
      unique = name + std::to_string(i);
    (void)symbols.rename(variable, unique);
  }
}

void finish(spirv::ModuleOp module) {
  for (auto variable : llvm::make_early_inc_range(module.getOps<spirv::GlobalVariableOp>())) {
    // Besides the entry point's list, does anything read it?
    bool used = module
                    .walk([&](spirv::AddressOfOp address) {
                      return address.getVariable() == variable.getSymName() ? WalkResult::interrupt()
                                                                            : WalkResult::advance();
                    })
                    .wasInterrupted();
    if (storageOf(variable) == spirv::StorageClass::PushConstant) {
      variable.removeDescriptorSetAttr();
      variable.removeBindingAttr();
    }
    bool input = storageOf(variable) == spirv::StorageClass::Input;
    if (used && input)
      continue;
    for (auto entry : module.getOps<spirv::EntryPointOp>())
      entry.setInterfaceAttr(ArrayAttr::get(
          module.getContext(), llvm::filter_to_vector(entry.getInterface(), [&](Attribute name) {
            return cast<FlatSymbolRefAttr>(name).getValue() != variable.getSymName();
          })));
    if (!used)
      variable.erase();
  }
  giveNames(module);
  module.walk([](Operation *op) {
    if (isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp>(op))
      op->setAttr("no_contraction", UnitAttr::get(op->getContext()));
  });
  module.setVceTripleAttr(spirv::lookupTargetEnvOrDefault(module).getTripleAttr());
}

struct FinishSpirv : impl::FinishSpirvBase<FinishSpirv> {
  using FinishSpirvBase::FinishSpirvBase;

  void runOnOperation() override {
    for (auto module : getOperation().getOps<spirv::ModuleOp>())
      finish(module);
  }
};

} // namespace

} // namespace heddle::vulkan
