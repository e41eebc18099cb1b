//===- Codegen.cpp - kernels to object files ------------------------------===//
//
// For each target, the kernels are dealt to as many parts as there are threads, the costly ones first; one
// thread takes a part from lanes to machine code. A part travels as text into a context of its own: MLIR's
// contexts can be shared by the threads of one pass manager, not by several. How kernels are dealt does not
// depend on the machine's speed: the same input gives the same objects.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Codegen.h"

#include "backends/cpu/EmitObject.h"
#include "backends/cpu/LowerKernels.h"
#include "backends/cpu/Messages.h"
#include "backends/cpu/Passes.h"
#include "backends/lanes/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
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
  registry.insert<HeddleDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect, ub::UBDialect,
                  vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

namespace {

/// What one thread compiles at a time.
struct Part {
  const CpuTarget *target;
  std::string text;
  ObjectFile object;
  std::string error;
  std::vector<Message> messages;
};

/// Takes one part from text to an object.
class Compilation {
public:
  Compilation(Part &part, const CodegenOptions &options)
      : part(part), target(*part.target), options(options), level(options.level == OptLevel::O0 ? 1 : 2),
        machine(createMachine(target, level)) {}

  llvm::Error run(MLIRContext &context);

private:
  OwningOpRef<ModuleOp> read(MLIRContext &context);
  void addWidening(OpPassManager &passes);
  void addLowering(OpPassManager &passes);
  llvm::Error apply(ModuleOp module, llvm::function_ref<void(OpPassManager &)> add);
  llvm::Error emit(ModuleOp module);
  void show(Stage stage, llvm::function_ref<void(llvm::raw_ostream &)> print);

  Part &part;
  const CpuTarget &target;
  const CodegenOptions &options;
  unsigned level; // of LLVM's passes
  std::unique_ptr<llvm::TargetMachine> machine;
};

OwningOpRef<ModuleOp> Compilation::read(MLIRContext &context) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      part.text, ParserConfig(&context, /*verifyAfterParse=*/false), part.object.name);
  if (!module)
    return nullptr;
  std::string layout = machine->createDataLayout().getStringRepresentation();
  (*module)->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(), StringAttr::get(&context, layout));
  return module;
}

void Compilation::addWidening(OpPassManager &passes) {
  passes.addPass(lanes::createKeepLines());
  passes.addPass(createWidenLanes({target.name}));
  passes.addPass(createCanonicalizerPass()); // broadcasts of constants, sums of indices
  passes.addPass(createCSEPass());
}

void Compilation::addLowering(OpPassManager &passes) {
  if (options.level != OptLevel::O0) {
    passes.addPass(lanes::createApproximateMath());
    passes.addPass(createContractFma()); // what the polynomials are made of, too
  }
  passes.addPass(createExpandForTarget({target.name}));
  passes.addPass(createCallLibm());
  passes.addPass(createLowerKernels({"." + target.name}));
  addLowerToLLVM(passes);
  if (options.lines)
    passes.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
}

llvm::Error Compilation::apply(ModuleOp module, llvm::function_ref<void(OpPassManager &)> add) {
  PassManager passes(module.getContext());
  passes.enableVerifier(false); // each pass is tested alone; LLVM verifies what comes out
  add(passes);
  if (failed(passes.run(module)))
    return llvm::createStringError("kernels cannot be compiled for '" + target.name + "'");
  return llvm::Error::success();
}

void Compilation::show(Stage stage, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  if (!options.show || !options.wanted || !options.wanted(stage))
    return;
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream);
  options.show(stage, target, text);
}

llvm::Error Compilation::run(MLIRContext &context) {
  OwningOpRef<ModuleOp> module = read(context);
  if (!module)
    return llvm::createStringError("kernels for '" + target.name + "' cannot be passed on to their thread");
  auto printModule = [&](llvm::raw_ostream &out) { module->print(out); };
  show(Stage::Kernels, printModule);
  if (llvm::Error error = apply(*module, [&](OpPassManager &passes) { addWidening(passes); }))
    return error;
  show(Stage::Lanes, printModule);
  if (llvm::Error error = apply(*module, [&](OpPassManager &passes) { addLowering(passes); }))
    return error;
  show(Stage::LLVMDialect, printModule);
  return emit(*module);
}

llvm::Error Compilation::emit(ModuleOp module) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context, part.object.name);
  if (!code)
    return llvm::createStringError("kernels for '" + target.name + "' cannot be translated to LLVM IR");
  optimize(*code, *machine, target, level);
  show(Stage::LLVMIR, [&](llvm::raw_ostream &out) { code->print(out, nullptr); });
  llvm::Error error = llvm::Error::success();
  show(Stage::Assembly, [&](llvm::raw_ostream &out) { error = emitAssembly(*code, *machine, out); });
  return error ? std::move(error) : emitObject(*code, *machine, part.object.bytes);
}

/// Compiles a part in a context of its own.
void compile(Part &part, const CodegenOptions &options) {
  DialectRegistry registry;
  registerCpuDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    part.messages.push_back(toMessage(diagnostic));
    return success();
  });
  if (llvm::Error error = Compilation(part, options).run(context))
    part.error = llvm::toString(std::move(error));
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
      OwningOpRef<ModuleOp> module = ModuleOp::create(kernels.getLoc());
      OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
      for (KernelOp kernel : list)
        builder.clone(*kernel);
      llvm::raw_string_ostream stream(part.text);
      module->print(stream, OpPrintingFlags().enableDebugInfo());
    }
  }
  return parts;
}

void compileAll(std::vector<Part> &parts, const CodegenOptions &options, unsigned threads) {
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t index = next++; index < parts.size(); index = next++)
      compile(parts[index], options);
  };
  std::vector<std::thread> others;
  for (unsigned index = 1; index < std::min<size_t>(threads, parts.size()); ++index)
    others.emplace_back(work);
  work();
  for (std::thread &other : others)
    other.join();
}

} // namespace

llvm::Expected<CpuCode> generate(ModuleOp kernels, llvm::ArrayRef<CpuTarget> targets,
                                 const CodegenOptions &options) {
  CpuCode code;
  std::vector<std::string> names;
  for (KernelOp kernel : kernels.getOps<KernelOp>()) {
    FailureOr<ScratchPlan> plan = planScratch(kernel);
    if (failed(plan))
      return llvm::createStringError("the scratch memory of kernel '" + kernel.getSymName() +
                                     "' cannot be planned");
    code.kernels.push_back({kernel.getSymName().str(), plan->bytes});
    names.push_back(kernel.getSymName().str());
  }
  unsigned threads = options.show ? 1 : std::max(1u, options.threads);
  std::vector<Part> parts = makeParts(kernels, targets, threads);
  compileAll(parts, options, threads);
  for (Part &part : parts)
    report(part.messages, *kernels.getContext());
  for (Part &part : parts) {
    if (!part.error.empty())
      return llvm::createStringError(part.error);
    code.objects.push_back(std::move(part.object));
  }
  llvm::Expected<llvm::SmallVector<char, 0>> tables = emitKernelTables(options.tables, names, targets);
  if (!tables)
    return tables.takeError();
  code.objects.push_back({options.tables + " tables", std::move(*tables)});
  return code;
}

} // namespace heddle::cpu
