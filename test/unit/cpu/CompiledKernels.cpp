#include "CompiledKernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

namespace heddle::test {

template <typename T> static T unwrap(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  std::string message = llvm::toString(value.takeError());
  ADD_FAILURE() << message;
  throw std::runtime_error(message);
}

static cpu::CpuCode compile(const std::string &text, const std::string &cpu, cpu::OptLevel level) {
  mlir::DialectRegistry registry;
  cpu::registerCpuDialects(registry);
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    throw std::runtime_error("the kernels cannot be parsed:\n" + text);
  cpu::CodegenOptions options;
  options.level = level;
  return unwrap(cpu::generate(*module, unwrap(cpu::cpuTargets(cpu)), options));
}

CompiledKernels::CompiledKernels(const std::string &text, const std::string &cpu, cpu::OptLevel level)
    : compiled(compile(text, cpu, level)), jit(unwrap(llvm::orc::LLJITBuilder().create())) {
  for (const cpu::ObjectFile &object : compiled.objects) {
    llvm::StringRef bytes(object.bytes.data(), object.bytes.size());
    if (llvm::Error error = jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(bytes, object.name)))
      throw std::runtime_error(llvm::toString(std::move(error)));
  }
  first = unwrap(jit->lookup("heddle_kernel_tables")).toPtr<const heddle_kernel_table *>();
  count = *unwrap(jit->lookup("heddle_kernel_table_count")).toPtr<const uint64_t *>();
}

CompiledKernels::~CompiledKernels() = default;

// UBSan looks for a function's type in front of it, where nothing may be: compiled code can begin a page.
__attribute__((no_sanitize("function"))) void CompiledKernels::run(size_t index, std::vector<void *> buffers,
                                                                   int64_t begin, int64_t end, Sizes sizes,
                                                                   std::vector<float> scalars) {
  ASSERT_LT(index, first->count);
  std::vector<char> memory(compiled.kernels[index].scratchBytes + 64);
  uintptr_t scratch = (reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64;
  int64_t numbers[HEDDLE_SIZES] = {sizes.t, sizes.s, sizes.c, sizes.u};
  heddle_call call = {buffers.data(), numbers, scalars.data(), reinterpret_cast<void *>(scratch), 1};
  first->kernels[index](&call, begin, end);
}

std::vector<std::string> runnableCpus() {
  std::vector<std::string> cpus = {"x86-64"};
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  if (host.lookup("avx2") && host.lookup("fma") && host.lookup("f16c") && host.lookup("bmi2"))
    cpus.push_back("x86-64-v3");
  cpus.push_back("native");
  return cpus;
}

std::string kernel(const std::string &arguments, const std::string &dims, const std::string &body, int lanes) {
  std::string count = std::to_string(lanes);
  return "heddle.kernel @k lanes " + count + " grid [array<i64: 0, 1, 1>] dims [" + dims + "] {\n^bb0(" + arguments +
         "):\n  %p = heddle.piece\n  %l = heddle.lane\n  %lanes = arith.constant " + count +
         " : index\n  %first = arith.muli %p, %lanes : index\n  %i = arith.addi %first, %l : index\n" + body + "\n}\n";
}

} // namespace heddle::test
