//===- Parser.h - text to syntax tree ---------------------------*- C++ -*-===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_PARSER_H
#define HEDDLE_FRONTEND_LANGUAGE_PARSER_H

#include "frontend/language/Ast.h"
#include "frontend/language/Diagnostics.h"

namespace heddle {

/// Parses the page in `buffer` of the diagnostics' SourceMgr. Errors go to `diagnostics`; parsing goes on
/// after each at the next line or brace, and the tree holds what was understood. Never null.
std::unique_ptr<ast::Page> parsePage(unsigned buffer, Diagnostics &diagnostics);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_PARSER_H
