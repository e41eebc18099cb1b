//===- Facts.h - what a program says of its model ---------------*- C++ -*-===//

#ifndef HEDDLE_TOOLS_DRIVER_FACTS_H
#define HEDDLE_TOOLS_DRIVER_FACTS_H

#include "backends/program/Description.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "mlir/IR/BuiltinOps.h"
#include "tools/driver/CompileOptions.h"

namespace heddle {

/// Collects the texts and numbers of a description. `checkpoint` is null for a page alone. A tokenizer that
/// cannot be read leaves a program that takes token ids only: `warning` then says why, and is empty
/// otherwise.
llvm::Expected<ProgramFacts> collectFacts(const CompileOptions &options, mlir::ModuleOp module,
                                          const Checkpoint *checkpoint, std::string &warning);

} // namespace heddle

#endif // HEDDLE_TOOLS_DRIVER_FACTS_H
