//===- CompileModel.h - from a model to a program ---------------*- C++ -*-===//

#ifndef HEDDLE_TOOLS_DRIVER_COMPILEMODEL_H
#define HEDDLE_TOOLS_DRIVER_COMPILEMODEL_H

#include "tools/driver/CompileOptions.h"
#include "tools/driver/Stages.h"

namespace heddle {

/// Compiles a model to the program at `output`, or prints the stages asked for to standard output instead.
/// Errors of a page are printed to standard error with their places, as are warnings; the error then only
/// counts them. With `listDefaults` each value of the page that stands in for a missing tensor is listed,
/// too.
llvm::Error compileModel(const CompileOptions &options, const Stages &stages, llvm::StringRef output,
                         bool listDefaults);

} // namespace heddle

#endif // HEDDLE_TOOLS_DRIVER_COMPILEMODEL_H
