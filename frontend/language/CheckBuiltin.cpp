//===- CheckBuiltin.cpp - calls of built-in functions ---------------------===//

#include "frontend/language/Checker.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::Twine;
using Group = Builtin::Group;
using Kind = Value::Kind;
using When = Value::When;

Value Checker::callBuiltin(const Call &call, const Builtin &builtin, State &state) {
  bool needsBracket = builtin.bracket != Builtin::Bracket::None;
  if (needsBracket == call.groups.empty() ||
      (builtin.bracket == Builtin::Bracket::Rename) != (call.target != nullptr)) {
    diagnostics.error(call.expr->range(), "'" + call.name + "' is written " + builtin.signature);
    return Value::wild();
  }
  if (builtin.mostArgs == 0 && call.hasArgs) {
    diagnostics.error(call.expr->range(),
                      "'" + call.name + "' takes no arguments and is written " + builtin.signature);
    return Value::wild();
  }
  if (builtin.mostArgs > 0 && !call.hasArgs) {
    diagnostics.error(call.expr->range(),
                      "'" + call.name + "' needs its arguments and is written " + builtin.signature);
    return Value::wild();
  }
  if (!checkCount(call, call.args.size(), builtin.leastArgs, builtin.mostArgs, builtin.signature))
    return Value::wild();
  std::optional<Axes> axes = builtinAxes(call, builtin, state);
  if (!axes) {
    for (const Expr *arg : call.args)
      eval(arg, state);
    return Value::wild();
  }
  switch (builtin.group) {
  case Group::Elementwise:
    return callElementwise(call, builtin, state);
  case Group::Where:
    return callWhere(call, state);
  case Group::Reduction:
    return callReduction(call, builtin, *axes, state);
  case Group::Softmax:
    return callSoftmax(call, *axes, state);
  case Group::Top:
    return callTop(call, *axes, state);
  case Group::Keep:
    return callKeep(call, *axes, state);
  case Group::Counting:
    return callCounting(call, builtin, *axes);
  case Group::Text:
    return callOnText(call, builtin, state);
  }
  return Value::wild();
}

/// The axes in a built-in's brackets, all groups together.
std::optional<Axes> Checker::builtinAxes(const Call &call, const Builtin &builtin, State &state) {
  Axes axes;
  for (const AxisGroup &group : call.groups) {
    for (const Axis &axis : group.axes) {
      std::optional<Axes> more = axesOf(axis, state);
      if (!more || !appendDistinct(axes, *more, axis.range))
        return std::nullopt;
    }
  }
  bool one = builtin.group == Group::Counting || builtin.bracket == Builtin::Bracket::Rename;
  if (one && axes.size() != 1) {
    diagnostics.error(call.expr->range(), "'" + call.name + "' takes one axis, found " + space.list(axes));
    return std::nullopt;
  }
  return axes;
}

Value Checker::callElementwise(const Call &call, const Builtin &builtin, State &state) {
  std::vector<Value> operands;
  bool understood = true, integers = builtin.integer, open = false;
  for (const Expr *arg : call.args) {
    std::optional<Value> value = number(arg, state, ("'" + call.name + "'").str());
    understood = understood && value;
    if (!value)
      continue;
    integers &= value->kind == Kind::Integer;
    open |= value->kind == Kind::Config;
    operands.push_back(std::move(*value));
  }
  if (!understood)
    return Value::wild();
  bool rounds = builtin.name == "floor" || builtin.name == "ceil";
  Kind kind = integers || rounds ? Kind::Integer : open && builtin.integer ? Kind::Config : Kind::Real;
  return elementwise(operands, kind);
}

Value Checker::callWhere(const Call &call, State &state) {
  Value condition = eval(call.args[0], state);
  if (!condition.isOpen() && condition.kind != Kind::Flag) {
    diagnostics.error(call.args[0]->range(),
                      "the condition of 'where' must be flags, found " +
                          std::string(condition.isNumber() && condition.hasAxes() ? "numbers " : "") +
                          show(condition));
    condition = Value::wild();
  }
  Value a = eval(call.args[1], state), b = eval(call.args[2], state);
  bool flags = a.kind == Kind::Flag && b.kind == Kind::Flag;
  for (auto [value, arg] : {std::pair(&a, call.args[1]), std::pair(&b, call.args[2])}) {
    if (!usable(arg, *value, "'where'"))
      return Value::wild();
    if (!flags && value->kind == Kind::Flag) {
      diagnostics.error(arg->range(),
                        "the two values of 'where' must be of a kind, found " + show(a) + " and " + show(b));
      return Value::wild();
    }
  }
  return elementwise({a, b, condition}, join(Value::of(a.kind), Value::of(b.kind)).kind);
}

/// Whether the value has all these axes.
bool Checker::needAxes(const Call &call, const Expr *arg, const Value &value, ArrayRef<AxisId> axes) {
  for (AxisId axis : axes) {
    if (value.has(axis))
      continue;
    diagnostics
        .error(arg->range(), "'" + call.name + "[" + space.name(axis) + "]' needs a value with the axis '" +
                                 space.name(axis) + "'")
        .note(quoted(arg, "it") + " is " + show(value));
    return false;
  }
  return true;
}

Value Checker::callReduction(const Call &call, const Builtin &builtin, ArrayRef<AxisId> axes, State &state) {
  Value value = eval(call.args[0], state);
  if (builtin.name == "any") {
    if (!value.isOpen() && value.kind != Kind::Flag) {
      diagnostics.error(call.args[0]->range(), "'any' takes flags, found " +
                                                   std::string(value.isNumber() ? "numbers " : "") +
                                                   show(value));
      return Value::wild();
    }
  } else if (std::optional<Value> numbers = number(call.args[0], state, ("'" + call.name + "'").str())) {
    value = *numbers;
  } else {
    return Value::wild();
  }
  if (value.isOpen() || !needAxes(call, call.args[0], value, axes))
    return Value::wild();
  Kind kind = value.kind == Kind::Integer && !builtin.integer ? Kind::Real : value.kind;
  Value result = elementwise(value, kind);
  remove(result.axes, axes);
  remove(result.maybe, axes);
  return result;
}

