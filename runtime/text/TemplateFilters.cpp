//===- TemplateFilters.cpp - filters of strings and numbers -----------------===//

#include "runtime/text/TemplateFilters.h"
#include "runtime/text/TemplateArguments.h"
#include "runtime/text/TemplateText.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace heddle::template_language {

namespace {

[[noreturn]] void failType(std::string_view filter, const Value &input) {
  if (input.isUndefined())
    throw Error(*input.as<Undefined>()->complaint);
  throw Error("\"" + std::string(filter) + "\" does not apply to a value of type " + std::string(typeName(input)));
}

Value trim(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("trim", arguments, {"chars"});
  return interpreter.text(std::string(strip(interpreter.print(input), bound.optionalString(0), true, true)));
}

template <std::string (*Change)(std::string_view)>
Value changed(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("a filter of text", arguments, {});
  return interpreter.text(Change(interpreter.print(input)));
}

Value string(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("string", arguments, {});
  return interpreter.text(interpreter.print(input));
}

Value same(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("safe", arguments, {});
  return input;
}

Value replace(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("replace", arguments, {"old", "new", "count"});
  int64_t count = bound[2] && !bound[2]->isNone() ? bound.integer(2, -1) : -1;
  return interpreter.text(replaceText(interpreter.print(input), interpreter.print(bound.required(0)),
                                      interpreter.print(bound.required(1)), count, interpreter.stringLimit()));
}

Value length(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("length", arguments, {});
  if (input.isString())
    return Value(int64_t(countCharacters(input.string())));
  if (input.isSequence())
    return Value(int64_t(input.items().size()));
  if (input.isMapping())
    return Value(int64_t(input.entries().size()));
  if (input.isUndefined())
    return Value(0);
  failType("length", input);
}

Value toJsonFilter(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("tojson", arguments, {"indent", "ensure_ascii", "separators", "sort_keys"});
  JsonStyle style;
  if (bound[0] && !bound[0]->isNone()) {
    int64_t indent = bound.integer(0, 0);
    if (indent > 1000)
      bound.fail("takes an indent of at most 1,000");
    style.indent = int(std::max<int64_t>(indent, 0));
  }
  style.escapeUnicode = bound.flag(1, false);
  if (bound[2] && !bound[2]->isNone()) {
    List pair = interpreter.elements(*bound[2]);
    if (pair.size() != 2 || !pair[0].isString() || !pair[1].isString())
      bound.fail("expected two strings as \"separators\"");
    style.itemSeparator = pair[0].string();
    style.keySeparator = pair[1].string();
  }
  style.sortKeys = bound.flag(3, false);
  return interpreter.text(toJson(input, style, interpreter.stringLimit()));
}

Value defaultTo(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("default", arguments, {"default_value", "boolean"});
  bool replace = input.isUndefined() || (bound.flag(1, false) && !truth(input));
  return !replace ? input : bound[0] ? *bound[0] : Value("");
}

/// The text of a number as Python's int() and float() take it: white space around it does not matter.
std::string_view numberText(const Value &input) { return strip(input.string(), std::nullopt, true, true); }

std::optional<int64_t> parseInteger(std::string_view text, int base) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+'))
    text.remove_prefix(1);
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X")))
    text.remove_prefix(2);
  uint64_t size;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  if (error != std::errc() || end != text.data() + text.size() || size > uint64_t(INT64_MAX))
    return std::nullopt;
  return negative ? -int64_t(size) : int64_t(size);
}

