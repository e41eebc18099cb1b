//===- KernelTables.cpp - the tables that the runtime chooses from --------===//
//
// Written as LLVM IR constants in the layout of heddle_kernel_table (runtime/abi/kernel.h). The object is
// plain x86-64.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/EmitObject.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace heddle::cpu {

std::string kernelSymbol(StringRef kernel, const CpuTarget &target) {
  // The dot keeps a kernel's name apart from all names of C.
  return (kernel + "." + target.name).str();
}

namespace {

class Tables {
public:
  Tables(LLVMContext &context, Module &module)
      : context(context), module(module), pointer(PointerType::get(context, 0)),
        number(Type::getInt64Ty(context)) {}

  /// { cpu, features, kernels, count }
  Constant *table(ArrayRef<std::string> kernels, const CpuTarget &target) {
    SmallVector<Constant *> functions;
    for (const std::string &kernel : kernels)
      functions.push_back(function(kernelSymbol(kernel, target)));
    Constant *list = ConstantArray::get(ArrayType::get(pointer, functions.size()), functions);
    return ConstantStruct::getAnon(context, {text(target.name), text(target.featureList()), global(list, ""),
                                             ConstantInt::get(number, functions.size())});
  }

  /// All tables, which may be none.
  void list(StringRef name, ArrayRef<std::string> kernels, ArrayRef<CpuTarget> targets) {
    SmallVector<Constant *> all;
    for (const CpuTarget &target : targets)
      all.push_back(table(kernels, target));
    auto *type = StructType::get(context, {pointer, pointer, pointer, number});
    global(ConstantArray::get(ArrayType::get(type, all.size()), all), name + "_tables");
    global(ConstantInt::get(number, all.size()), name + "_table_count");
  }

  Constant *global(Constant *value, const Twine &name) {
    auto linkage = name.isTriviallyEmpty() ? GlobalValue::PrivateLinkage : GlobalValue::ExternalLinkage;
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true, linkage, value, name);
  }

private:
  Constant *text(StringRef value) { return global(ConstantDataArray::getString(context, value), ""); }

  Constant *function(StringRef symbol) {
    auto *type = FunctionType::get(Type::getVoidTy(context), {pointer, number, number}, false);
    auto *callee = cast<Function>(module.getOrInsertFunction(symbol, type).getCallee());
    callee->setVisibility(GlobalValue::HiddenVisibility);
    return callee;
  }

  LLVMContext &context;
  Module &module;
  PointerType *pointer;
  IntegerType *number;
};

} // namespace

Expected<SmallVector<char, 0>> emitKernelTables(StringRef name, ArrayRef<std::string> kernels,
                                                ArrayRef<CpuTarget> targets) {
  LLVMContext context;
  Module module("kernel tables", context);
  std::unique_ptr<TargetMachine> machine = createMachine(CpuTarget(), 1);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  Tables(context, module).list(name, kernels, targets);
  SmallVector<char, 0> object;
  if (Error error = emitObject(module, *machine, object))
    return error;
  return object;
}

} // namespace heddle::cpu
