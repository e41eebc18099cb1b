//===- DescriptionCheck.h - is a description to be believed? ----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_PROGRAM_DESCRIPTIONCHECK_H
#define HEDDLE_RUNTIME_PROGRAM_DESCRIPTIONCHECK_H

#include "runtime/program/program_generated.h"

#include <cstdint>
#include <span>

namespace heddle {

/// Checks a description: that its bytes are a FlatBuffer of program.fbs in this runtime's version, and then
/// everything that code relies on without looking again:
///
///   - lists that must be there are; enumerators are known; what divides or rounds is not 0
///   - kernels, slots, caches and weights that are named by number exist; weights start at multiples of 64
///   - no two entries have both name and variant in common
///   - sizes of caches depend on C only
///   - shaders begin as SPIR-V, their sizes are sane, and their steps fit the push constants (abi/vulkan.h)
///
/// What depends on the sizes of a call (that values fit their slots, that sums do not overflow) is checked
/// when they are known: Layout.h. `bytes` must start at a multiple of 8. Throws Error.
const format::Program &checkDescription(std::span<const uint8_t> bytes);

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_DESCRIPTIONCHECK_H
