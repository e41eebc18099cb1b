//===- HeddleOpt.cpp - every pass by name, for tests ----------------------===//

#include "backends/cpu/Codegen.h"
#include "backends/cpu/Passes.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  heddle::cpu::registerCpuDialects(registry);
  mlir::registerTransformsPasses();
  heddle::cpu::registerCpuPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "heddle-opt: passes of the Heddle compiler\n", registry));
}
