// Times the trial kernels: kernel-bench [CPU]. One thread, the best of several rounds, and the time to compile.
#include "test/unit/cpu/CompiledKernels.h"
#include "test/unit/cpu/TrialKernels.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

using namespace heddle::test;

namespace {

using Clock = std::chrono::steady_clock;
double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

/// Memory on large pages, every byte set.
struct Memory {
  explicit Memory(size_t bytes, int value = 0x11) : bytes(bytes) {
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(data, bytes, MADV_HUGEPAGE);
    memset(data, value, bytes);
  }
  ~Memory() { munmap(data, bytes); }
  void *data;
  size_t bytes;
};

void measure(const char *name, const std::string &text, const std::string &cpu, Trial trial, int tokens,
             size_t weightBytes, size_t inputBytes, size_t scaleBytes) {
  Clock::time_point start = Clock::now();
  CompiledKernels kernels(text, cpu);
  double compiling = seconds(start);
  Memory weights(weightBytes), input(inputBytes, 1), scales(scaleBytes + 64, 0), output(size_t(trial.groups) * 64 * tokens);
  std::vector<void *> buffers = {weights.data, input.data};
  if (scaleBytes)
    buffers.push_back(scales.data);
  buffers.push_back(output.data);
  int64_t pieces = int64_t(trial.groups / trial.rows) * (tokens / trial.tokens);
  double best = 1e9;
  for (int round = 0; round < 60; ++round) {
    start = Clock::now();
    kernels.run(0, buffers, 0, pieces, {tokens});
    best = std::min(best, seconds(start));
  }
  double operations = 2.0 * trial.groups * 16 * trial.k * tokens;
  printf("%-34s %5d x %5d, %3d tokens: %6.0f GOP/s %6.1f GB/s, compiled in %.0f ms\n", name, trial.groups * 16, trial.k,
         tokens, operations / best / 1e9, weightBytes / best / 1e9, compiling * 1e3);
}

void f32(const std::string &cpu, Trial t, int tokens) {
  std::string name = "f32 " + std::to_string(t.rows) + " x " + std::to_string(t.tokens);
  measure(name.c_str(), f32Kernel(t), cpu, t, tokens, size_t(t.groups) * t.k * 64, size_t(tokens) * t.k * 4, 0);
}

void q4(const std::string &cpu, Trial t, int tokens) {
  std::string name = "q4_1 to f32 " + std::to_string(t.rows) + " x " + std::to_string(t.tokens);
  measure(name.c_str(), q4Kernel(t), cpu, t, tokens, size_t(t.groups) * (t.k / 32) * 320, size_t(tokens) * t.k * 4, 0);
}

void q4Int16(const std::string &cpu, Trial t, int tokens) {
  std::string name = "q4_1 int16 1 x " + std::to_string(t.tokens);
  measure(name.c_str(), q4Int16Kernel(t), cpu, t, tokens, size_t(t.groups) * (t.k / 32) * 320,
          size_t(tokens) * t.k * 2, size_t(tokens) * t.k / 4);
}

} // namespace

int main(int argc, char **argv) {
  std::string cpu = argc > 1 ? argv[1] : "native";
  f32(cpu, {96, 576, 2, 12}, 480);
  f32(cpu, {96, 576, 1, 6}, 480);
  q4(cpu, {96, 576, 1, 12}, 480);
  q4(cpu, {96, 576, 2, 8}, 480);
  q4(cpu, {96, 576, 1, 6}, 480);
  q4(cpu, {96, 576, 1, 3}, 480);
  q4(cpu, {96, 576, 1, 2}, 480);
  q4(cpu, {1024, 8192, 1, 1}, 1);
  q4(cpu, {1024, 8192, 4, 1}, 1);
  q4Int16(cpu, {96, 576, 1, 8}, 480);
  q4Int16(cpu, {96, 576, 1, 2}, 480);
  q4Int16(cpu, {36, 1536, 1, 8}, 480);
  q4Int16(cpu, {128, 5632, 1, 8}, 480);
  q4Int16(cpu, {1024, 8192, 1, 1}, 1);
}
