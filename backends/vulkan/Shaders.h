//===- Shaders.h - kernels to SPIR-V ----------------------------*- C++ -*-===//
//
// The Vulkan backend's one door. In: a module with heddle.kernel ops for one lane, after assign-spaces. Out:
// shaders for each, called as runtime/abi/vulkan.h says.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_BACKENDS_VULKAN_SHADERS_H
#define HEDDLE_BACKENDS_VULKAN_SHADERS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class ModuleOp;
} // namespace mlir

namespace heddle::vulkan {

/// What can be seen on the way, in this order.
enum class Stage { Gpu, Spirv, Assembly, Glsl };

struct ShaderOptions {
  int64_t shared = 16384; // bytes of memory that a workgroup has: what Vulkan guarantees
  std::function<bool(Stage)> wanted;
  /// Gets each stage's text that is wanted.
  std::function<void(Stage, llvm::StringRef text)> show;
};

struct Shader {
  std::string kernel;
  std::vector<uint32_t> spirv;
  uint64_t needs = 0;         // bits of format::Need
  uint32_t workgroup = 0;     // invocations, for one piece of the grid
  uint32_t widest = 0;        // for several side by side, at most; 0: one only
  bool teams = false;         // not for several: to share one
  uint32_t shared = 0;        // bytes of workgroup memory
  uint64_t deviceScratch = 0; // bytes of the arena that each workgroup gets
};

/// Compiles all kernels of a module, which stays as it is. Of each kernel there is a shader for the baseline
/// and one for each variant (Variants.h) that changes it, the best first. Mistakes in kernels are reported
/// through the context's diagnostics; the error names the kernel.
llvm::Expected<std::vector<Shader>> generate(mlir::ModuleOp kernels, const ShaderOptions &options = {});

/// The dialects that generate() needs.
void registerVulkanDialects(mlir::DialectRegistry &registry);

} // namespace heddle::vulkan

#endif
