//===- CompiledProgram.h - a compiled program as data -----------*- C++ -*-===//

#ifndef HEDDLE_BENCH_VULKAN_COMPILEDPROGRAM_H
#define HEDDLE_BENCH_VULKAN_COMPILEDPROGRAM_H

#include "runtime/program/Program.h"

namespace heddle::bench {

/// What is in the file of a program for Vulkan. Throws Error when it is none.
class CompiledProgram {
public:
  explicit CompiledProgram(const std::string &path);

  const Program &get() const { return program; }
  std::span<const uint8_t> weights() const {
    return {program.weights(), program.description().weights_bytes()};
  }

private:
  std::vector<uint8_t> description;
  Program program;
};

} // namespace heddle::bench

#endif // HEDDLE_BENCH_VULKAN_COMPILEDPROGRAM_H
