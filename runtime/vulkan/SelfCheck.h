//===- SelfCheck.h - whether a device computes what it should ---*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VULKAN_SELFCHECK_H
#define HEDDLE_RUNTIME_VULKAN_SELFCHECK_H

#include "runtime/vulkan/DeviceProgram.h"

namespace heddle::vulkan {

/// Runs each kernel of a loaded program once on the device, for a few tokens of made-up numbers, and compares
/// some of what it writes with what the program's kernels for the processor write. Throws DeviceError with
/// the names of those that differ. That all is well is noted beside the pipeline cache and then believed, as
/// long as device, driver and shaders are the same. Where this processor has no kernels in the program,
/// nothing is compared.
void checkKernels(const Program &program, DeviceProgram &shared);

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_SELFCHECK_H
