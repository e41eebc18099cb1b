//===- CheckAxes.cpp - what names axes ------------------------------------===//

#include "frontend/language/Checker.h"
#include "frontend/language/Print.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::Twine;
using Kind = Value::Kind;

//===----------------------------------------------------------------------===//
// Contraction
//===----------------------------------------------------------------------===//

static bool hasSequence(const Axes &axes) { return llvm::any_of(axes, AxisSpace::isSequence); }

Value Checker::evalContract(const ContractExpr &expr, State &state) {
  std::optional<Value> left = number(expr.left, state, "'@'"), right = number(expr.right, state, "'@'");
  Axes over;
  bool understood = left && right;
  for (const Axis &axis : expr.over) {
    std::optional<Axes> axes = axesOf(axis, state);
    understood = understood && axes;
    if (axes)
      unite(over, *axes);
  }
  if (!understood || left->isWild() || right->isWild())
    return Value::wild();
  Axes shared = left->allAxes();
  llvm::erase_if(shared, [&](AxisId axis) { return !right->has(axis); });
  std::string facts = "left " + (quoted(expr.left, "") + " is " + show(*left)) + ", right " +
                      (quoted(expr.right, "") + " is " + show(*right)) + "; they share " +
                      (shared.empty() ? "nothing" : space.list(shared));
  if (expr.over.empty()) {
    if (shared.empty()) {
      diagnostics.error(expr.opRange, "'@' needs an axis that both sides have")
          .mark(expr.left->range())
          .mark(expr.right->range())
          .note(facts)
          .help("for a product element by element, write '*'");
      return Value::wild();
    }
    if (hasSequence(left->allAxes()) && hasSequence(right->allAxes())) {
      llvm::erase_if(shared, AxisSpace::isSequence);
      auto error =
          diagnostics.error(expr.opRange, "'@' between two values that depend on tokens must say 'over' what")
              .mark(expr.left->range())
              .mark(expr.right->range())
              .note(facts);
      if (!shared.empty())
        error.help("write '" + StringRef(quoted(expr.left, "...")).trim('\'') + " @ " +
                   StringRef(quoted(expr.right, "...")).trim('\'') + " over " + space.name(shared.back()) +
                   "'");
      return Value::wild();
    }
    over = shared;
  }
  for (AxisId axis : over) {
    bool inLeft = left->has(axis), inRight = right->has(axis);
    if (inLeft && inRight)
      continue;
    std::string which = !inLeft && !inRight ? "neither side" : !inLeft ? "the left side" : "the right side";
    std::string text = which + " of '@ over " + space.name(axis) + "' has " +
                       (which == "neither side" ? "an" : "no") + " axis '" + space.name(axis) + "'";
    auto error = diagnostics.error(expr.opRange, text);
    if (!inLeft)
      error.mark(expr.left->range());
    if (!inRight)
      error.mark(expr.right->range());
    for (const Axis &written : expr.over)
      error.mark(written.range);
    error.note(facts);
    if (contains(shared, AxisSpace::S) && left->has(AxisSpace::T))
      error.help("an attention's weights are summed over the keys: '" +
                 StringRef(quoted(expr.left, "'p'")).trim('\'') + " @ " +
                 StringRef(quoted(expr.right, "'v'")).trim('\'') + " over S'");
    return Value::wild();
  }
  Value result = elementwise({*left, *right}, Kind::Real);
  remove(result.axes, over);
  remove(result.maybe, over);
  return result;
}

//===----------------------------------------------------------------------===//
// Look-up
//===----------------------------------------------------------------------===//

Value Checker::evalLookup(const LookupExpr &expr, State &state) {
  Value base = eval(expr.base, state);
  Axes named;
  std::vector<Value> indices;
  bool understood = true;
  for (const LookupItem &item : expr.items) {
    Value index = eval(item.index, state);
    std::optional<AxisId> axis = oneAxis(item.axis, state, "a look-up");
    understood = understood && axis && appendDistinct(named, *axis, item.axis.range);
    if (!index.isOpen() && index.kind != Kind::Integer) {
      diagnostics.error(item.index->range(), "an index along '" + toText(item.axis) +
                                                 "' must be an integer, found " +
                                                 (index.isNumber() ? "a real number" : show(index)));
      understood = false;
    } else if (axis && !base.isOpen() && !base.has(*axis)) {
      diagnostics
          .error(item.axis.range, quoted(expr.base, "the value") + " has no axis '" + space.name(*axis) + "'")
          .note("it is " + show(base));
      understood = false;
    }
    indices.push_back(std::move(index));
  }
  if (!understood || base.isWild() || base.kind == Kind::Config)
    return Value::wild();
  remove(base.axes, named);
  remove(base.maybe, named);
  Kind kind = base.kind;
  indices.insert(indices.begin(), std::move(base));
  return elementwise(indices, kind);
}

