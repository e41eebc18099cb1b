//===- ProgramCache.h - programs compiled before ----------------*- C++ -*-===//

#ifndef HEDDLE_TOOLS_DRIVER_PROGRAMCACHE_H
#define HEDDLE_TOOLS_DRIVER_PROGRAMCACHE_H

#include "tools/driver/CompileOptions.h"

namespace heddle {

/// The program for these options in the user's cache ($XDG_CACHE_HOME/heddle/programs, else ~/.cache/...):
/// compiled now unless it is there. It is another one when the model, a page, an option, the processor or
/// Heddle itself has changed.
llvm::Expected<std::string> cachedProgram(const CompileOptions &options);

/// Whether a path is a compiled program, or at least an ELF file.
bool isProgram(llvm::StringRef path);

} // namespace heddle

#endif // HEDDLE_TOOLS_DRIVER_PROGRAMCACHE_H
