// The inner loops of the trial kernels keep everything in registers: their assembly has no stack traffic.
#include "CompiledKernels.h"
#include "TrialKernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include <sstream>

namespace heddle::test {

static std::string assemblyOf(const std::string &text, const std::string &cpu) {
  mlir::DialectRegistry registry;
  cpu::registerCpuDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  std::string assembly;
  cpu::CodegenOptions options;
  options.lines = false;
  options.wanted = [](cpu::Stage stage) { return stage == cpu::Stage::Assembly; };
  options.show = [&](cpu::Stage, const cpu::CpuTarget &, llvm::StringRef text) { assembly = text.str(); };
  llvm::cantFail(cpu::generate(*module, llvm::cantFail(cpu::cpuTarget(cpu)), options));
  return assembly;
}

/// How many instructions of the largest block of code between two labels name the stack.
static size_t spillsInLargestBlock(const std::string &assembly) {
  std::istringstream lines(assembly);
  size_t size = 0, spills = 0, largest = 0, result = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] == '.' && line.find(':') != std::string::npos)
      size = spills = 0;
    ++size;
    spills += line.find("(%rsp)") != std::string::npos;
    if (size > largest)
      largest = size, result = spills;
  }
  return result;
}

TEST(Spills, F32) {
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(f32Kernel({8, 256, 2, 12}), "znver4")), 0u);
  // On 8 lanes' registers a value of 16 lanes takes two.
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(f32Kernel({8, 256, 1, 6}), "x86-64-v3")), 0u);
}

TEST(Spills, Q4) {
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(q4Kernel({8, 256, 1, 12}), "znver4")), 0u);
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(q4Kernel({8, 256, 1, 1}), "znver4")), 0u);
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(q4Kernel({8, 256, 1, 1}), "x86-64-v3")), 0u);
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(q4Kernel({8, 256, 1, 2}), "x86-64-v3")), 0u);
}

TEST(Spills, Q4Int16) {
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(q4Int16Kernel({8, 256, 1, 8}), "znver4")), 0u);
  EXPECT_EQ(spillsInLargestBlock(assemblyOf(q4Int16Kernel({8, 256, 1, 1}), "znver4")), 0u);
}

} // namespace heddle::test
