//===- TemplateParser.h - from tokens to a tree -----------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEPARSER_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEPARSER_H

#include "runtime/text/TemplateAst.h"

namespace heddle::template_language {

/// A parsed template.
struct Program {
  SymbolTable symbols;
  Body body;
};

/// Parses a template of at most 1 MiB. Throws Error "chat template, line N: ..." on syntax errors, on tags that
/// are not supported, and on nesting deeper than `maxNesting`.
Program parseTemplate(std::string_view source);

/// Levels of nested brackets, blocks and operators that a template may have.
inline constexpr int maxNesting = 150;

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEPARSER_H
