//===- Check.h - what a page says, checked without a checkpoint -*- C++ -*-===//
//
// `heddle check`: names, arities, the axes of every expression on every path, and what a table may set. Sizes
// are symbols here; that they agree with a checkpoint is checked again with it.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_CHECK_H
#define HEDDLE_FRONTEND_LANGUAGE_CHECK_H

#include "frontend/language/Load.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace heddle {

/// Checks a page and, where it is the library itself, each of its functions. What is wrong goes to the page's
/// diagnostics. With `axes`, each local value of layers and entries is printed there with its axes, a line
/// each. A page that could not be parsed is not checked further. Returns whether the page is without errors.
bool checkPage(LoadedPage &page, llvm::raw_ostream *axes = nullptr);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_CHECK_H
