//===- ReadError.h - what a reader says when a file is wrong ----*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_READERROR_H
#define HEDDLE_FRONTEND_CHECKPOINT_READERROR_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace heddle {

/// The remedy for files whose end is missing or whose bytes contradict each other.
inline constexpr const char *damagedRemedy = "the file is cut short or damaged: fetch it again";

/// An error in the one form all readers use:
/// "FILE: WHERE: expected EXPECTED, found FOUND; REMEDY". WHERE and REMEDY may
/// be empty. Control characters of a stranger's file are escaped, and a message
/// of more than about 1,000 bytes is cut.
llvm::Error readError(const llvm::Twine &file, const llvm::Twine &where, const llvm::Twine &expected,
                      const llvm::Twine &found, const llvm::Twine &remedy = "");

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_READERROR_H
