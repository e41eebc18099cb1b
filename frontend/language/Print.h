//===- Print.h - dumps of tokens and trees ----------------------*- C++ -*-===//
//
// What `--emit=tokens` and `--emit=ast` print. Both are stable: tests compare them.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_PRINT_H
#define HEDDLE_FRONTEND_LANGUAGE_PRINT_H

#include "frontend/language/Ast.h"
#include <string>

namespace llvm {
class raw_ostream;
class SourceMgr;
} // namespace llvm

namespace heddle {

/// One line a token: `LINE:COLUMN KIND TEXT`. What cannot be read as a token is left out.
void printTokens(llvm::raw_ostream &os, const llvm::SourceMgr &sources, unsigned buffer);

/// One line a node, children indented by two, each with its `@LINE:COLUMN`.
void printAst(llvm::raw_ostream &os, const llvm::SourceMgr &sources, const ast::Page &page);

/// As written on a page: `hd/2`, `kv group hd`, `[kv (group hd | hd), d]`.
std::string toText(const ast::Axis &axis);
std::string toText(const ast::Product &product);
std::string toText(const ast::Sum &sum);
std::string toText(const ast::Dims &dims);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_PRINT_H
