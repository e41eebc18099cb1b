//===- Target.h - what a processor can do -----------------------*- C++ -*-===//
//
// The one description of a processor that passes and code generation ask; there is no other place where a
// processor's name decides anything.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_BACKENDS_CPU_TARGET_H
#define HEDDLE_BACKENDS_CPU_TARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
}

namespace heddle::cpu {

/// A processor that kernels are compiled for.
struct CpuTarget {
  std::string name;                  // as given: "native", "x86-64-v3", "znver4"
  std::string tune;                  // LLVM's name of the processor, for its scheduling model
  std::vector<std::string> features; // LLVM's names of what the code may use beyond x86-64, e.g. {"avx", "avx2"}
  unsigned vectorBits = 128;         // of the widest vectors worth using
  unsigned vectorRegisters = 16;
  bool fma = false;                  // fused multiply-add
  bool f16c = false;                 // conversion from and to float16
  bool avx2 = false;                 // 256-bit integers
  bool avx512 = false;               // 512-bit vectors with masks (f, bw, cd, dq, vl)
  bool avx512vnni = false;           // vpdpwssd and vpdpbusd on all vector lengths
  bool avxvnni = false;              // the same on 128 and 256 bits

  /// Whether a dot product of int16, or of bytes, is one instruction.
  bool vnni() const { return avx512vnni || avxvnni; }

  /// 32-bit elements in a vector: the natural number of lanes.
  unsigned lanes() const { return vectorBits / 32; }

  /// How many tokens a register tile may hold beside `rows` weights to a lane, for `lanes` lanes and `temporaries`
  /// registers that the decoding of weights needs: between 1 and 12, so that nothing is spilled.
  unsigned tokenTile(unsigned lanes, unsigned rows, unsigned temporaries = 0) const;

  /// The features as one text, separated by commas.
  std::string featureList() const;
};

/// The target that a name means: "native", a level such as "x86-64-v3", or LLVM's name of a processor. An error names
/// a processor that is not known, and the nearest that is.
llvm::Expected<CpuTarget> cpuTarget(llvm::StringRef name);

/// Several names separated by commas, in the order given, without repetitions.
llvm::Expected<std::vector<CpuTarget>> cpuTargets(llvm::StringRef names);

/// LLVM's machine for a target; `level` is that of code generation, 0 to 3.
std::unique_ptr<llvm::TargetMachine> createMachine(const CpuTarget &target, unsigned level);

} // namespace heddle::cpu

#endif
