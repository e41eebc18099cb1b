// What generate() gives the linker and the runtime.
#include "CompiledKernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"

namespace heddle::test {

static const std::string store = kernel("%y: memref<16xf32>, %a: f32", "", "memref.store %a, %y[%l] : memref<16xf32>");

static std::string named(const std::string &name) {
  std::string text = store;
  return text.replace(text.find("@k"), 2, "@" + name);
}

TEST(Tables, EachTargetHasOneInTheOrderGiven) {
  CompiledKernels kernels(named("first") + named("second") + named("main"), "x86-64-v3,x86-64");
  ASSERT_EQ(kernels.tableCount(), 2u);
  const heddle_kernel_table *tables = &kernels.table();
  EXPECT_STREQ(tables[0].cpu, "x86-64-v3");
  EXPECT_NE(std::string(tables[0].features).find("avx2"), std::string::npos);
  EXPECT_STREQ(tables[1].cpu, "x86-64");
  EXPECT_STREQ(tables[1].features, "");
  EXPECT_EQ(tables[1].count, 3u);
  EXPECT_EQ(kernels.code().kernels[2].name, "main");
  for (size_t index = 0; index < 3; ++index)
    EXPECT_NE(tables[0].kernels[index], tables[1].kernels[index]);
}

TEST(Tables, StagesAreShown) {
  mlir::DialectRegistry registry;
  cpu::registerCpuDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(store, &context);
  std::vector<cpu::Stage> seen;
  std::string assembly;
  cpu::CodegenOptions options;
  options.wanted = [](cpu::Stage stage) { return stage != cpu::Stage::LLVMDialect; };
  options.show = [&](cpu::Stage stage, const cpu::CpuTarget &target, llvm::StringRef text) {
    EXPECT_EQ(target.name, "x86-64-v3");
    seen.push_back(stage);
    assembly = text.str();
  };
  auto target = llvm::cantFail(cpu::cpuTarget("x86-64-v3"));
  ASSERT_TRUE(bool(cpu::generate(*module, target, options)));
  EXPECT_EQ(seen, (std::vector{cpu::Stage::Kernels, cpu::Stage::Lanes, cpu::Stage::LLVMIR, cpu::Stage::Assembly}));
  EXPECT_NE(assembly.find("\"k.x86-64-v3\":"), std::string::npos) << assembly;
  EXPECT_NE(assembly.find(".loc"), std::string::npos) << assembly;
}

TEST(Tables, MistakesInKernelsAreErrors) {
  mlir::DialectRegistry registry;
  cpu::registerCpuDialects(registry);
  mlir::MLIRContext context(registry);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { message += diagnostic.str(); });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      kernel("%y: memref<16xf32>", "", "scf.for %j = %l to %i step %i {}"), &context);
  auto target = llvm::cantFail(cpu::cpuTarget("x86-64"));
  EXPECT_EQ(llvm::toString(cpu::generate(*module, target).takeError()), "kernels cannot be compiled for 'x86-64'");
  EXPECT_NE(message.find("must be the same in all lanes"), std::string::npos) << message;
}

TEST(Tables, AModuleWithoutKernels) {
  CompiledKernels kernels("module {}", "x86-64");
  EXPECT_EQ(kernels.table().count, 0u);
}

} // namespace heddle::test
