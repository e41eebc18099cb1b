//===- Value.h - what is known of a value without a checkpoint --*- C++ -*-===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_VALUE_H
#define HEDDLE_FRONTEND_LANGUAGE_VALUE_H

#include "frontend/language/Sizes.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heddle::check {

/// A value's kind, axes, and on what it depends.
struct Value {
  enum class Kind {
    Wild,   ///< after an error, or an untyped parameter: fits everywhere
    Config, ///< known when compiling, of a kind only the checkpoint tells: an entry, or what was made from
            ///< one
    None,
    Integer,
    Real,
    Flag,
    Text,
    List,
    Stored, ///< a stored tensor whose dimensions have no names yet
    Tuple,
  };
  /// When it becomes known, the earliest first.
  enum class When {
    Compile,
    Call, ///< with the number of tokens, T, S or U
    Run,  ///< with the tokens
  };

  Kind kind = Kind::Wild;
  When when = When::Compile;
  Axes axes;                ///< none: a single value
  Axes maybe;               ///< axes that it has under some conditions only
  bool optional = false;    ///< may be none
  bool usesLength = false;  ///< depends on the number T or S otherwise than by comparing S with constants
  Size size;                ///< of an integer that is known as a symbol
  std::vector<Value> parts; ///< of a tuple

  static Value of(Kind kind) {
    Value value;
    value.kind = kind;
    return value;
  }
  static Value wild() { return Value(); }
  static Value none() { return of(Kind::None); }
  static Value tensor(Axes axes, Kind kind = Kind::Real, When when = When::Run) {
    Value value = of(kind);
    value.axes = std::move(axes);
    value.when = when;
    return value;
  }

  bool isWild() const { return kind == Kind::Wild; }
  bool isNone() const { return kind == Kind::None; }
  bool isNumber() const { return kind == Kind::Integer || kind == Kind::Real; }
  /// Whether nothing is known that could contradict an expectation.
  bool isOpen() const { return kind == Kind::Wild || kind == Kind::Config; }
  bool hasAxes() const { return !axes.empty() || !maybe.empty(); }
  bool has(AxisId axis) const { return contains(axes, axis) || contains(maybe, axis); }
  /// With the axes that it may have.
  Axes allAxes() const {
    Axes all = axes;
    unite(all, maybe);
    return all;
  }

  /// Everything that tells two values apart, as a text: equal exactly if the values are.
  std::string key() const;
};

/// What either of two ways gives: axes of only one of them become `maybe`.
Value join(const Value &a, const Value &b);

/// "[T, d]", "a number", "a flag", "none", "(a number, [T, d])"
std::string describe(const Value &value, const AxisSpace &axes);

/// A name in force: its value and, if it names a size, the axes that it stands for.
struct Binding {
  Value value;
  std::optional<Axes> axes;
  unsigned id = 0; ///< changes with each new value of the name; 0: given by the page
};

/// One way through a body: the names in force, and the conditions that led here.
struct State {
  std::map<llvm::StringRef, Binding> names;
  std::map<std::string, bool> assumptions; ///< by the condition's text, see Checker::conditionKey

  /// Whether the two have the same names with the same values.
  bool agreesWith(const State &other) const;
};

} // namespace heddle::check

#endif // HEDDLE_FRONTEND_LANGUAGE_VALUE_H
