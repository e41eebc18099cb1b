//===- Codegen.cpp - kernels to object files ------------------------------===//
//
// For each target, the kernels are dealt to as many parts as there are threads, the costly ones first; each part is a
// module of its own that one thread takes from lanes to machine code. The parts do not depend on the machine's speed:
// the same input gives the same objects.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Codegen.h"

#include "backends/cpu/EmitObject.h"
#include "backends/cpu/LowerKernels.h"
#include "backends/cpu/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include <atomic>
#include <thread>

using namespace mlir;

namespace heddle::cpu {

void registerCpuDialects(DialectRegistry &registry) {
  registry.insert<HeddleDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, ub::UBDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

namespace {

/// What one thread compiles at a time.
struct Part {
  const CpuTarget *target;
  OwningOpRef<ModuleOp> module;
  ObjectFile object;
  std::string error;
};

class Compilation {
public:
  Compilation(const CodegenOptions &options) : options(options) {}

  llvm::Error compile(Part &part);

private:
  void addWidening(OpPassManager &passes, const CpuTarget &target);
  void addLowering(OpPassManager &passes, const CpuTarget &target);
  llvm::Error run(Part &part, llvm::function_ref<void(OpPassManager &)> add);
  void show(Stage stage, const Part &part, llvm::function_ref<void(llvm::raw_ostream &)> print);

  const CodegenOptions &options;
};

void Compilation::addWidening(OpPassManager &passes, const CpuTarget &target) {
  passes.addPass(createKeepLines());
  passes.addPass(createWidenLanes({target.name}));
  passes.addPass(createCanonicalizerPass()); // broadcasts of constants, sums of indices
  passes.addPass(createCSEPass());
}

void Compilation::addLowering(OpPassManager &passes, const CpuTarget &target) {
  if (options.level != OptLevel::O0) {
    passes.addPass(createApproximateMath());
    passes.addPass(createContractFma()); // what the polynomials are made of, too
  }
  passes.addPass(createExpandForTarget({target.name}));
  passes.addPass(createCallLibm());
  passes.addPass(createLowerKernels({"." + target.name}));
  addLowerToLLVM(passes);
  if (options.lines)
    passes.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
}

llvm::Error Compilation::run(Part &part, llvm::function_ref<void(OpPassManager &)> add) {
  PassManager passes(part.module->getContext());
  passes.enableVerifier(false); // each pass is tested alone; translation verifies what comes out
  add(passes);
  if (failed(passes.run(*part.module)))
    return llvm::createStringError("kernels cannot be compiled for '" + part.target->name + "'");
  return llvm::Error::success();
}

void Compilation::show(Stage stage, const Part &part, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  if (!options.show || !options.wanted || !options.wanted(stage))
    return;
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream);
  options.show(stage, *part.target, text);
}

llvm::Error Compilation::compile(Part &part) {
  auto printModule = [&](llvm::raw_ostream &out) { part.module->print(out, OpPrintingFlags().enableDebugInfo(false)); };
  show(Stage::Kernels, part, printModule);
  if (llvm::Error error = run(part, [&](OpPassManager &passes) { addWidening(passes, *part.target); }))
    return error;
  show(Stage::Lanes, part, printModule);
  if (llvm::Error error = run(part, [&](OpPassManager &passes) { addLowering(passes, *part.target); }))
    return error;
  show(Stage::LLVMDialect, part, printModule);

  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(*part.module, context, part.object.name);
  if (!code)
    return llvm::createStringError("kernels for '" + part.target->name + "' cannot be translated to LLVM IR");
  unsigned level = options.level == OptLevel::O0 ? 1 : 2;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(*part.target, level);
  optimize(*code, *machine, *part.target, level);
  show(Stage::LLVMIR, part, [&](llvm::raw_ostream &out) { code->print(out, nullptr); });
  llvm::Error error = llvm::Error::success();
  show(Stage::Assembly, part, [&](llvm::raw_ostream &out) { error = emitAssembly(*code, *machine, out); });
  return error ? std::move(error) : emitObject(*code, *machine, part.object.bytes);
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

/// The kernels in `count` lists of about the same number of ops, each in the module's order.
std::vector<SmallVector<KernelOp>> deal(ModuleOp module, unsigned count) {
  SmallVector<std::pair<size_t, KernelOp>> kernels;
  for (KernelOp kernel : module.getOps<KernelOp>()) {
    size_t ops = 0;
    kernel.walk([&](Operation *) { ++ops; });
    kernels.push_back({ops, kernel});
  }
  llvm::sort(kernels, [](auto &left, auto &right) {
    return left.first != right.first ? left.first > right.first : left.second->isBeforeInBlock(right.second);
  });
  std::vector<SmallVector<KernelOp>> lists(std::max<size_t>(1, std::min<size_t>(count, kernels.size())));
  SmallVector<size_t> load(lists.size(), 0);
  for (auto [ops, kernel] : kernels) {
    size_t least = std::min_element(load.begin(), load.end()) - load.begin();
    load[least] += ops;
    lists[least].push_back(kernel);
  }
  for (auto &list : lists)
    llvm::sort(list, [](KernelOp left, KernelOp right) { return left->isBeforeInBlock(right); });
  return lists;
}

std::vector<Part> makeParts(ModuleOp kernels, llvm::ArrayRef<CpuTarget> targets, unsigned count) {
  std::vector<SmallVector<KernelOp>> lists = deal(kernels, count);
  std::vector<Part> parts;
  for (const CpuTarget &target : targets) {
    for (auto [index, list] : llvm::enumerate(lists)) {
      Part &part = parts.emplace_back();
      part.target = &target;
      part.object.name = "kernels." + target.name + "." + std::to_string(index);
      part.module = ModuleOp::create(kernels.getLoc());
      OpBuilder builder = OpBuilder::atBlockEnd(part.module->getBody());
      for (KernelOp kernel : list)
        builder.clone(*kernel);
    }
  }
  return parts;
}

llvm::Error compileAll(std::vector<Part> &parts, const CodegenOptions &options, unsigned threads) {
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t index = next++; index < parts.size(); index = next++) {
      Part &part = parts[index];
      if (llvm::Error error = Compilation(options).compile(part))
        part.error = llvm::toString(std::move(error));
      part.module = nullptr;
    }
  };
  std::vector<std::thread> others;
  for (unsigned index = 1; index < std::min<size_t>(threads, parts.size()); ++index)
    others.emplace_back(work);
  work();
  for (std::thread &other : others)
    other.join();
  for (const Part &part : parts)
    if (!part.error.empty())
      return llvm::createStringError(part.error);
  return llvm::Error::success();
}

void loadDialects(MLIRContext &context) {
  // Before any thread starts: a context cannot take a dialect in while it is used by several.
  DialectRegistry registry;
  registerCpuDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

} // namespace

llvm::Expected<CpuCode> generate(ModuleOp kernels, llvm::ArrayRef<CpuTarget> targets, const CodegenOptions &options) {
  if (targets.empty())
    return llvm::createStringError("no processor to compile for");
  loadDialects(*kernels.getContext());
  CpuCode code;
  std::vector<std::string> names;
  for (KernelOp kernel : kernels.getOps<KernelOp>()) {
    FailureOr<ScratchPlan> plan = planScratch(kernel);
    if (failed(plan))
      return llvm::createStringError("the scratch memory of kernel '" + kernel.getSymName() + "' cannot be planned");
    code.kernels.push_back({kernel.getSymName().str(), plan->bytes});
    names.push_back(kernel.getSymName().str());
  }
  unsigned threads = options.show ? 1 : std::max(1u, options.threads);
  std::vector<Part> parts = makeParts(kernels, targets, threads);
  if (llvm::Error error = compileAll(parts, options, threads))
    return error;
  for (Part &part : parts)
    code.objects.push_back(std::move(part.object));
  llvm::Expected<llvm::SmallVector<char, 0>> tables = emitKernelTables(names, targets);
  if (!tables)
    return tables.takeError();
  code.objects.push_back({"kernel tables", std::move(*tables)});
  return code;
}

} // namespace heddle::cpu
