//===- Builtins.cpp - what the language itself knows ----------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

static std::optional<Reduction> reductionCalled(StringRef name) {
  return StringSwitch<std::optional<Reduction>>(name)
      .Case("sum", Reduction::Sum)
      .Case("mean", Reduction::Mean)
      .Case("max", Reduction::Max)
      .Case("any", Reduction::Any)
      .Default(std::nullopt);
}

/// Whether `name[...]` is a built-in form.
bool Elaborator::isBuiltin(StringRef name) const {
  return reductionCalled(name) || is_contained({"position", "index", "keep", "top", "softmax"}, name);
}

Value Elaborator::builtinBracket(StringRef name, const ast::BracketExpr &expr, Frame &frame) {
  AxisList over, target;
  for (const ast::AxisGroup &group : expr.groups)
    for (const ast::Axis &axis : group.axes)
      if (!resolveAxis(axis, frame, over))
        return {};
  if (expr.target && !resolveAxis(*expr.target, frame, target))
    return {};
  bool makesAxes = name == "keep" || name == "top", countsAlong = name == "position" || name == "index";
  if (makesAxes != bool(expr.target))
    return fail(expr.range(), makesAxes ? "'" + name + "' needs two axes: '" + name + "[a -> b](x)'"
                                        : "'" + name + "' has no '->'");
  auto arguments = evalArguments(expr.args, frame);
  if (!arguments)
    return {};
  size_t most = countsAlong ? 0 : name == "softmax" ? 2 : 1;
  if (arguments->size() > most || arguments->size() < std::min<size_t>(most, 1))
    return fail(expr.range(), "'" + name + "[...]' takes " + Twine(most) + " arguments, found " +
                                  Twine(arguments->size()));
  if (countsAlong)
    return positions(over, name == "index", expr.range());
  SMRange place = expr.range();
  if (std::optional<Reduction> kind = reductionCalled(name))
    return reduction(*kind, over, arguments->front(), place);
  if (name == "softmax")
    return softmax(over, *arguments, place);
  return name == "keep" ? keep(expr, over, target, arguments->front(), place)
                        : top(over, target, arguments->front(), place);
}

Value Elaborator::positions(const AxisList &list, bool index, SMRange place) {
  if (list.size() != 1 || list[0].isDynamic() == index)
    return fail(place, index ? "'index' counts along one axis of known size, found " + toText(list)
                             : "'position' is along T, S or U, found " + toText(list));
  if (index && list[0].size > largestConstant)
    return fail(place, "'index' counts to at most " + Twine(largestConstant) + ", found " + toText(list));
  if (index)
    return Value::constant(iota(list[0]));
  if (!body)
    return fail(place, "positions are known only at run time");
  RuntimeFacts facts;
  if (list[0].name == "T")
    facts.positionOffset = 0;
  return Value::runtime(emitter.position(list[0], emitter.at(place.Start)), facts);
}

Value Elaborator::reduction(Reduction reduction, const AxisList &over, const Value &value, SMRange place) {
  if (value.isNumber() && reduction != Reduction::Sum)
    return value; // the same along all axes
  if (!needsAxes(value, over, place, "what is reduced"))
    return {};
  if ((kindOf(value) == NumberKind::Flag) != (reduction == Reduction::Any))
    return fail(place, "'any' is for conditions and the other reductions for numbers, found " +
                           elaboration::describe(kindOf(value)));
  if (value.is(Value::Kind::Constant)) {
    ConstantRef result = reduceKnown(reduction, *value.asConstant(), over);
    return result->axes.empty() ? Value::number({result->kind, result->values[0]}) : Value::constant(result);
  }
  Value input = value;
  if (reduction == Reduction::Mean && kindOf(value) == NumberKind::Integer)
    input = Value::runtime(emitter.spread(value.asRuntime(), axesOf(value), NumberKind::Real, emitter.at(place.Start)),
                           value.facts);
  return Value::runtime(emitter.reduce(reduction, input.asRuntime(), over, emitter.at(place.Start)),
                        value.facts | RuntimeFacts());
}

Value Elaborator::softmax(const AxisList &over, ArrayRef<Value> arguments, SMRange place) {
  if (over.size() != 1)
    return fail(place, "'softmax' is along one axis, found " + toText(over));
  if (!needsAxes(arguments[0], over, place, "what 'softmax' is taken of"))
    return {};
  if (!body)
    return fail(place, "'softmax' is for what depends on tokens");
  mlir::Value extra;
  RuntimeFacts facts = arguments[0].facts | RuntimeFacts();
  if (arguments.size() == 2) {
    if (!needsAxes(arguments[1], {}, place, "the extra term of 'softmax'"))
      return {};
    for (const NamedAxis &axis : axesOf(arguments[1]))
      if (axis == over[0] || !contains(axesOf(arguments[0]), axis.name))
        return fail(place, "the extra term of 'softmax' must have axes of the scores other than '" + over[0].name +
                               "', found " + describe(arguments[1]),
                    "the scores are " + describe(arguments[0]));
    extra = materialize(arguments[1], place.Start);
    facts = facts | arguments[1].facts;
  }
  return Value::runtime(emitter.softmax(materialize(arguments[0], place.Start), extra, over[0],
                                        emitter.at(place.Start)),
                        facts);
}

