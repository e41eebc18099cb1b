//===- EmitObject.cpp - LLVM IR to an object file -------------------------===//
//
// LLVM's vectorisers stay off: kernels are vectors already, and what they would find between them is worth neither the
// time to compile nor a code that depends on their mood. So does its scheduler before register allocation: in long blocks
// it moves the decoding of weights far ahead of its use and spills hundreds of registers, where the order in which a
// kernel was written needs the fewest; elsewhere it made no kernel faster that was measured.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/EmitObject.h"

#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace heddle::cpu {

static void setAttributes(Function &function, const TargetMachine &machine, const CpuTarget &target) {
  function.addFnAttr(Attribute::NoUnwind);
  function.addFnAttr("target-cpu", machine.getTargetCPU());
  function.addFnAttr("target-features", machine.getTargetFeatureString());
  function.addFnAttr("tune-cpu", target.tune);
  // Some processors' models ask for narrower vectors than they have; kernels are written for the wide ones.
  function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
  function.addFnAttr("min-legal-vector-width", std::to_string(target.vectorBits));
  if (function.hasLocalLinkage())
    function.addFnAttr(Attribute::AlwaysInline);
  else
    function.setVisibility(GlobalValue::HiddenVisibility);
}

void optimize(Module &module, TargetMachine &machine, const CpuTarget &target, unsigned level) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (Function &function : module)
    if (!function.isDeclaration())
      setAttributes(function, machine, target);
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.LoopInterleaving = tuning.SLPVectorization = false;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(level <= 1 ? OptimizationLevel::O1 : OptimizationLevel::O2)
      .run(module, modules);
}

static Error emit(Module &module, TargetMachine &machine, raw_pwrite_stream &out, CodeGenFileType type) {
  // The passes of TargetMachine::addPassesToEmitFile, which does not let one leave any out.
  legacy::PassManager passes;
  TargetPassConfig *config = machine.createPassConfig(passes);
  config->disablePass(&MachineSchedulerID);
  passes.add(config);
  auto *functions = new MachineModuleInfoWrapperPass(&machine);
  passes.add(functions);
  bool failed = config->addISelPasses();
  if (!failed) {
    config->addMachinePasses();
    config->setInitialized();
    failed = machine.addAsmPrinter(passes, out, nullptr, type, functions->getMMI().getContext());
  }
  if (failed)
    return createStringError("LLVM cannot emit machine code for this processor");
  passes.add(createFreeMachineFunctionPass());
  passes.run(module);
  return Error::success();
}

Error emitObject(Module &module, TargetMachine &machine, SmallVectorImpl<char> &object) {
  raw_svector_ostream out(object);
  return emit(module, machine, out, CodeGenFileType::ObjectFile);
}

Error emitAssembly(const Module &module, TargetMachine &machine, raw_ostream &out) {
  SmallString<0> text;
  raw_svector_ostream stream(text);
  machine.Options.MCOptions.AsmVerbose = true; // says beside each .loc which file and line it is
  if (Error error = emit(*CloneModule(module), machine, stream, CodeGenFileType::AssemblyFile))
    return error;
  out << text;
  return Error::success();
}

} // namespace heddle::cpu
