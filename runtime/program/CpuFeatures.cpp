//===- CpuFeatures.cpp - what this machine's processor can do -------------===//
//
// Each name is a bit of a cpuid leaf. Features whose registers the system must
// save also need bits of XCR0: 6 for the 256-bit, 0xe6 for the 512-bit ones.
//
//===----------------------------------------------------------------------===//

#include "runtime/program/CpuFeatures.h"

#include "runtime/support/Error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace heddle {

#if defined(__x86_64__)
namespace {

enum Register : uint8_t { EAX, EBX, ECX, EDX };
enum State : uint8_t { None, Avx = 0x06, Avx512 = 0xe6 };

struct Feature {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register where;
  uint8_t bit;
  State state;
};

constexpr uint32_t extended = 0x80000001;

constexpr Feature features[] = {
    {"cmov", 1, 0, EDX, 15, None},
    {"cx8", 1, 0, EDX, 8, None},
    {"fxsr", 1, 0, EDX, 24, None},
    {"mmx", 1, 0, EDX, 23, None},
    {"sse", 1, 0, EDX, 25, None},
    {"sse2", 1, 0, EDX, 26, None},
    {"sse3", 1, 0, ECX, 0, None},
    {"pclmul", 1, 0, ECX, 1, None},
    {"ssse3", 1, 0, ECX, 9, None},
    {"fma", 1, 0, ECX, 12, Avx},
    {"cx16", 1, 0, ECX, 13, None},
    {"sse4.1", 1, 0, ECX, 19, None},
    {"sse4.2", 1, 0, ECX, 20, None},
    {"crc32", 1, 0, ECX, 20, None},
    {"movbe", 1, 0, ECX, 22, None},
    {"popcnt", 1, 0, ECX, 23, None},
    {"aes", 1, 0, ECX, 25, None},
    {"xsave", 1, 0, ECX, 26, None},
    {"avx", 1, 0, ECX, 28, Avx},
    {"f16c", 1, 0, ECX, 29, Avx},
    {"rdrnd", 1, 0, ECX, 30, None},
    {"fsgsbase", 7, 0, EBX, 0, None},
    {"bmi", 7, 0, EBX, 3, None},
    {"avx2", 7, 0, EBX, 5, Avx},
    {"bmi2", 7, 0, EBX, 8, None},
    {"avx512f", 7, 0, EBX, 16, Avx512},
    {"avx512dq", 7, 0, EBX, 17, Avx512},
    {"rdseed", 7, 0, EBX, 18, None},
    {"adx", 7, 0, EBX, 19, None},
    {"avx512ifma", 7, 0, EBX, 21, Avx512},
    {"clflushopt", 7, 0, EBX, 23, None},
    {"clwb", 7, 0, EBX, 24, None},
    {"avx512cd", 7, 0, EBX, 28, Avx512},
    {"sha", 7, 0, EBX, 29, None},
    {"avx512bw", 7, 0, EBX, 30, Avx512},
    {"avx512vl", 7, 0, EBX, 31, Avx512},
    {"avx512vbmi", 7, 0, ECX, 1, Avx512},
    {"avx512vbmi2", 7, 0, ECX, 6, Avx512},
    {"gfni", 7, 0, ECX, 8, None},
    {"vaes", 7, 0, ECX, 9, Avx},
    {"vpclmulqdq", 7, 0, ECX, 10, Avx},
    {"avx512vnni", 7, 0, ECX, 11, Avx512},
    {"avx512bitalg", 7, 0, ECX, 12, Avx512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, Avx512},
    {"rdpid", 7, 0, ECX, 22, None},
    {"fsrm", 7, 0, EDX, 4, None},
    {"avx512vp2intersect", 7, 0, EDX, 8, Avx512},
    {"avx512fp16", 7, 0, EDX, 23, Avx512},
    {"avxvnni", 7, 1, EAX, 4, Avx},
    {"avx512bf16", 7, 1, EAX, 5, Avx512},
    {"avxifma", 7, 1, EAX, 23, Avx},
    {"avxvnniint8", 7, 1, EDX, 4, Avx},
    {"avxneconvert", 7, 1, EDX, 5, Avx},
    {"avxvnniint16", 7, 1, EDX, 10, Avx},
    {"xsaveopt", 13, 1, EAX, 0, None},
    {"xsavec", 13, 1, EAX, 1, None},
    {"xsaves", 13, 1, EAX, 3, None},
    {"sahf", extended, 0, ECX, 0, None},
    {"lzcnt", extended, 0, ECX, 5, None},
    {"sse4a", extended, 0, ECX, 6, None},
    {"prfchw", extended, 0, ECX, 8, None},
    {"64bit", extended, 0, EDX, 29, None},
    {"x87", 1, 0, EDX, 0, None},
    {"invpcid", 7, 0, EBX, 10, None},
    {"pku", 7, 0, ECX, 4, None},
    {"waitpkg", 7, 0, ECX, 5, None},
    {"shstk", 7, 0, ECX, 7, None},
    {"cldemote", 7, 0, ECX, 25, None},
    {"movdiri", 7, 0, ECX, 27, None},
    {"movdir64b", 7, 0, ECX, 28, None},
    {"serialize", 7, 0, EDX, 14, None},
    {"sha512", 7, 1, EAX, 0, Avx},
    {"sm3", 7, 1, EAX, 1, Avx},
    {"sm4", 7, 1, EAX, 2, Avx},
    {"cmpccxadd", 7, 1, EAX, 7, None},
    {"prefetchi", 7, 1, EDX, 14, None},
    {"evex512", 7, 0, EBX, 16, Avx512},
    {"mwaitx", extended, 0, ECX, 29, None},
    {"clzero", 0x80000008, 0, EBX, 0, None},
    {"rdpru", 0x80000008, 0, EBX, 4, None},
    {"wbnoinvd", 0x80000008, 0, EBX, 9, None},
};

/// Which register files the system saves; 0 where it saves none of the large ones.
uint64_t savedState() {
  uint32_t eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

bool has(const Feature &feature) {
  uint32_t values[4];
  // __get_cpuid_count fails where the processor has no such leaf; a subleaf beyond the last reads as zeroes.
  if (!__get_cpuid_count(feature.leaf, feature.subleaf, &values[0], &values[1], &values[2], &values[3]))
    return false;
  return (values[feature.where] >> feature.bit & 1) && (savedState() & feature.state) == feature.state;
}

} // namespace

bool hasCpuFeature(std::string_view name) {
  for (const Feature &feature : features)
    if (feature.name == name)
      return has(feature);
  return false;
}
#else
bool hasCpuFeature(std::string_view) { return false; }
#endif

std::vector<std::string> missingCpuFeatures(std::string_view list) {
  std::vector<std::string> missing;
  while (!list.empty()) {
    size_t comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (name.empty() || name.front() == '-')
      continue;
    if (name.front() == '+')
      name.remove_prefix(1);
    if (!hasCpuFeature(name))
      missing.emplace_back(name);
  }
  return missing;
}

const heddle_kernel_table *findKernels(std::span<const heddle_kernel_table> tables) {
  for (const heddle_kernel_table &table : tables)
    if (missingCpuFeatures(table.features ? table.features : "").empty())
      return &table;
  return nullptr;
}

const heddle_kernel_table &chooseKernels(std::span<const heddle_kernel_table> tables) {
  if (const heddle_kernel_table *found = findKernels(tables))
    return *found;
  std::vector<std::string> least;
  const heddle_kernel_table *nearest = nullptr;
  for (const heddle_kernel_table &table : tables) {
    std::vector<std::string> missing = missingCpuFeatures(table.features ? table.features : "");
    if (!nearest || missing.size() < least.size()) {
      nearest = &table;
      least = std::move(missing);
    }
  }
  if (!nearest)
    throw Error("this program has no kernels: it is damaged");
  throw Error(
      fmt::format("this processor cannot run the program: compiled for '{}', it lacks {}; compile with "
                  "--cpu x86-64-v3, or on this machine",
                  nearest->cpu ? nearest->cpu : "?", fmt::join(least, ", ")));
}

} // namespace heddle