//===----------------------------------------------------------------------===//
// as
//===----------------------------------------------------------------------===//

Value Checker::evalAs(const AsExpr &expr, State &state) {
  bool before = textsAreStored;
  textsAreStored |= scope->place == Place::Table && llvm::isa<TextExpr>(expr.base);
  Value value = eval(expr.base, state);
  textsAreStored = before;
  if (!expr.to)
    return storedForm(expr, value, state);
  if (value.isWild() || value.isNone())
    return value;
  if (value.kind == Kind::Stored) {
    diagnostics.error(expr.as,
                      "a stored tensor needs its own form first, as in '\"name\" as [a b, c] as [a b -> d]'");
    return Value::wild();
  }
  for (const Dims *side : {expr.from, expr.to}) {
    if (side->dims.size() == 1)
      continue;
    diagnostics.error(side->range, "'as' changes one dimension, a product or a sum of axes without commas");
    return Value::wild();
  }
  bool sumBefore = expr.from->dims[0].terms.size() > 1, sumAfter = expr.to->dims[0].terms.size() > 1;
  if (sumBefore && sumAfter) {
    diagnostics.error(expr.as, "'as' makes a sum of axes or takes one apart, not both at once");
    return Value::wild();
  }
  if (sumBefore)
    return joinParts(expr, value, state);
  std::optional<Value> one = number(expr.base, state, "'as'");
  if (!one || one->isWild())
    return Value::wild();
  return sumAfter ? splitInParts(expr, *one, state) : splitAxes(expr, *one, state);
}

/// Removes the axes of the left side from the value's; an axis that is not there is an error.
bool Checker::takeAway(const AsExpr &expr, const Value &value, ArrayRef<AxisId> from, Axes &rest) {
  for (AxisId axis : from) {
    if (value.has(axis))
      continue;
    diagnostics
        .error(expr.from->range, quoted(expr.base, "the value") + " has no axis '" + space.name(axis) + "'")
        .note("it is " + show(value));
    return false;
  }
  rest = value.allAxes();
  remove(rest, from);
  return true;
}

bool Checker::checkSizes(const AsExpr &expr, const Size &from, const Size &to) {
  if (!Size::surelyDiffer(from, to))
    return true;
  SMRange sides(expr.from->range.Start, expr.to->range.End);
  diagnostics.error(
      sides, "the two sides of 'as [" + toText(*expr.from).substr(1, toText(*expr.from).size() - 2) + " -> " +
                 toText(*expr.to).substr(1, toText(*expr.to).size() - 2) + "]' cannot have the same size");
  return false;
}

/// `x as [a b -> c]`: products on both sides.
Value Checker::splitAxes(const AsExpr &expr, const Value &value, State &state) {
  std::optional<Axes> from = axesOf(expr.from->dims[0].terms[0], state);
  std::optional<Axes> to = axesOf(expr.to->dims[0].terms[0], state);
  Axes rest;
  if (!from || !to || !takeAway(expr, value, *from, rest))
    return Value::wild();
  bool renamesSequence = from->size() == 1 && to->size() == 1 && AxisSpace::isSequence((*from)[0]);
  if (!renamesSequence && !checkSizes(expr, space.size(*from), space.size(*to)))
    return Value::wild();
  Value result = value;
  for (AxisId axis : *to) {
    if (contains(rest, axis)) {
      diagnostics.error(expr.to->range, "the result would have the axis '" + space.name(axis) + "' twice")
          .note(quoted(expr.base, "the value") + " is " + show(value));
      return Value::wild();
    }
  }
  // The new axes stand where the first of the old ones stood.
  auto at = llvm::find_if(result.axes, [&](AxisId axis) { return contains(*from, axis); });
  size_t position = at - result.axes.begin();
  remove(result.axes, *from);
  remove(result.maybe, *from);
  result.axes.insert(result.axes.begin() + std::min(position, result.axes.size()), to->begin(), to->end());
  return result;
}

