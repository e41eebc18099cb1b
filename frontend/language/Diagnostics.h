//===- Diagnostics.h - errors with their place ------------------*- C++ -*-===//
//
// Collects errors and warnings about a page and shows each with its line:
//
//   llama.heddle:25:21: error: the left side of '@ over hd' has no axis 'hd'
//      25 |     x = x + wo @ (p @ v over hd) + bo
//         |                   ~ ^        ~~
//   note: left 'p' is [T, kv=3, group=3, S], right 'v' is [S, kv=3, hd=64]; they share 'kv' and 'S'
//   help: an attention's weights are summed over the keys: 'p @ v over S'
//
// A column counts characters, from 1. Tabs are shown as spaces up to the next multiple of 8, characters of
// double width take two places, and what a terminal could not show safely appears as U+FFFD. Lines are shown
// in a window around the caret where they are too long.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_DIAGNOSTICS_H
#define HEDDLE_FRONTEND_LANGUAGE_DIAGNOSTICS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SMLoc.h"
#include <deque>
#include <set>
#include <string>
#include <utility>

namespace llvm {
class raw_ostream;
class SourceMgr;
} // namespace llvm

namespace heddle {

/// What is said after an error: a fact that explains it, or a remedy. With a place it shows that line as
/// well.
struct Remark {
  enum class Kind { Note, Help };
  Kind kind;
  std::string text;
  llvm::SMLoc caret; ///< invalid: no line is shown
  llvm::SmallVector<llvm::SMRange, 2> marks;
};

/// One error or warning. A caret stands at `caret`, `~` under the `marks`.
struct Diagnostic {
  enum class Severity { Error, Warning };
  Severity severity = Severity::Error;
  std::string text;
  llvm::SMLoc caret; ///< invalid: the message stands alone
  llvm::SmallVector<llvm::SMRange, 4> marks;
  llvm::SmallVector<Remark, 2> remarks;
  llvm::SmallVector<Remark, 2> context; ///< the DiagnosticContexts in force, the innermost first
};

class Diagnostics;

/// Adds to a diagnostic just reported: `diags.error(loc, "...").mark(range).note("...").help("...")`.
class DiagnosticBuilder {
public:
  /// Underlines one more piece of the source.
  DiagnosticBuilder &mark(llvm::SMRange range);
  /// A line `note: TEXT`.
  DiagnosticBuilder &note(const llvm::Twine &text);
  /// `FILE:LINE:COL: note: TEXT`, with the source line and `range` marked in it.
  DiagnosticBuilder &note(llvm::SMRange range, const llvm::Twine &text);
  /// A line `help: TEXT`. An empty text adds nothing, so that a guess that found nothing can be passed on.
  DiagnosticBuilder &help(const llvm::Twine &text);

private:
  friend class Diagnostics;
  explicit DiagnosticBuilder(Diagnostic *diagnostic) : diagnostic(diagnostic) {}
  Diagnostic *diagnostic;
};

/// The diagnostics of one run, about the buffers of one SourceMgr. A message repeated at its place is kept
/// once.
class Diagnostics {
public:
  explicit Diagnostics(const llvm::SourceMgr &sources) : sources(sources) {}
  Diagnostics(const Diagnostics &) = delete;
  Diagnostics &operator=(const Diagnostics &) = delete;

  /// An error with its caret at `caret` and nothing underlined yet.
  DiagnosticBuilder error(llvm::SMLoc caret, const llvm::Twine &text);
  /// An error about all of `range`: the caret at its start, the rest underlined.
  DiagnosticBuilder error(llvm::SMRange range, const llvm::Twine &text);
  DiagnosticBuilder warning(llvm::SMLoc caret, const llvm::Twine &text);
  DiagnosticBuilder warning(llvm::SMRange range, const llvm::Twine &text);

  bool hasErrors() const { return errors != 0; }
  unsigned errorCount() const { return errors; }
  unsigned warningCount() const { return unsigned(list.size()) - errors; }
  const std::deque<Diagnostic> &all() const { return list; }
  const llvm::SourceMgr &sourceMgr() const { return sources; }

  /// Prints all of them, in the order of their files and places. Colours where `os` is a terminal that has
  /// them.
  void print(llvm::raw_ostream &os) const;

private:
  friend class DiagnosticContext;
  DiagnosticBuilder add(Diagnostic::Severity severity, llvm::SMLoc caret, const llvm::Twine &text);

  const llvm::SourceMgr &sources;
  std::deque<Diagnostic> list; ///< a deque, so that builders stay valid
  std::set<std::pair<const char *, std::string>> seen;
  Diagnostic repeated; ///< what is added to a repeated message goes here
  llvm::SmallVector<Remark, 8> contexts;
  unsigned errors = 0;
};

/// While it lives, each diagnostic ends with a note about the place that led there: "in 'rms_norm' called
/// here".
class DiagnosticContext {
public:
  DiagnosticContext(Diagnostics &diagnostics, llvm::SMRange range, const llvm::Twine &text);
  ~DiagnosticContext();
  DiagnosticContext(const DiagnosticContext &) = delete;
  DiagnosticContext &operator=(const DiagnosticContext &) = delete;

private:
  Diagnostics &diagnostics;
};

/// The candidate that `written` was probably meant to be: the nearest by edit distance, at most a third of
/// the word's length away and at least within 1; the first of equals. Empty where none is near.
llvm::StringRef nearest(llvm::StringRef written, llvm::ArrayRef<llvm::StringRef> candidates);

/// "did you mean 'NAME'?" for the nearest candidate, or the empty text: made to be passed to help().
std::string didYouMean(llvm::StringRef written, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_DIAGNOSTICS_H
