//===- SourceLine.h - a line of source for a message ------------*- C++ -*-===//
//
// Finds the line of a place and lays it out for a terminal, so that marks stand exactly under what they mean.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_SOURCELINE_H
#define HEDDLE_FRONTEND_LANGUAGE_SOURCELINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"
#include <string>

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace heddle {

/// The line around a place in a buffer of `sources`.
class SourceLine {
public:
  SourceLine(const llvm::SourceMgr &sources, llvm::SMLoc place);

  llvm::StringRef file() const { return name; }
  unsigned number() const { return line; }  ///< from 1
  unsigned column(llvm::SMLoc place) const; ///< in characters, from 1

  struct Excerpt {
    std::string text;  ///< the line, or a window of it, as it can be shown
    std::string marks; ///< `^` and `~` beneath it
  };
  /// `^` under the caret, `~` under the parts of `marks` that lie on this line.
  Excerpt excerpt(llvm::SMLoc caret, llvm::ArrayRef<llvm::SMRange> marks) const;

private:
  llvm::StringRef name;
  llvm::StringRef text;
  unsigned line = 1;
};

/// `text` with what a terminal cannot show safely (control characters, broken UTF-8) replaced by U+FFFD.
std::string printable(llvm::StringRef text);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_SOURCELINE_H
