//===- Mentions.h - what an expression speaks of ----------------*- C++ -*-===//
//
// Config entries that a table mentions, in whatever branch, count as read. Syntax only; nothing is evaluated.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_MENTIONS_H
#define HEDDLE_FRONTEND_ELABORATE_MENTIONS_H

#include "frontend/language/Ast.h"
#include "llvm/ADT/StringSet.h"
#include <vector>

namespace heddle::elaboration {

/// All names in an expression, each once, in order.
std::vector<llvm::StringRef> namesIn(const ast::Expr &expr);
/// All texts in an expression, in order.
std::vector<llvm::StringRef> textsIn(const ast::Expr &expr);
bool mentions(const ast::Expr &expr, llvm::StringRef name);

/// The dotted paths of names and fields that rows mention: "rope_scaling.factor" for `rope_scaling.factor`.
llvm::StringSet<> pathsIn(const ast::Rows &rows);

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_MENTIONS_H
