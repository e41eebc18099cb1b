//===- Value.cpp ----------------------------------------------------------===//

#include "frontend/language/Value.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle::check;
using Kind = Value::Kind;

std::string Value::key() const {
  std::string text = std::to_string(unsigned(kind)) + "." + std::to_string(unsigned(when)) +
                     (optional ? "o" : "") + (usesLength ? "l" : "") + "[";
  Axes sorted = axes;
  llvm::sort(sorted);
  for (AxisId axis : sorted)
    text += std::to_string(axis) + ",";
  text += "|";
  sorted = maybe;
  llvm::sort(sorted);
  for (AxisId axis : sorted)
    text += std::to_string(axis) + ",";
  text += "]";
  for (const Value &part : parts)
    text += "(" + part.key() + ")";
  return text;
}

/// The kind that can hold both.
static Kind joinKinds(Kind a, Kind b) {
  if (a == b)
    return a;
  if (a == Kind::Wild || b == Kind::Wild)
    return Kind::Wild;
  auto isNumber = [](Kind k) { return k == Kind::Integer || k == Kind::Real; };
  if (isNumber(a) && isNumber(b))
    return Kind::Real;
  // A config entry beside a number is taken for one; other mixtures are for the checkpoint to settle.
  if (a == Kind::Config && isNumber(b))
    return b;
  if (b == Kind::Config && isNumber(a))
    return a;
  return Kind::Config;
}

Value heddle::check::join(const Value &a, const Value &b) {
  if (a.isWild() || b.isWild())
    return Value::wild();
  if (a.isNone() || b.isNone()) {
    Value value = a.isNone() ? b : a;
    value.optional |= !value.isNone();
    return value;
  }
  Value value = Value::of(joinKinds(a.kind, b.kind));
  value.when = std::max(a.when, b.when);
  value.optional = a.optional || b.optional;
  value.usesLength = a.usesLength || b.usesLength;
  if (a.kind == Kind::Tuple && b.kind == Kind::Tuple && a.parts.size() == b.parts.size()) {
    for (auto [x, y] : llvm::zip(a.parts, b.parts))
      value.parts.push_back(join(x, y));
    return value;
  }
  if (a.kind == Kind::Tuple || b.kind == Kind::Tuple)
    return Value::wild();
  for (AxisId axis : a.axes)
    if (contains(b.axes, axis))
      value.axes.push_back(axis);
  value.maybe = a.allAxes();
  unite(value.maybe, b.allAxes());
  remove(value.maybe, value.axes);
  return value;
}

std::string heddle::check::describe(const Value &value, const AxisSpace &axes) {
  if (value.hasAxes()) {
    if (value.axes.empty())
      return axes.list(value.maybe) + " under a condition";
    std::string text = axes.list(value.axes);
    if (!value.maybe.empty())
      text += " and, under a condition, " + axes.list(value.maybe);
    return text;
  }
  switch (value.kind) {
  case Kind::Wild:
    return "unknown";
  case Kind::Config:
    return "a value from the checkpoint";
  case Kind::None:
    return "none";
  case Kind::Integer:
  case Kind::Real:
    return "a number";
  case Kind::Flag:
    return "a flag";
  case Kind::Text:
    return "a text";
  case Kind::List:
    return "a list";
  case Kind::Stored:
    return "a stored tensor";
  case Kind::Tuple:
    return "(" +
           llvm::join(llvm::map_range(value.parts, [&](const Value &p) { return describe(p, axes); }), ", ") +
           ")";
  }
  return "";
}

bool State::agreesWith(const State &other) const {
  return names.size() == other.names.size() &&
         llvm::all_of(llvm::zip(names, other.names), [](const auto &pair) {
           const auto &[a, b] = pair;
           return a.first == b.first && a.second.axes == b.second.axes &&
                  a.second.value.key() == b.second.value.key();
         });
}
