//===- Stages.cpp - what --emit can print ---------------------------------===//

#include "tools/driver/Stages.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipeline.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace heddle;

/// The passes of both roads, each once, in the order in which they first run.
static void addPasses(std::vector<StageInfo> &stages) {
  StringSet<> known;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  for (int level : {2, 0}) {
    mlir::PassManager manager(&context, mlir::ModuleOp::getOperationName());
    PipelineOptions options;
    options.optLevel = level;
    buildPipeline(manager, options);
    for (mlir::Pass &pass : manager)
      if (known.insert(pass.getArgument()).second)
        stages.push_back(
            {pass.getArgument().str(), "after the pass: " + pass.getDescription().str(), Phase::Passes});
  }
}

std::vector<StageInfo> heddle::allStages() {
  std::vector<StageInfo> stages = {
      {"tokens", "the words of the page", Phase::Page},
      {"ast", "the page's syntax tree", Phase::Page},
      {"heddle", "the page's mathematics with the checkpoint's sizes", Phase::Module}};
  addPasses(stages);
  stages.push_back({"kernels", "kernels for one lane", Phase::Code});
  stages.push_back({"lanes", "kernels on vectors", Phase::Code});
  stages.push_back({"llvm-dialect", "kernels in the llvm dialect", Phase::Code});
  stages.push_back({"llvm-ir", "kernels as LLVM IR, optimised", Phase::Code});
  stages.push_back({"asm", "kernels as assembly", Phase::Code});
  stages.push_back({"gpu", "for Vulkan: kernels in the gpu dialect", Phase::Code});
  stages.push_back({"spirv", "for Vulkan: kernels in the spirv dialect", Phase::Code});
  stages.push_back({"spirv-asm", "for Vulkan: kernels as SPIR-V assembly, optimised", Phase::Code});
  stages.push_back({"glsl", "for Vulkan: kernels as GLSL, to be read", Phase::Code});
  stages.push_back({"schedule", "the program's steps, slots and caches", Phase::Schedule});
  return stages;
}

Expected<Stages> Stages::create(ArrayRef<std::string> names) {
  Stages stages;
  std::vector<StageInfo> all = allStages();
  for (StringRef name : names) {
    auto stage = find_if(all, [&](const StageInfo &info) { return info.name == name; });
    if (stage == all.end())
      return createStringError("'" + name + "' is no stage; --emit=help lists them");
    stages.wanted.insert(name);
    stages.last = std::max(stages.last, stage->phase);
  }
  return stages;
}

void heddle::printStages(raw_ostream &os) {
  for (const StageInfo &stage : allStages())
    os << format("  %-24s ", stage.name.c_str()) << stage.help << '\n';
}
