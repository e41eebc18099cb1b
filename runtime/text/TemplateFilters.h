//===- TemplateFilters.h - the tables of filters ----------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEFILTERS_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEFILTERS_H

#include "runtime/text/TemplateInterpreter.h"

#include <span>

namespace heddle::template_language {

/// A filter by name.
struct NamedFilter {
  std::string_view name;
  Value (*apply)(Interpreter &, const Value &input, const Arguments &);
};

/// Filters that make or change sequences and mappings (TemplateSequenceFilters.cpp).
std::span<const NamedFilter> sequenceFilters();

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEFILTERS_H
