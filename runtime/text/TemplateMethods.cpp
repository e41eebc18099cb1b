//===- TemplateMethods.cpp - methods of strings, lists and mappings ---------===//

#include "runtime/text/TemplateArguments.h"
#include "runtime/text/TemplateInterpreter.h"
#include "runtime/text/TemplateText.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <span>

namespace heddle::template_language {

namespace {

using Method = Value (*)(Interpreter &, const Value &self, const Arguments &);

struct NamedMethod {
  std::string_view name;
  Method call;
};

// Strings.

Value listOf(Interpreter &interpreter, const std::vector<std::string_view> &parts) {
  List items;
  for (std::string_view part : parts)
    items.push_back(Value(part));
  size_t bytes = 0;
  for (std::string_view part : parts)
    bytes += part.size();
  interpreter.charge(bytes / 16);
  return interpreter.list(std::move(items));
}

template <bool Left, bool Right>
Value stripped(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("strip", arguments, {"chars"});
  return interpreter.text(std::string(strip(self.string(), bound.optionalString(0), Left, Right)));
}

template <std::string (*Change)(std::string_view)>
Value changed(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("a method of text", arguments, {});
  return interpreter.text(Change(self.string()));
}

template <bool FromRight>
Value splitMethod(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound(FromRight ? "rsplit" : "split", arguments, {"sep", "maxsplit"});
  std::optional<std::string_view> separator = bound.optionalString(0);
  int64_t limit = bound.integer(1, -1);
  if (separator && separator->empty())
    bound.fail("needs a separator that is not empty");
  if (separator)
    return listOf(interpreter, FromRight ? splitFromRight(self.string(), *separator, limit)
                                         : split(self.string(), *separator, limit));
  if (FromRight && limit >= 0)
    bound.fail("with a limit needs a separator here");
  return listOf(interpreter, splitWords(self.string(), limit));
}

Value splitLinesMethod(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("splitlines", arguments, {"keepends"});
  return listOf(interpreter, splitLines(self.string(), bound.flag(0, false)));
}

/// startswith and endswith: a string, or any of a tuple of them.
template <bool Start> Value affix(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound(Start ? "startswith" : "endswith", arguments, {"affix"});
  List candidates = bound.required(0).isSequence() ? interpreter.elements(*bound[0]) : List{*bound[0]};
  return Value(std::any_of(candidates.begin(), candidates.end(), [&](const Value &candidate) {
    if (!candidate.isString())
      bound.fail("expected a string or a tuple of strings");
    return Start ? self.string().starts_with(candidate.string()) : self.string().ends_with(candidate.string());
  }));
}

/// removeprefix and removesuffix.
template <bool Start> Value removed(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound(Start ? "removeprefix" : "removesuffix", arguments, {"affix"});
  std::string_view text = self.string(), affix = bound.string(0);
  if (Start ? text.starts_with(affix) : text.ends_with(affix))
    Start ? text.remove_prefix(affix.size()) : text.remove_suffix(affix.size());
  return interpreter.text(std::string(text));
}

Value replaceMethod(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("replace", arguments, {"old", "new", "count"});
  return interpreter.text(replaceText(self.string(), bound.string(0), bound.string(1), bound.integer(2, -1),
                                      interpreter.stringLimit()));
}

Value joinMethod(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("join", arguments, {"iterable"});
  std::string out;
  bool first = true;
  for (const Value &item : interpreter.elements(bound.required(0))) {
    if (!item.isString())
      bound.fail("joins strings, not values of type " + std::string(typeName(item)));
    out += first ? "" : self.string();
    out += item.string();
    first = false;
    if (out.size() > interpreter.stringLimit())
      break; // `text` refuses it
  }
  return interpreter.text(std::move(out));
}

/// find and rfind, index and rindex: in characters.
template <bool FromRight, bool Required>
Value find(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("find", arguments, {"sub"});
  interpreter.charge(1 + self.string().size() / 64);
  size_t at = FromRight ? self.string().rfind(bound.string(0)) : self.string().find(bound.string(0));
  if (at == std::string::npos && Required)
    throw Error("substring not found");
  return Value(at == std::string::npos ? -1 : int64_t(countCharacters(std::string_view(self.string()).substr(0, at))));
}

Value countMethod(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("count", arguments, {"sub"});
  interpreter.charge(1 + self.string().size() / 64);
  if (bound.string(0).empty())
    return Value(int64_t(countCharacters(self.string())) + 1);
  return Value(int64_t(split(self.string(), bound.string(0), -1).size()) - 1);
}

template <bool (*Holds)(char32_t)>
Value allCharacters(Interpreter &, const Value &self, const Arguments &arguments) {
  BoundArguments bound("a method of text", arguments, {});
  bool all = !self.string().empty();
  forEachCharacter(self.string(), [&](char32_t c, size_t, size_t) { all = all && Holds(c); });
  return Value(all);
}

bool isAlphanumeric(char32_t c) { return isLetter(c) || isNumeric(c); }
bool isSpaceCharacter(char32_t c) { return isWhiteSpace(c) || (c >= 0x1C && c <= 0x1F); }

template <bool Upper> Value isCase(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("a method of text", arguments, {});
  return Value(applyTest(interpreter, Upper ? "upper" : "lower", self, {}));
}

/// str.format with plain fields: {}, {0} and {name}.
Value format(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  std::string out;
  size_t next = 0;
  std::string_view text = self.string();
  auto field = [&](std::string_view name) -> const Value & {
    bool number = name.empty() || (name.size() < 10 && name.find_first_not_of("0123456789") == std::string_view::npos);
    size_t index = name.empty() ? next++ : number ? size_t(std::stoi(std::string(name))) : 0;
    if (number && index < arguments.positional.size())
      return arguments.positional[index];
    for (const auto &[key, value] : arguments.named)
      if (!number && key == name)
        return value;
    throw Error("\"format\" has no value for the field \"{" + std::string(name) + "}\"");
  };
  while (!text.empty()) {
    if (text.starts_with("{{") || text.starts_with("}}")) {
      out += text[0];
      text.remove_prefix(2);
    } else if (text.starts_with('{')) {
      size_t end = text.find('}');
      if (end == std::string_view::npos)
        throw Error("\"format\" found a \"{\" that is not closed");
      out += interpreter.print(field(text.substr(1, end - 1)));
      text.remove_prefix(end + 1);
    } else {
      size_t end = std::min(text.find_first_of("{}", 1), text.size());
      out += text.substr(0, end);
      text.remove_prefix(end);
    }
    if (out.size() > interpreter.stringLimit())
      break; // `text` refuses it
  }
  return interpreter.text(std::move(out));
}

constexpr NamedMethod stringMethods[] = {
    {"strip", stripped<true, true>},
    {"lstrip", stripped<true, false>},
    {"rstrip", stripped<false, true>},
    {"split", splitMethod<false>},
    {"rsplit", splitMethod<true>},
    {"splitlines", splitLinesMethod},
    {"startswith", affix<true>},
    {"endswith", affix<false>},
    {"removeprefix", removed<true>},
    {"removesuffix", removed<false>},
    {"upper", changed<upper>},
    {"lower", changed<lower>},
    {"title", changed<titleMethod>},
    {"capitalize", changed<capitalize>},
    {"replace", replaceMethod},
    {"join", joinMethod},
    {"find", find<false, false>},
    {"rfind", find<true, false>},
    {"index", find<false, true>},
    {"rindex", find<true, true>},
    {"count", countMethod},
    {"isdigit", allCharacters<isNumeric>},
    {"isnumeric", allCharacters<isNumeric>},
    {"isalpha", allCharacters<isLetter>},
    {"isalnum", allCharacters<isAlphanumeric>},
    {"isspace", allCharacters<isSpaceCharacter>},
    {"isupper", isCase<true>},
    {"islower", isCase<false>},
    {"format", format},
};

// Mappings.

template <bool Keys, bool Values>
Value view(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound(Keys && Values ? "items" : Keys ? "keys" : "values", arguments, {});
  List out;
  for (const auto &[key, value] : self.entries())
    out.push_back(Keys && Values ? Value::tuple({key, value}) : Keys ? key : value);
  interpreter.charge(out.size());
  return interpreter.list(std::move(out));
}

Value get(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("get", arguments, {"key", "default"});
  interpreter.charge(1 + self.entries().size() / 8);
  const Value *found = lookup(self.entries(), bound.required(0));
  return found ? *found : bound[1] ? *bound[1] : Value();
}

Value copy(Interpreter &, const Value &self, const Arguments &arguments) {
  BoundArguments bound("copy", arguments, {});
  return self;
}

/// Values are shared: Hugging Face's sandbox refuses to change them too.
Value refuse(Interpreter &, const Value &self, const Arguments &) {
  throw Error("a template must not change a " + std::string(typeName(self)) +
              ": make a new one, or use a namespace");
}

constexpr NamedMethod mappingMethods[] = {
    {"items", view<true, true>}, {"keys", view<true, false>}, {"values", view<false, true>},
    {"get", get},                {"copy", copy},              {"update", refuse},
    {"pop", refuse},             {"popitem", refuse},         {"clear", refuse},
    {"setdefault", refuse},
};

// Lists and tuples.

Value indexOf(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("index", arguments, {"value"});
  interpreter.charge(1 + self.items().size());
  for (size_t i = 0; i < self.items().size(); ++i)
    if (equal(self.items()[i], bound.required(0)))
      return Value(int64_t(i));
  throw Error("the value is not in the list");
}

Value countItems(Interpreter &interpreter, const Value &self, const Arguments &arguments) {
  BoundArguments bound("count", arguments, {"value"});
  interpreter.charge(1 + self.items().size());
  return Value(int64_t(std::count_if(self.items().begin(), self.items().end(),
                                     [&](const Value &item) { return equal(item, bound.required(0)); })));
}

constexpr NamedMethod listMethods[] = {
    {"index", indexOf}, {"count", countItems}, {"copy", copy},      {"append", refuse}, {"extend", refuse},
    {"insert", refuse}, {"pop", refuse},       {"remove", refuse}, {"clear", refuse},  {"sort", refuse},
    {"reverse", refuse},
};

Method findMethod(const Value &object, std::string_view name) {
  std::span<const NamedMethod> table;
  if (object.isString())
    table = stringMethods;
  else if (object.isMapping())
    table = mappingMethods;
  else if (object.isSequence())
    table = listMethods;
  for (const NamedMethod &method : table)
    if (method.name == name)
      return method.call;
  return nullptr;
}

} // namespace

bool hasMethod(const Value &object, std::string_view name) { return findMethod(object, name); }

Value callMethod(Interpreter &interpreter, const Value &object, std::string_view name, const Arguments &arguments) {
  return findMethod(object, name)(interpreter, object, arguments);
}

} // namespace heddle::template_language
