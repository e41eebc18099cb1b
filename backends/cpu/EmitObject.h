//===- EmitObject.h - LLVM IR to an object file -----------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_EMITOBJECT_H
#define HEDDLE_BACKENDS_CPU_EMITOBJECT_H

#include "backends/cpu/Target.h"
#include "llvm/ADT/SmallVector.h"

namespace llvm {
class Module;
class raw_ostream;
} // namespace llvm

namespace heddle::cpu {

/// Gives functions the target's attributes and optimises them. `level`: 1 or 2.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, const CpuTarget &target, unsigned level);

/// Machine code of an optimised module as an ELF object. The module is used up.
llvm::Error emitObject(llvm::Module &module, llvm::TargetMachine &machine, llvm::SmallVectorImpl<char> &object);

/// The same as assembly text; the module stays as it is.
llvm::Error emitAssembly(const llvm::Module &module, llvm::TargetMachine &machine, llvm::raw_ostream &out);

/// A name with the suffix that a target's functions have.
std::string kernelSymbol(llvm::StringRef kernel, const CpuTarget &target);

/// An object that holds NAME_tables, one table of the kernels for each target, and NAME_table_count.
llvm::Expected<llvm::SmallVector<char, 0>> emitKernelTables(llvm::StringRef name,
                                                            llvm::ArrayRef<std::string> kernels,
                                                            llvm::ArrayRef<CpuTarget> targets);

} // namespace heddle::cpu

#endif