Value Checker::callSoftmax(const Call &call, ArrayRef<AxisId> axes, State &state) {
  std::optional<Value> value = number(call.args[0], state, "'softmax'");
  std::optional<Value> extra = Value::of(Kind::Integer);
  if (call.args.size() > 1)
    extra = number(call.args[1], state, "'softmax'");
  if (!value || !extra || value->isOpen() || extra->isWild() || !needAxes(call, call.args[0], *value, axes))
    return Value::wild();
  Axes allowed = value->allAxes();
  remove(allowed, axes);
  Axes beyond = extra->allAxes();
  remove(beyond, allowed);
  if (!beyond.empty()) {
    diagnostics
        .error(call.args[1]->range(), "the extra term of 'softmax' may have the axes " + space.list(allowed) +
                                          ", found " + show(*extra))
        .note("it is one more term in each sum over " + space.list(axes));
    return Value::wild();
  }
  Value result = elementwise({*value, *extra}, Kind::Real);
  result.axes = value->axes;
  result.maybe = value->maybe;
  return result;
}

Value Checker::callTop(const Call &call, ArrayRef<AxisId> axes, State &state) {
  std::optional<Value> score = number(call.args[0], state, "'top'");
  std::optional<AxisId> kept = oneAxis(*call.target, state, "'top'");
  if (!score || !kept || score->isOpen() || !needAxes(call, call.args[0], *score, axes))
    return Value::wild();
  if (score->has(*kept)) {
    diagnostics
        .error(call.target->range,
               "the result of 'top' would have the axis '" + space.name(*kept) + "' twice")
        .note(quoted(call.args[0], "its argument") + " is " + show(*score));
    return Value::wild();
  }
  Value best = *score;
  for (Axes *list : {&best.axes, &best.maybe})
    llvm::replace(*list, axes[0], *kept);
  Value chosen = best;
  chosen.kind = Kind::Integer;
  Value both = Value::of(Kind::Tuple);
  both.parts = {best, chosen};
  return both;
}

/// keep's argument has T and not S, and no number in it depends on how many tokens there are.
Value Checker::callKeep(const Call &call, ArrayRef<AxisId> axes, State &state) {
  std::optional<Value> value = number(call.args[0], state, "'keep'");
  std::optional<AxisId> target = oneAxis(*call.target, state, "'keep'");
  if (!value || !target)
    return Value::wild();
  if (axes[0] != AxisSpace::T || *target != AxisSpace::S) {
    diagnostics.error(call.expr->range(),
                      "'keep' remembers along the tokens only and is written keep[T -> S](x)");
    return Value::wild();
  }
  if (value->isOpen())
    return Value::wild();
  if (value->has(AxisSpace::S)) {
    diagnostics.error(call.args[0]->range(), "what is kept for each token must not have the axis 'S'")
        .note(quoted(call.args[0], "it") + " is " + show(*value));
    return Value::wild();
  }
  if (!needAxes(call, call.args[0], *value, axes))
    return Value::wild();
  if (value->usesLength) {
    diagnostics
        .error(call.args[0]->range(), "what is kept for a token must not change when more tokens come, this "
                                      "depends on how many there are")
        .note(
            "it may depend on the number 'S' only through comparisons with constants, as in 'if S > trained'")
        .help("frequencies that follow the length (dynamic NTK) cannot be kept");
    return Value::wild();
  }
  for (Axes *list : {&value->axes, &value->maybe})
    llvm::replace(*list, AxisSpace::T, AxisSpace::S);
  return *value;
}

Value Checker::callCounting(const Call &call, const Builtin &builtin, ArrayRef<AxisId> axes) {
  bool sequence = AxisSpace::isSequence(axes[0]);
  if (builtin.name == "position" && !sequence) {
    std::string name = space.name(axes[0]);
    diagnostics.error(call.expr->range(), "positions are along 'T', 'S' and 'U', found '" + name + "'")
        .help("'index[" + name + "]' counts along another axis");
    return Value::wild();
  }
  return Value::tensor(Axes(axes), Kind::Integer, sequence ? When::Call : When::Compile);
}

Value Checker::callOnText(const Call &call, const Builtin &builtin, State &state) {
  bool tableOnly = builtin.name == "stored" || builtin.name == "mxfp4";
  if (tableOnly && scope->place != Place::Table) {
    diagnostics.error(call.nameRange, "'" + call.name + "' speaks of stored tensors and belongs in a table");
    return Value::wild();
  }
  size_t texts = builtin.name == "mxfp4" ? 2 : 1;
  for (size_t i = 0; i < texts; ++i) {
    Value value = eval(call.args[i], state);
    if (value.isOpen() || value.kind == Kind::Text || value.kind == Kind::Stored)
      continue;
    diagnostics.error(call.args[i]->range(), "'" + call.name + "' takes a text here, found " + show(value));
    return Value::wild();
  }
  if (builtin.name == "stored")
    return Value::of(Kind::Flag);
  if (builtin.name == "mxfp4")
    return Value::of(Kind::Stored);
  if (builtin.name == "error")
    return Value::wild();
  std::optional<Value> value = number(call.args[1], state, "'round_to'");
  return value ? elementwise(*value, value->kind == Kind::Config ? Kind::Config : Kind::Real) : Value::wild();
}
