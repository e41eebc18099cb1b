//===- Load.h - a page and its library from disk ----------------*- C++ -*-===//
//
// Where pages are found and how one is read together with std.heddle.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_LOAD_H
#define HEDDLE_FRONTEND_LANGUAGE_LOAD_H

#include "frontend/language/Ast.h"
#include "frontend/language/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"
#include <memory>
#include <string>

namespace heddle {

/// A page with what it was made from. `library` is std.heddle, or null where the page is std.heddle itself.
struct LoadedPage {
  llvm::SourceMgr sources;
  Diagnostics diagnostics{sources};
  std::unique_ptr<ast::Page> page;
  std::unique_ptr<ast::Page> library;
};

/// The folder with the architectures and std.heddle: $HEDDLE_MODELS if set, else the source tree's models/ if
/// it is still there, else ../share/heddle/models beside the running program. Empty where none exists.
std::string modelsFolder();

/// Reads and parses the page at `path` and std.heddle (from the page's own folder if it has one, else from
/// modelsFolder()). Fails where a file cannot be read; what is wrong in the text goes to the result's
/// diagnostics, and both trees then hold what could be understood.
llvm::Expected<std::unique_ptr<LoadedPage>> loadPage(llvm::StringRef path);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_LOAD_H
