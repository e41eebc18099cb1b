//===- Link.h - links a program ---------------------------------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_LINK_H
#define HEDDLE_BACKENDS_PROGRAM_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace heddle {

/// An object file in memory.
struct LinkObject {
  llvm::StringRef name; // for messages
  llvm::ArrayRef<char> bytes;
};

/// Links objects with the runtime into an executable, by LLD, and gives its bytes. Files pass through a
/// private folder that is gone afterwards. The error is one message, with what the linker said.
llvm::Expected<llvm::SmallVector<char, 0>> linkProgram(llvm::ArrayRef<LinkObject> objects);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_LINK_H
