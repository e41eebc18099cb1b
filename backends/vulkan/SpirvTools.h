//===- SpirvTools.h - SPIRV-Tools, in this process --------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_VULKAN_SPIRVTOOLS_H
#define HEDDLE_BACKENDS_VULKAN_SPIRVTOOLS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace heddle::vulkan {

/// A module as Vulkan 1.1 takes it, optimised and validated; names and lines are left out unless `debug`. An
/// error is the validator's first message.
llvm::Expected<std::vector<uint32_t>> optimizeAndValidate(llvm::ArrayRef<uint32_t> words, bool debug);

/// The module as assembly.
llvm::Expected<std::string> disassemble(llvm::ArrayRef<uint32_t> words);

} // namespace heddle::vulkan

#endif
