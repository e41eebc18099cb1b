//===- Glsl.h - shaders as GLSL, to be read ---------------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_VULKAN_GLSL_H
#define HEDDLE_BACKENDS_VULKAN_GLSL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace heddle::vulkan {

/// A SPIR-V module as GLSL for Vulkan, by SPIRV-Cross; a comment with the reason where that cannot write it.
llvm::Expected<std::string> toGlsl(llvm::ArrayRef<uint32_t> words);

} // namespace heddle::vulkan

#endif
