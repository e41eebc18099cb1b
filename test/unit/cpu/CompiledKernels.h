// Kernels as text, compiled and loaded into the test.
#ifndef HEDDLE_TEST_UNIT_CPU_COMPILEDKERNELS_H
#define HEDDLE_TEST_UNIT_CPU_COMPILEDKERNELS_H

#include "backends/cpu/Codegen.h"
#include "runtime/abi/kernel.h"

#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace llvm::orc {
class LLJIT;
}

namespace heddle::test {

/// The sizes T, S, C, U of a call.
struct Sizes {
  int64_t t = 0, s = 0, c = 0, u = 0;
};

class CompiledKernels {
public:
  /// Compiles `text`, a module of kernels, for a processor. A mistake fails the test and throws.
  CompiledKernels(const std::string &text, const std::string &cpu, cpu::OptLevel level = cpu::OptLevel::O2);
  ~CompiledKernels();

  /// Runs the pieces [begin, end) of kernel number `index`.
  void run(size_t index, std::vector<void *> buffers, int64_t begin, int64_t end, Sizes sizes = {},
           std::vector<float> scalars = {});

  const heddle_kernel_table &table() const { return *first; }
  uint64_t tableCount() const { return count; }
  const cpu::CpuCode &code() const { return compiled; }

private:
  cpu::CpuCode compiled;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  const heddle_kernel_table *first = nullptr;
  uint64_t count = 0;
};

/// "x86-64", "x86-64-v3" and "native": each where this machine can run it.
std::vector<std::string> runnableCpus();

/// A test that is run for each of runnableCpus().
class OnEachCpu : public testing::TestWithParam<std::string> {};

/// A kernel with the argument list and body given, on 16 lanes; %p is the piece, %l the lane, %i = 16 p + l.
std::string kernel(const std::string &arguments, const std::string &dims, const std::string &body, int lanes = 16);

} // namespace heddle::test

#define HEDDLE_ON_EACH_CPU(SUITE)                                                                              \
  INSTANTIATE_TEST_SUITE_P(Cpus, SUITE, testing::ValuesIn(heddle::test::runnableCpus()),                       \
                           [](const auto &info) {                                                              \
                             std::string name = info.param;                                                    \
                             std::replace(name.begin(), name.end(), '-', '_');                                 \
                             return name;                                                                      \
                           })

#endif
