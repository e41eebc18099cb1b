//===- Codegen.h - kernels to object files ----------------------*- C++ -*-===//
//
// The CPU backend's one door. In: a module with heddle.kernel ops for one lane. Out: ELF objects, to be
// linked with the runtime, that export what runtime/abi/kernel.h describes.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_BACKENDS_CPU_CODEGEN_H
#define HEDDLE_BACKENDS_CPU_CODEGEN_H

#include "backends/cpu/Target.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}
namespace mlir {
class DialectRegistry;
class ModuleOp;
} // namespace mlir

namespace heddle::cpu {

/// O0: every function through the C library, products and sums rounded separately: the oracle. O1:
/// polynomials and fused multiply-add; O2: the same (what else O2 does is done to kernels before they come
/// here).
enum class OptLevel { O0, O1, O2 };

/// What can be seen on the way, in this order.
enum class Stage { Kernels, Lanes, LLVMDialect, LLVMIR, Assembly };

struct CodegenOptions {
  OptLevel level = OptLevel::O2;
  bool lines = true;    // a line table that leads to the page
  unsigned threads = 2; // that compile
  std::string tables = "heddle_kernel"; // the symbols are these with "_tables" and "_table_count"
  /// Called in order of targets and stages, from the calling thread, with a stage's text of all kernels of
  /// one target. When it is set, one thread compiles. `wanted` tells which stages are asked for.
  std::function<bool(Stage)> wanted;
  std::function<void(Stage, const CpuTarget &, llvm::StringRef text)> show;
};

/// An ELF object in memory.
struct ObjectFile {
  std::string name; // for messages of the linker
  llvm::SmallVector<char, 0> bytes;
};

struct KernelInfo {
  std::string name;
  uint64_t scratchBytes; // that each thread hands to it
};

struct CpuCode {
  std::vector<ObjectFile> objects;
  std::vector<KernelInfo> kernels; // in the order of the module, which is that of the tables
};

/// Compiles all kernels of a module, for each target (the best first; none leaves empty tables); the module
/// stays as it is. Mistakes in kernels are reported through the context's diagnostics; the error then says
/// for which processor.
llvm::Expected<CpuCode> generate(mlir::ModuleOp kernels, llvm::ArrayRef<CpuTarget> targets,
                                 const CodegenOptions &options = {});

/// The dialects and translations that generate() needs.
void registerCpuDialects(mlir::DialectRegistry &registry);

} // namespace heddle::cpu

#endif
