//===- ReadError.h - what a reader says when a file is wrong ----*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_READERROR_H
#define HEDDLE_FRONTEND_CHECKPOINT_READERROR_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace heddle {

/// The remedy for files whose end is missing or whose bytes contradict each other.
inline constexpr const char *damagedRemedy = "the file is cut short or damaged: fetch it again";

/// The remedy where a model is stored in a way that is not read.
inline constexpr const char *ggufRemedy = "take the model in GGUF";

/// The remedy where a file is not the model but Git's note of where it is stored.
inline constexpr const char *pointerRemedy = "this is a Git LFS pointer, not the file itself: run 'git lfs pull'";

/// Whether a file's text is such a note.
inline bool isLfsPointer(llvm::StringRef text) { return text.starts_with("version https://git-lfs"); }

/// An error in the one form all readers use:
/// "FILE: WHERE: expected EXPECTED, found FOUND; REMEDY". WHERE and REMEDY may
/// be empty. Control characters that come from a stranger's file are escaped, and
/// each part is cut after some 300 bytes.
llvm::Error readError(const llvm::Twine &file, const llvm::Twine &where, const llvm::Twine &expected,
                      const llvm::Twine &found, const llvm::Twine &remedy = "");

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_READERROR_H