std::optional<double> parseReal(std::string_view text) {
  if (text.starts_with('+'))
    text.remove_prefix(1);
  double number;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<int64_t> truncate(double number) {
  if (!(std::fabs(number) < 9.2e18))
    return std::nullopt;
  return int64_t(number);
}

Value toInteger(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("int", arguments, {"default", "base"});
  Value otherwise = bound[0] ? *bound[0] : Value(0);
  int64_t base = bound.integer(1, 10);
  std::optional<int64_t> result;
  if (input.isInteger())
    result = input.integer();
  else if (input.isNumber())
    result = truncate(input.number());
  else if (input.isString() && base >= 2 && base <= 36)
    result = parseInteger(numberText(input), int(base));
  if (!result && input.isString())
    if (std::optional<double> real = parseReal(numberText(input)))
      result = truncate(*real);
  return result ? Value(*result) : otherwise;
}

Value toReal(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("float", arguments, {"default"});
  if (input.isNumber())
    return Value(input.number());
  std::optional<double> result = input.isString() ? parseReal(numberText(input)) : std::nullopt;
  return result ? Value(*result) : bound[0] ? *bound[0] : Value(0.0);
}

/// Rounds the exact decimal value, halves to even, as Python does.
double roundDecimal(double number, int precision) {
  if (!std::isfinite(number))
    return number;
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.*f", precision, number);
  return std::strtod(buffer, nullptr);
}

Value round(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("round", arguments, {"precision", "method"});
  int64_t precision = bound.integer(0, 0);
  std::string method = bound.string(1, "common");
  if (!input.isNumber())
    failType("round", input);
  if (precision < 0 || precision > 50)
    bound.fail("takes a precision of 0 to 50");
  if (method == "common")
    return input.isInteger() ? Value(input.integer()) : Value(roundDecimal(input.number(), int(precision)));
  double scale = std::pow(10.0, double(precision));
  if (method == "ceil")
    return Value(std::ceil(input.number() * scale) / scale);
  if (method == "floor")
    return Value(std::floor(input.number() * scale) / scale);
  bound.fail("takes the methods common, ceil and floor");
}

Value absolute(Interpreter &, const Value &input, const Arguments &arguments) {
  BoundArguments bound("abs", arguments, {});
  if (!input.isNumber())
    failType("abs", input);
  if (!input.isInteger())
    return Value(std::fabs(input.number()));
  if (input.integer() == INT64_MIN)
    throw Error("an integer passes 64 bits");
  return Value(std::abs(input.integer()));
}

Value indent(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("indent", arguments, {"width", "first", "blank"});
  bool byText = bound[0] && bound[0]->isString();
  int64_t width = byText ? 0 : bound.integer(0, 4);
  if (width > 1000)
    bound.fail("takes a width of at most 1,000");
  std::string space = byText ? bound.string(0) : std::string(size_t(std::max<int64_t>(width, 0)), ' ');
  bool first = bound.flag(1, false), blank = bound.flag(2, false);
  std::string source = interpreter.print(input) + "\n", out;
  std::vector<std::string_view> lines = splitLines(source);
  for (size_t i = 0; i < lines.size(); ++i) {
    out += i == 0 ? "" : "\n";
    if (i == 0 ? first : blank || !lines[i].empty())
      out += space;
    out += lines[i];
    if (out.size() > interpreter.stringLimit())
      break; // `text` refuses it
  }
  return interpreter.text(std::move(out));
}

Value wordCount(Interpreter &interpreter, const Value &input, const Arguments &arguments) {
  BoundArguments bound("wordcount", arguments, {});
  return Value(int64_t(splitWords(interpreter.print(input), -1).size()));
}

constexpr NamedFilter filters[] = {
    {"trim", trim},
    {"upper", changed<upper>},
    {"lower", changed<lower>},
    {"capitalize", changed<capitalize>},
    {"title", changed<titleFilter>},
    {"escape", changed<escapeHtml>},
    {"e", changed<escapeHtml>},
    {"string", string},
    {"safe", same},
    {"replace", replace},
    {"length", length},
    {"count", length},
    {"tojson", toJsonFilter},
    {"default", defaultTo},
    {"d", defaultTo},
    {"int", toInteger},
    {"float", toReal},
    {"round", round},
    {"abs", absolute},
    {"indent", indent},
    {"wordcount", wordCount},
};

} // namespace

Value applyFilter(Interpreter &interpreter, std::string_view name, const Value &input, const Arguments &arguments) {
  for (std::span<const NamedFilter> table : {std::span<const NamedFilter>(filters), sequenceFilters()})
    for (const NamedFilter &filter : table)
      if (filter.name == name)
        return filter.apply(interpreter, input, arguments);
  throw Error("unknown filter \"" + std::string(name) + "\"");
}

} // namespace heddle::template_language
