//===- TemplateValue.cpp - the values of chat templates ---------------------===//

#include "runtime/text/TemplateValue.h"
#include "runtime/support/Error.h"
#include "runtime/text/TemplateCallable.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace heddle::template_language {

namespace {

constexpr int deepest = 2 * Value::maxDepth; // namespaces do not count as levels, and may hold themselves

void checkDepth(int depth) {
  if (depth > deepest)
    throw Error("a value is nested deeper than " + std::to_string(deepest) + " levels");
}

const Dict *entriesOf(const Value &value) {
  if (const auto *mapping = value.as<Mapping>())
    return mapping->entries.get();
  if (const auto *space = value.as<Namespace>())
    return space->entries.get();
  return nullptr;
}

bool equalAt(const Value &a, const Value &b, int depth);

bool equalLists(const List &a, const List &b, int depth) {
  if (a.size() != b.size())
    return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!equalAt(a[i], b[i], depth + 1))
      return false;
  return true;
}

bool equalDicts(const Dict &a, const Dict &b, int depth) {
  if (a.size() != b.size())
    return false;
  for (const auto &[key, value] : a) {
    const Value *other = lookup(b, key);
    if (!other || !equalAt(value, *other, depth + 1))
      return false;
  }
  return true;
}

bool equalAt(const Value &a, const Value &b, int depth) {
  checkDepth(depth);
  if (a.isInteger() && b.isInteger())
    return a.integer() == b.integer();
  if (a.isNumber() && b.isNumber())
    return a.number() == b.number();
  if (a.isString() && b.isString())
    return a.string() == b.string();
  if (a.isSequence() && b.isSequence())
    return a.as<Sequence>()->tuple == b.as<Sequence>()->tuple && equalLists(a.items(), b.items(), depth);
  if (a.isMapping() && b.isMapping())
    return equalDicts(a.entries(), b.entries(), depth);
  if (const auto *space = a.as<Namespace>(), *other = b.as<Namespace>(); space && other)
    return space->entries == other->entries;
  if (const auto *callable = a.as<std::shared_ptr<const Callable>>())
    return b.as<std::shared_ptr<const Callable>>() && *callable == *b.as<std::shared_ptr<const Callable>>();
  return (a.isNone() && b.isNone()) || (a.isUndefined() && b.isUndefined());
}

bool lessAt(const Value &a, const Value &b, int depth) {
  checkDepth(depth);
  if (a.isInteger() && b.isInteger())
    return a.integer() < b.integer();
  if (a.isNumber() && b.isNumber())
    return a.number() < b.number();
  if (a.isString() && b.isString())
    return a.string() < b.string(); // the order of UTF-8 is that of code points
  if (a.isSequence() && b.isSequence()) {
    const List &left = a.items(), &right = b.items();
    for (size_t i = 0; i < left.size() && i < right.size(); ++i)
      if (!equalAt(left[i], right[i], depth + 1))
        return lessAt(left[i], right[i], depth + 1);
    return left.size() < right.size();
  }
  if (a.isUndefined() || b.isUndefined())
    throw Error(*(a.isUndefined() ? a : b).as<Undefined>()->complaint);
  throw Error("cannot order " + std::string(typeName(a)) + " and " + std::string(typeName(b)));
}

/// Python's repr of a float: the shortest digits that read back the same, and always a point or an exponent.
std::string printFloat(double number) {
  if (std::isnan(number))
    return "nan";
  if (std::isinf(number))
    return number < 0 ? "-inf" : "inf";
  char buffer[64];
  double size = std::fabs(number);
  bool fixed = number == 0 || (size >= 1e-4 && size < 1e16);
  auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, number, format).ptr);
  if (fixed && text.find('.') == std::string::npos)
    text += ".0";
  return text;
}

void appendHex(std::string &out, char32_t c) {
  constexpr char digits[] = "0123456789abcdef";
  int count = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  out += '\\';
  out += count == 2 ? 'x' : count == 4 ? 'u' : 'U';
  for (int shift = 4 * (count - 1); shift >= 0; shift -= 4)
    out += digits[c >> shift & 15];
}

void appendStringRepr(std::string &out, std::string_view text) {
  bool single = text.find('\'') == std::string_view::npos || text.find('"') != std::string_view::npos;
  char quote = single ? '\'' : '"';
  out += quote;
  forEachCharacter(text, [&](char32_t c, size_t begin, size_t end) {
    if (c == char32_t(quote) || c == '\\')
      out += {'\\', char(c)};
    else if (c == '\n' || c == '\r' || c == '\t')
      out += {'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'};
    else if (!isPrintable(c))
      appendHex(out, c);
    else
      out += text.substr(begin, end - begin);
  });
  out += quote;
}

