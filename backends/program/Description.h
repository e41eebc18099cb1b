//===- Description.h - writes a program's description -----------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_DESCRIPTION_H
#define HEDDLE_BACKENDS_PROGRAM_DESCRIPTION_H

#include "backends/program/Schedule.h"

namespace heddle {

/// A shader of a kernel for Vulkan; program.fbs says what each means.
struct ProgramShader {
  std::vector<uint32_t> spirv;
  uint64_t needs = 0;
  uint32_t workgroup = 0, widest = 0, shared = 0;
  uint64_t deviceScratch = 0; // the most of the kernel's shaders counts
  bool teams = false;
};

/// What a description holds beside the schedule; program.fbs says what each means.
struct ProgramFacts {
  std::string compiler, model, architecture, target, options;
  uint32_t cacheMultiple = 64;
  uint32_t context = 0;
  bool bounded = false;
  std::string tokenizer; // serialized TokenizerModel
  std::string chatTemplate, bosToken, eosToken;
  std::vector<uint32_t> endTokens;
  int32_t memoryStart = -1;
  std::vector<uint32_t> regimes;
  llvm::StringMap<uint64_t> scratch;                   // kernel -> bytes of scratch memory of a thread
  llvm::StringMap<uint64_t> checkScratch;              // the same, of kernels that have shaders
  llvm::StringMap<std::vector<ProgramShader>> shaders; // kernel -> the best first
};

/// The description, a FlatBuffer. `device`: what devices run where that is something else, or null. The hash
/// of the weights is not known yet: setWeightsHash.
std::vector<uint8_t> describe(const Schedule &schedule, const Schedule *device, const PackPlan &plan,
                              const ProgramFacts &facts);

/// Sets `weights_hash` in what `describe` made.
void setWeightsHash(llvm::MutableArrayRef<uint8_t> description, uint64_t hash);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_DESCRIPTION_H
