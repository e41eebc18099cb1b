//===- HeddleOpt.cpp - every pass by name, for tests ----------------------===//

#include "backends/cpu/Codegen.h"
#include "backends/cpu/Passes.h"
#include "backends/lanes/Passes.h"
#include "backends/vulkan/Passes.h"
#include "backends/vulkan/Shaders.h"
#include "passes/Passes.h"
#include "passes/Pipeline.h"
#include "passes/kernels/Passes.h"

#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  heddle::cpu::registerCpuDialects(registry);
  heddle::vulkan::registerVulkanDialects(registry);
  mlir::func::registerInlinerExtension(registry);
  mlir::registerTransformsPasses();
  heddle::registerPasses();
  heddle::registerHeddleKernelsPasses();
  heddle::registerPipeline();
  heddle::lanes::registerLanesPasses();
  heddle::cpu::registerCpuPasses();
  heddle::vulkan::registerVulkanPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "heddle-opt: passes of the Heddle compiler\n", registry));
}