/// Writes values as Python prints them, within a limit.
class Printer {
public:
  explicit Printer(size_t limit) : limit(limit) {}
  std::string out;

  void repr(const Value &value, int depth) {
    checkDepth(depth);
    if (value.isString())
      appendStringRepr(out, value.string());
    else if (value.isSequence())
      list(value, depth);
    else if (const Dict *entries = entriesOf(value))
      dict(*entries, value.as<Namespace>(), depth);
    else
      scalar(value);
    if (out.size() > limit)
      throw Error("a printed value passes " + std::to_string(limit) + " bytes");
  }

private:
  void scalar(const Value &value) {
    if (const bool *flag = value.as<bool>())
      out += *flag ? "True" : "False";
    else if (value.isInteger())
      out += std::to_string(value.integer());
    else if (const double *number = value.as<double>())
      out += printFloat(*number);
    else if (value.isNone())
      out += "None";
    else if (value.isUndefined())
      out += "Undefined";
    else
      out += "<" + (*value.as<std::shared_ptr<const Callable>>())->describe() + ">";
  }

  void list(const Value &value, int depth) {
    bool tuple = value.as<Sequence>()->tuple;
    out += tuple ? '(' : '[';
    for (size_t i = 0; i < value.items().size(); ++i) {
      out += i == 0 ? "" : ", ";
      repr(value.items()[i], depth + 1);
    }
    if (tuple && value.items().size() == 1)
      out += ',';
    out += tuple ? ')' : ']';
  }

  void dict(const Dict &entries, bool space, int depth) {
    out += space ? "<Namespace {" : "{";
    for (size_t i = 0; i < entries.size(); ++i) {
      out += i == 0 ? "" : ", ";
      repr(entries[i].first, depth + 1);
      out += ": ";
      repr(entries[i].second, depth + 1);
    }
    out += space ? "}>" : "}";
  }

  size_t limit;
};

} // namespace

int depthOf(const Value &value) {
  if (const auto *sequence = value.as<Sequence>())
    return sequence->depth;
  if (const auto *mapping = value.as<Mapping>())
    return mapping->depth;
  if (const auto *callable = value.as<std::shared_ptr<const Callable>>())
    return (*callable)->depth;
  return 0;
}

namespace {

int raise(int depth, const Value &inside) {
  depth = std::max(depth, depthOf(inside) + 1);
  if (depth > Value::maxDepth)
    throw Error("a value is nested deeper than " + std::to_string(Value::maxDepth) + " levels");
  return depth;
}

Sequence makeSequence(List items, bool tuple) {
  int depth = 1;
  for (const Value &item : items)
    depth = raise(depth, item);
  return {std::make_shared<const List>(std::move(items)), tuple, depth};
}

} // namespace

Value Value::list(List items) { return Value(Storage(makeSequence(std::move(items), false))); }

Value Value::tuple(List items) { return Value(Storage(makeSequence(std::move(items), true))); }

Value Value::dict(Dict entries) {
  int depth = 1;
  for (const auto &[key, value] : entries)
    depth = raise(raise(depth, key), value);
  return Value(Storage(Mapping{std::make_shared<const Dict>(std::move(entries)), depth}));
}

std::string_view typeName(const Value &value) {
  if (value.isUndefined())
    return "undefined";
  if (value.isNone())
    return "None";
  if (value.as<bool>())
    return "bool";
  if (value.isInteger())
    return "int";
  if (value.isNumber())
    return "float";
  if (value.isString())
    return "str";
  if (value.isSequence())
    return value.as<Sequence>()->tuple ? "tuple" : "list";
  if (value.isMapping())
    return "dict";
  return value.as<Namespace>() ? "namespace" : "function";
}

bool truth(const Value &value) {
  if (value.isInteger())
    return value.integer() != 0;
  if (value.isNumber())
    return value.number() != 0;
  if (value.isString())
    return !value.string().empty();
  if (value.isSequence())
    return !value.items().empty();
  if (value.isMapping())
    return !value.entries().empty();
  return !value.isUndefined() && !value.isNone();
}

bool equal(const Value &a, const Value &b) { return equalAt(a, b, 0); }

bool less(const Value &a, const Value &b) { return lessAt(a, b, 0); }

const Value *lookup(const Dict &entries, const Value &key) {
  for (const auto &[candidate, value] : entries)
    if (candidate.isString() ? key.isString() && candidate.string() == key.string() : equal(candidate, key))
      return &value;
  return nullptr;
}

std::string toRepr(const Value &value, size_t limit) {
  Printer printer(limit);
  printer.repr(value, 0);
  return std::move(printer.out);
}

std::string toString(const Value &value, size_t limit) {
  if (value.isUndefined())
    return {};
  return value.isString() ? value.string() : toRepr(value, limit);
}

} // namespace heddle::template_language