/// `keep[T -> S](x)`. What is remembered must be the same at every later call.
Value Elaborator::keep(const ast::BracketExpr &expr, const AxisList &from, const AxisList &to, const Value &value,
                       SMRange place) {
  if (!body)
    return fail(place, "'keep' is for what depends on tokens");
  if (body->kind == Body::Kind::Function) {
    body->mustInline = true;
    return {};
  }
  if (from.size() != 1 || to.size() != 1 || from[0].name != "T" || to[0].name != "S")
    return fail(place, "what is kept becomes the tokens so far: write 'keep[T -> S](x)'");
  if (!needsAxes(value, from, place, "what is kept"))
    return {};
  if (contains(axesOf(value), "S"))
    return fail(place, "what is kept must have the axis T and not S", "it is " + describe(value),
                "keep what it is computed from instead");
  if (value.facts.lengthNumber)
    return fail(place, "what is kept depends on the number S or T, so that it would change as the text grows",
                "only comparisons of S with constants are allowed, which make regimes",
                "compute it from 'position[T]', or compare S with a constant");
  keepsRegimes |= value.facts.regime;
  std::string name = "keep";
  if (directValue == &expr)
    name = directTarget.str();
  else if (auto *local = dyn_cast<ast::NameExpr>(expr.args[0]))
    name = local->name.str();
  bool numbered = name == "keep";
  std::string cache = numbered ? "keep0" : name;
  for (unsigned i = 1; !body->caches.insert(cache).second; ++i)
    cache = name + (numbered ? "" : ".") + std::to_string(i);
  return Value::runtime(emitter.keep(value.asRuntime(), from[0], to[0], cache, emitter.at(place.Start)),
                        value.facts | RuntimeFacts());
}

Value Elaborator::top(const AxisList &from, const AxisList &to, const Value &value, SMRange place) {
  if (from.size() != 1 || to.size() != 1)
    return fail(place, "'top' makes one axis of one: 'top[E -> K](score)'");
  if (!needsAxes(value, from, place, "what 'top' chooses from"))
    return {};
  if (from[0].isDynamic() || to[0].isDynamic() || to[0].size > from[0].size)
    return fail(place, "'top' cannot choose " + toText(to) + " of " + toText(from));
  if (!body)
    return fail(place, "'top' is for what depends on tokens");
  auto [best, where] = emitter.top(materialize(value, place.Start), from[0], to[0], emitter.at(place.Start));
  RuntimeFacts facts = value.facts | RuntimeFacts();
  return Value::list({Value::runtime(best, facts), Value::runtime(where, facts)});
}

Value Elaborator::roundTo(ArrayRef<Value> arguments, SMRange place) {
  if (arguments.size() != 2 || !arguments[0].is(Value::Kind::Text))
    return fail(place, "expected 'round_to(FORMAT, x)'");
  auto op = StringSwitch<std::optional<MathOp>>(arguments[0].asText())
                .Case("bfloat16", MathOp::RoundBF16)
                .Case("float16", MathOp::RoundF16)
                .Case("float32", MathOp::RoundF32)
                .Default(std::nullopt);
  if (!op)
    return fail(place, "'round_to' knows \"bfloat16\", \"float16\" and \"float32\", found " + describe(arguments[0]),
                entryNote(arguments[0]));
  if (*op == MathOp::RoundF32 && arguments[1].isRuntime() && kindOf(arguments[1]) == NumberKind::Real)
    return arguments[1];
  return elementwise(*op, arguments.drop_front(), place);
}

Value Elaborator::builtinCall(StringRef name, const ast::CallExpr &expr, Frame &frame) {
  SMRange place = expr.range();
  std::optional<MathFunction> math = mathFunction(name);
  SaveAndRestore texts(tensorTexts, tensorTexts && math);
  auto arguments = evalArguments(expr.args, frame);
  if (!arguments)
    return {};
  if (math) {
    if (arguments->size() != math->arguments)
      return fail(place, "'" + name + "' takes " + Twine(math->arguments) + " arguments, found " +
                             Twine(arguments->size()));
    if (frame.isTable() && any_of(*arguments, [](const Value &value) { return value.is(Value::Kind::None); }))
      return Value::none();
    return elementwise(math->op, *arguments, place);
  }
  if (name == "round_to")
    return roundTo(*arguments, place);
  bool oneText = arguments->size() == 1 && arguments->front().is(Value::Kind::Text);
  if (name == "error" && oneText)
    return fail(place, interpolate(arguments->front().asText(), frame));
  if (name == "stored" && oneText && frame.isTable()) {
    StringSet<> before = tensorsRead; // asking is not reading
    Value found = tensor(arguments->front().asText(), frame, place);
    tensorsRead = std::move(before);
    return found ? Value::flag(!found.is(Value::Kind::None)) : Value();
  }
  if (name == "mxfp4")
    return mxfp4(*arguments, frame, place);
  return fail(expr.callee->range(), "there is no function '" + name + "'", "",
              didYouMean(name, knownNames(frame)));
}
