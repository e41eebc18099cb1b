//===- CpuFeatures.h - what this machine's processor can do -----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_PROGRAM_CPUFEATURES_H
#define HEDDLE_RUNTIME_PROGRAM_CPUFEATURES_H

#include "runtime/abi/kernel.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// Whether the processor has the feature LLVM calls `name`, and the system keeps its registers. A name that
/// is not known counts as missing.
bool hasCpuFeature(std::string_view name);

/// Of a comma-separated list (entries may begin with '+'; those with '-' are no demands), those missing here.
std::vector<std::string> missingCpuFeatures(std::string_view features);

/// The first table this machine can run, or null.
const heddle_kernel_table *findKernels(std::span<const heddle_kernel_table> tables);

/// The same; throws Error with the least that is missing when there is none.
const heddle_kernel_table &chooseKernels(std::span<const heddle_kernel_table> tables);

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_CPUFEATURES_H
