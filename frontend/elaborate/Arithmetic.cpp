//===- Arithmetic.cpp - element by element --------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

NumberKind Elaborator::kindOf(const Value &value) const {
  if (value.isNumber())
    return value.asNumber().kind;
  return value.is(Value::Kind::Constant) ? value.asConstant()->kind : emitter.kindOf(value.asRuntime());
}

/// The axes of a number (none), a constant or a run-time value.
AxisList Elaborator::axesOf(const Value &value) const {
  if (value.is(Value::Kind::Constant))
    return value.asConstant()->axes;
  return value.isRuntime() ? emitter.axesOf(value.asRuntime()) : AxisList();
}

mlir::Value Elaborator::materialize(const Value &value, SMLoc place) {
  if (value.isRuntime())
    return value.asRuntime();
  if (value.isNumber())
    return emitter.constant(value.asNumber(), emitter.at(place));
  return emitter.constant(*value.asConstant(), emitter.at(place));
}

/// The same value along the axes that the others have too: what is folded away still has the union of the axes.
Value Elaborator::spreadOver(const Value &value, ArrayRef<Value> others, SMRange place) {
  SmallVector<AxisList, 3> parts{axesOf(value)};
  for (const Value &other : others)
    parts.push_back(axesOf(other));
  AxisList all = axes.unite(parts);
  if (all.size() == parts[0].size() || !body)
    return value;
  return Value::runtime(emitter.spread(materialize(value, place.Start), all, kindOf(value), emitter.at(place.Start)),
                        value.facts);
}

static bool isNumber(const Value &value, double number) {
  return value.isNumber() && !value.isFlag() && value.asNumber().value == number;
}

/// What needs no op because one side is neutral; a failed value where there is no such thing.
Value Elaborator::fold(MathOp op, ArrayRef<Value> x, NumberKind kind, SMRange place) {
  auto keeps = [&](const Value &value) { return kindOf(value) == kind ? value : Value(); };
  switch (op) {
  case MathOp::Add:
    if (isNumber(x[0], 0))
      return keeps(x[1]);
    [[fallthrough]];
  case MathOp::Sub:
    return isNumber(x[1], 0) ? keeps(x[0]) : Value();
  case MathOp::Mul:
    if (isNumber(x[0], 1))
      return keeps(x[1]);
    [[fallthrough]];
  case MathOp::Div:
  case MathOp::Pow:
    return isNumber(x[1], 1) ? keeps(x[0]) : Value();
  case MathOp::And:
  case MathOp::Or:
    for (unsigned i : {0, 1})
      if (x[i].isFlag()) {
        bool decides = (x[i].asNumber().value != 0) == (op == MathOp::Or);
        return spreadOver(x[decides ? i : 1 - i], x[decides ? 1 - i : i], place);
      }
    return {};
  case MathOp::Where: {
    if (!x[0].isFlag())
      return {};
    bool first = x[0].asNumber().value != 0;
    Value chosen = x[first ? 1 : 2];
    return kindOf(chosen) == kind ? spreadOver(chosen, x[first ? 2 : 1], place) : Value();
  }
  default:
    return {};
  }
}

/// Facts of the result: a comparison of S with a constant is a condition that makes a regime.
RuntimeFacts Elaborator::factsOf(MathOp op, ArrayRef<Value> x) {
  RuntimeFacts facts;
  for (const Value &value : x)
    facts = facts | value.facts;
  bool comparison = is_contained({MathOp::Lt, MathOp::Le, MathOp::Gt, MathOp::Ge}, op);
  if (comparison && (x[0].facts.isLength || x[1].facts.isLength) && (x[0].isNumber() || x[1].isNumber())) {
    bool lengthLeft = x[0].facts.isLength;
    double constant = x[lengthLeft ? 1 : 0].asNumber().value;
    // S > c and S <= c change at floor(c) + 1, S >= c and S < c at ceil(c); with c on the left the other way round.
    bool strict = (op == MathOp::Gt || op == MathOp::Le) == lengthLeft;
    double first = strict ? std::floor(constant) + 1 : std::ceil(constant);
    if (first > 1 && first < 9e15 && !is_contained(thresholds, int64_t(first)))
      thresholds.push_back(int64_t(first));
    facts.lengthNumber = false;
    facts.regime = facts.condition = true;
    return facts;
  }
  if ((op == MathOp::And || op == MathOp::Or || op == MathOp::Not) &&
      all_of(x, [](const Value &value) { return value.isFlag() || value.facts.condition; }))
    facts.condition = true;
  if (op == MathOp::Add || op == MathOp::Sub)
    for (unsigned i : {0, 1})
      if (x[i].facts.positionOffset && x[1 - i].isNumber() && (op == MathOp::Add || i == 0))
        facts.positionOffset = *x[i].facts.positionOffset +
                               saturated(x[1 - i].asNumber().value, INT32_MIN, INT32_MAX) * (op == MathOp::Sub ? -1 : 1);
  return facts;
}

Value Elaborator::elementwise(MathOp op, ArrayRef<Value> given, SMRange place) {
  SmallVector<Value, 3> x;
  SmallVector<NumberKind, 3> kinds;
  for (const Value &value : given) {
    if (!value)
      return {};
    x.push_back(value.is(Value::Kind::Stored) ? readStored(value, place) : value);
    if (!x.back())
      return {};
    if (!x.back().isArithmetic() && !x.back().isRuntime())
      return fail(place, "expected numbers here, found " + describe(x.back()), entryNote(x.back()));
    kinds.push_back(kindOf(x.back()));
  }
  std::optional<NumberKind> kind = resultKind(op, kinds);
  if (!kind) {
    std::string found;
    for (NumberKind one : kinds)
      found += (found.empty() ? "" : ", ") + elaboration::describe(one).str();
    return fail(place, "flags and numbers do not mix here: found " + found);
  }
  if (Value folded = fold(op, x, *kind, place))
    return folded;

  if (all_of(x, [](const Value &value) { return value.isNumber(); })) {
    SmallVector<double, 3> numbers;
    for (const Value &value : x)
      numbers.push_back(value.asNumber().value);
    return Value::number({*kind, compute(op, numbers)});
  }
  if (none_of(x, [](const Value &value) { return value.isRuntime(); })) {
    SmallVector<Known, 3> known;
    for (const Value &value : x)
      known.push_back(value.known());
    if (ConstantRef result = mapKnown(op, *kind, known, axes))
      return Value::constant(result);
    return fail(place, "this would have more than " + Twine(largestConstant) + " numbers when compiling");
  }

  SmallVector<Operand, 3> operands;
  SmallVector<AxisList, 3> parts;
  for (const Value &value : x) {
    parts.push_back(axesOf(value));
    if (value.isNumber()) {
      Number number = value.asNumber();
      if (number.isInteger() && std::fabs(number.value) > double(INT32_MAX))
        number.kind = NumberKind::Real; // f32 as any other real; an i32 result is then refused below
      if (number.kind != value.asNumber().kind && *kind == NumberKind::Integer)
        return fail(place, describe(value) + " is too large for integers at run time, which have 32 bits");
      operands.push_back(number);
    } else {
      operands.push_back(materialize(value, place.Start));
    }
  }
  return Value::runtime(emitter.map(op, operands, axes.unite(parts), *kind, emitter.at(place.Start)),
                        factsOf(op, x));
}
