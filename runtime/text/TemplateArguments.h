//===- TemplateArguments.h - arguments of built-in functions ----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEARGUMENTS_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEARGUMENTS_H

#include "runtime/support/Error.h"
#include "runtime/text/TemplateCallable.h"

#include <initializer_list>
#include <optional>

namespace heddle::template_language {

/// The arguments of a function whose parameters have names, in their order. Throws Error on too many arguments,
/// on names that are not among them, and on types that are not what is asked for.
class BoundArguments {
public:
  BoundArguments(std::string_view function, const Arguments &arguments,
                 std::initializer_list<std::string_view> names)
      : function(function), names(names), values(names.size(), nullptr) {
    if (arguments.positional.size() > values.size())
      fail("takes at most " + std::to_string(values.size()) + " arguments");
    for (size_t i = 0; i < arguments.positional.size(); ++i)
      values[i] = &arguments.positional[i];
    for (const auto &[name, value] : arguments.named)
      values[indexOf(name)] = &value;
  }

  /// Null where argument `i` was not given.
  const Value *operator[](size_t i) const { return values[i]; }

  const Value &required(size_t i) const {
    if (!values[i])
      fail("needs the argument \"" + std::string(names.begin()[i]) + "\"");
    return *values[i];
  }

  int64_t integer(size_t i, int64_t otherwise) const {
    if (!values[i])
      return otherwise;
    if (!values[i]->isInteger())
      failType(i, "an integer");
    return values[i]->integer();
  }

  bool flag(size_t i, bool otherwise) const { return values[i] ? truth(*values[i]) : otherwise; }

  const std::string &string(size_t i) const {
    if (!required(i).isString())
      failType(i, "a string");
    return values[i]->string();
  }

  std::string string(size_t i, std::string_view otherwise) const {
    return values[i] ? string(i) : std::string(otherwise);
  }

  /// None counts as not given.
  std::optional<std::string_view> optionalString(size_t i) const {
    return values[i] && !values[i]->isNone() ? std::optional<std::string_view>(string(i)) : std::nullopt;
  }

  [[noreturn]] void fail(const std::string &what) const { throw Error("\"" + std::string(function) + "\" " + what); }

private:
  size_t indexOf(std::string_view name) const {
    for (size_t i = 0; i < names.size(); ++i)
      if (names.begin()[i] == name)
        return i;
    fail("has no argument \"" + std::string(name) + "\"");
  }

  [[noreturn]] void failType(size_t i, const std::string &expected) const {
    fail("expected " + expected + " as \"" + std::string(names.begin()[i]) + "\", found " +
         std::string(typeName(*values[i])));
  }

  std::string_view function;
  std::vector<std::string_view> names;
  std::vector<const Value *> values;
};

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEARGUMENTS_H
