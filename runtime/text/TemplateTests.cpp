//===- TemplateTests.cpp - what may stand behind "is" -----------------------===//

#include "runtime/text/TemplateArguments.h"
#include "runtime/text/TemplateInterpreter.h"
#include "runtime/text/TemplateText.h"

#include <iterator>
#include <optional>

namespace heddle::template_language {

namespace {

bool isFloat(const Value &value) { return value.as<double>(); }

bool isBool(const Value &value) { return value.as<bool>(); }

/// Tests that look at the value alone; none if `name` is no such test.
std::optional<bool> testAlone(std::string_view name, const Value &value) {
  if (name == "defined")
    return !value.isUndefined();
  if (name == "undefined")
    return value.isUndefined();
  if (name == "none")
    return value.isNone();
  if (name == "string")
    return value.isString();
  if (name == "mapping")
    return value.isMapping();
  if (name == "sequence" || name == "iterable")
    return value.isString() || value.isSequence() || value.isMapping() || value.isUndefined();
  if (name == "number")
    return value.isNumber();
  if (name == "integer")
    return value.isInteger() && !isBool(value);
  if (name == "float")
    return isFloat(value);
  if (name == "boolean")
    return isBool(value);
  if (name == "true" || name == "false")
    return isBool(value) && *value.as<bool>() == (name == "true");
  if (name == "callable")
    return value.as<std::shared_ptr<const Callable>>() != nullptr;
  return std::nullopt;
}

/// Tests of strings as they print; none if `name` is no such test.
std::optional<bool> testCase(Interpreter &interpreter, std::string_view name, const Value &value) {
  if (name != "lower" && name != "upper")
    return std::nullopt;
  std::string printed = interpreter.print(value);
  std::string low = lower(printed), up = upper(printed);
  return low != up && printed == (name == "lower" ? low : up);
}

std::optional<Operation> comparison(std::string_view name) {
  constexpr std::pair<std::string_view, Operation> names[] = {
      {"eq", Operation::Equal},         {"equalto", Operation::Equal},       {"==", Operation::Equal},
      {"ne", Operation::NotEqual},      {"!=", Operation::NotEqual},         {"lt", Operation::Less},
      {"lessthan", Operation::Less},    {"<", Operation::Less},              {"le", Operation::LessEqual},
      {"<=", Operation::LessEqual},     {"gt", Operation::Greater},          {"greaterthan", Operation::Greater},
      {">", Operation::Greater},        {"ge", Operation::GreaterEqual},     {">=", Operation::GreaterEqual},
      {"in", Operation::In}};
  for (auto [candidate, operation] : names)
    if (candidate == name)
      return operation;
  return std::nullopt;
}

bool divisible(const Value &value, const Value &divisor) {
  if (value.isUndefined())
    throw Error(*value.as<Undefined>()->complaint);
  if (!value.isInteger() || !divisor.isInteger() || divisor.integer() == 0)
    throw Error("divisibility is a matter of integers other than 0, not of " + std::string(typeName(value)) +
                " and " + std::string(typeName(divisor)));
  return divisor.integer() == -1 || value.integer() % divisor.integer() == 0;
}

/// Whether two values are one object.
bool same(const Value &a, const Value &b) {
  if (a.isSequence() && b.isSequence())
    return &a.items() == &b.items();
  if (a.isMapping() && b.isMapping())
    return &a.entries() == &b.entries();
  return typeName(a) == typeName(b) && equal(a, b);
}

} // namespace

bool applyTest(Interpreter &interpreter, std::string_view name, const Value &input, const Arguments &arguments) {
  if (std::optional<bool> result = testAlone(name, input))
    return *result;
  if (std::optional<bool> result = testCase(interpreter, name, input))
    return *result;
  if (name == "odd" || name == "even")
    return divisible(input, Value(2)) == (name == "even");
  BoundArguments bound(name, arguments, {"other"});
  if (std::optional<Operation> operation = comparison(name))
    return applyComparison(interpreter, *operation, input, bound.required(0));
  if (name == "divisibleby")
    return divisible(input, bound.required(0));
  if (name == "sameas")
    return same(input, bound.required(0));
  throw Error("unknown test \"" + std::string(name) + "\"");
}

} // namespace heddle::template_language