/// `x as [hd -> rot | rest]`: one value for each term.
Value Checker::splitInParts(const AsExpr &expr, const Value &value, State &state) {
  std::optional<Axes> from = axesOf(expr.from->dims[0].terms[0], state);
  Axes rest;
  if (!from || !takeAway(expr, value, *from, rest))
    return Value::wild();
  Value parts = Value::of(Kind::Tuple);
  Size total = Size::number(0);
  for (const Product &term : expr.to->dims[0].terms) {
    std::optional<Axes> to = axesOf(term, state);
    if (!to)
      return Value::wild();
    total = total + space.size(*to);
    Value part = value;
    part.axes = rest;
    part.maybe.clear();
    for (AxisId axis : *to) {
      if (contains(rest, axis)) {
        diagnostics.error(term.range, "the result would have the axis '" + space.name(axis) + "' twice");
        return Value::wild();
      }
      part.axes.push_back(axis);
    }
    parts.parts.push_back(std::move(part));
  }
  return checkSizes(expr, space.size(*from), total) ? parts : Value::wild();
}

/// `(y, z) as [rot | rest -> hd]`: the parts agree in all other axes.
Value Checker::joinParts(const AsExpr &expr, const Value &value, State &state) {
  const Sum &terms = expr.from->dims[0];
  if (value.kind != Kind::Tuple || value.parts.size() != terms.terms.size()) {
    diagnostics
        .error(expr.base->range(), "'as [" + toText(terms) + " -> ...]' joins " + Twine(terms.terms.size()) +
                                       " values, found " + show(value))
        .help("write the parts as '(a, b)'");
    return Value::wild();
  }
  std::optional<Axes> to = axesOf(expr.to->dims[0].terms[0], state);
  if (!to)
    return Value::wild();
  std::optional<Axes> common;
  Size total = Size::number(0);
  for (auto [part, term] : llvm::zip(value.parts, terms.terms)) {
    std::optional<Axes> own = axesOf(term, state);
    if (!own || part.isOpen())
      return Value::wild();
    total = total + space.size(*own);
    for (AxisId axis : *own) {
      if (part.has(axis))
        continue;
      diagnostics
          .error(term.range, "the part for '" + toText(term) + "' has no axis '" + space.name(axis) + "'")
          .note("it is " + show(part));
      return Value::wild();
    }
    Axes rest = part.allAxes();
    remove(rest, *own);
    if (common && !sameSet(*common, rest)) {
      diagnostics.error(expr.base->range(), "the parts must agree in all axes but those that are joined")
          .note("the parts are " + show(value));
      return Value::wild();
    }
    common = rest;
  }
  if (!checkSizes(expr, total, space.size(*to)))
    return Value::wild();
  Value result = elementwise(value.parts, Kind::Real);
  result.axes = *common;
  result.maybe.clear();
  if (!appendDistinct(result.axes, *to, expr.to->range))
    return Value::wild();
  return result;
}

/// `"tensor" as [kv (group hd | hd | hd), d]`: a value for each term of the one sum in it.
Value Checker::storedForm(const AsExpr &expr, const Value &value, State &state) {
  if (!value.isOpen() && value.kind != Kind::Stored && value.kind != Kind::List) {
    diagnostics.error(expr.as, "'as' without '->' says how a tensor is stored, found " + show(value));
    return Value::wild();
  }
  const Sum *sum = nullptr;
  Axes outer;
  for (const Sum &dim : expr.from->dims) {
    std::vector<const Sum *> sums;
    if (dim.terms.size() > 1)
      sums.push_back(&dim);
    else
      for (const Factor &factor : dim.terms[0].factors) {
        if (factor.kind == Factor::Kind::Sum) {
          sums.push_back(factor.sum);
        } else if (factor.kind == Factor::Kind::Axis) {
          std::optional<Axes> axes = axesOf(factor.axis, state);
          if (!axes || !appendDistinct(outer, *axes, factor.range))
            return Value::wild();
        }
      }
    for (const Sum *found : sums) {
      if (sum) {
        diagnostics.error(found->range, "a stored form has one sum of axes at most")
            .note(sum->range, "the other one");
        return Value::wild();
      }
      sum = found;
    }
  }
  if (!sum)
    return Value::tensor(outer, Kind::Real, Value::When::Compile);
  Value parts = Value::of(Kind::Tuple);
  for (const Product &term : sum->terms) {
    std::optional<Axes> own = axesOf(term, state);
    Axes axes = outer;
    if (!own || !appendDistinct(axes, *own, term.range))
      return Value::wild();
    parts.parts.push_back(Value::tensor(axes, Kind::Real, Value::When::Compile));
  }
  return parts.parts.size() == 1 ? parts.parts[0] : parts;
}
