//===- TensorExpressions.cpp - contraction, look-up, `as` -----------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Print.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// Whether a value is a tensor with these axes; `what` names it in the message.
bool Elaborator::needsAxes(const Value &value, const AxisList &wanted, SMRange place, const Twine &what) {
  if (!value)
    return false;
  if (!value.isArithmetic() && !value.isRuntime()) {
    fail(place, what + " must be a tensor, found " + describe(value), entryNote(value));
    return false;
  }
  AxisList found = axesOf(value);
  for (const NamedAxis &axis : wanted)
    if (!contains(found, axis.name)) {
      fail(place, what + " has no axis '" + axis.name + "'", "it is " + describe(value));
      return false;
    }
  return true;
}

//===- contraction --------------------------------------------------------===//

static std::string quoted(ArrayRef<NamedAxis> axes) {
  std::string text;
  for (const NamedAxis &axis : axes)
    text += (text.empty() ? "'" : ", '") + axis.name.str() + "'";
  return text;
}

Value Elaborator::evalContract(const ast::ContractExpr &expr, Frame &frame) {
  Value left = eval(*expr.left, frame);
  Value right = left ? eval(*expr.right, frame) : Value();
  if (!needsAxes(left, {}, expr.left->range(), "the left side of '@'") ||
      !needsAxes(right, {}, expr.right->range(), "the right side of '@'"))
    return {};
  if (!body)
    return fail(expr.opRange, "'@' is for tensors that depend on tokens");
  AxisList leftAxes = axesOf(left), rightAxes = axesOf(right), shared, over;
  for (const NamedAxis &axis : leftAxes)
    if (contains(rightAxes, axis.name))
      shared.push_back(axis);
  std::string note = "left is " + describe(left) + ", right is " + describe(right) +
                     (shared.empty() ? "; they share no axis" : "; they share " + quoted(shared));
  for (const ast::Axis &axis : expr.over)
    if (!resolveAxis(axis, frame, over))
      return {};
  for (const NamedAxis &axis : over)
    for (bool isLeft : {true, false})
      if (!contains(isLeft ? leftAxes : rightAxes, axis.name))
        return fail(expr.opRange, Twine(isLeft ? "the left" : "the right") + " side of '@ over " + axis.name +
                                      "' has no axis '" + axis.name + "'",
                    note);
  if (expr.over.empty()) {
    over = shared;
    auto runs = [](ArrayRef<NamedAxis> list) { return any_of(list, [](auto &axis) { return axis.isDynamic(); }); };
    if (over.empty())
      return fail(expr.opRange, "'@' needs an axis that both sides have", note);
    if (runs(leftAxes) && runs(rightAxes))
      return fail(expr.opRange, "where both sides of '@' have T, S or U, say what is summed over: '@ ... over ...'",
                  note);
  }
  for (const Value *side : {&left, &right})
    if (kindOf(*side) != NumberKind::Real)
      return fail(expr.opRange, "'@' multiplies reals, found " + elaboration::describe(kindOf(*side)), note);
  mlir::Value a = materialize(left, expr.left->loc()), b = materialize(right, expr.right->loc());
  return Value::runtime(emitter.contract(a, b, over, emitter.at(expr.opRange.Start)), left.facts | right.facts);
}

//===- look-up ------------------------------------------------------------===//

Value Elaborator::evalLookup(const ast::LookupExpr &expr, Frame &frame) {
  Value value = eval(*expr.base, frame);
  AxisList picked;
  std::vector<Value> indices;
  for (const ast::LookupItem &item : expr.items) {
    if (!value || !resolveAxis(item.axis, frame, picked))
      return {};
    if (picked.size() != indices.size() + 1)
      return fail(item.axis.range, "a look-up is along single axes, and '" + item.axis.name.text + "' is several");
    indices.push_back(eval(*item.index, frame));
    if (!needsAxes(indices.back(), {}, item.index->range(), "an index"))
      return {};
    if (kindOf(indices.back()) != NumberKind::Integer)
      return fail(item.index->range(), "an index must be an integer, found " +
                                           elaboration::describe(kindOf(indices.back())));
  }
  if (value.isNumber())
    return value; // a number for all of a weight
  if (!needsAxes(value, picked, expr.base->range(), "what is looked up in"))
    return {};

  RuntimeFacts facts = value.facts;
  bool allNumbers = true;
  for (auto [axis, index, item] : zip(picked, indices, expr.items)) {
    facts = facts | index.facts;
    allNumbers &= index.isNumber();
    if (index.isNumber() && !axis.isDynamic() &&
        !(index.asNumber().value >= 0 && index.asNumber().value < double(axis.size)))
      return fail(item.index->range(), "index " + describe(index) + " is out of '" + axis.name + "', which has " +
                                           Twine(axis.size));
    if (index.facts.positionOffset && !axis.isDynamic()) {
      int64_t bound = axis.size - *index.facts.positionOffset;
      positionBound = std::min(positionBound.value_or(bound), bound);
    }
  }
  if (value.is(Value::Kind::Constant) && allNumbers) {
    ConstantRef rest = value.asConstant();
    for (auto [axis, index] : zip(picked, indices))
      rest = pickKnown(*rest, axis, int64_t(index.asNumber().value));
    return rest->axes.empty() ? Value::number({rest->kind, rest->values[0]}) : Value::constant(rest);
  }
  if (!body)
    return fail(expr.range(), "in a table an index must be a known number");
  SmallVector<mlir::Value, 2> places;
  for (auto [index, item] : zip(indices, expr.items))
    places.push_back(materialize(index, item.index->loc()));
  return Value::runtime(emitter.lookup(materialize(value, expr.base->loc()), picked, places, emitter.at(expr.loc())),
                        facts);
}

//===- `as` ---------------------------------------------------------------===//

Value Elaborator::evalAs(const ast::AsExpr &expr, Frame &frame) {
  Value value;
  {
    bool names = isa<ast::TextExpr>(expr.base) || tensorTexts;
    SaveAndRestore texts(tensorTexts, names);
    value = eval(*expr.base, frame);
  }
  if (!value)
    return {};
  if (value.is(Value::Kind::None)) {
    if (frame.isTable())
      return value;
    return fail(expr.base->range(), "'as' needs a tensor, found none", entryNote(value));
  }
  if (value.is(Value::Kind::Stored) && !value.asStored()->shaped) {
    value = shapeStored(value, *expr.from, frame, expr.range());
    if (!value || !expr.to)
      return value;
    return fail(expr.range(), "a stored tensor gets its axes first", "",
                "write '... as " + heddle::toText(*expr.from) + " as [... -> ...]'");
  }
  bool joins = expr.from->dims.size() == 1 && expr.from->dims[0].terms.size() > 1;
  if (value.is(Value::Kind::List) && !joins) {
    AxisList list;
    if (expr.to || !resolveType(*expr.from, frame, list))
      return expr.to ? fail(expr.range(), "'as' needs one tensor, found " + describe(value)) : Value();
    return listTensor(value, list, expr.range());
  }
  if (!expr.to)
    return fail(expr.range(), "'as' without '->' gives axes to a stored tensor or a list, found " + describe(value),
                "", "write what becomes what: 'as [a -> b c]'");
  if (expr.from->dims.size() != expr.to->dims.size())
    return fail(expr.range(), "'as' needs as many groups of axes after '->' as before it");
  for (auto [from, to] : zip(expr.from->dims, expr.to->dims)) {
    AxisList before, after;
    if (from.terms.size() > 1) {
      if (to.terms.size() > 1 || !resolveProduct(to.terms[0], frame, after))
        return to.terms.size() > 1 ? fail(expr.range(), "a sum cannot become a sum") : Value();
      value = join(value, from, after, frame, expr.range());
    } else if (!resolveProduct(from.terms[0], frame, before)) {
      return {};
    } else if (to.terms.size() > 1) {
      value = split(value, to, before, frame, expr.range());
    } else {
      if (!resolveProduct(to.terms[0], frame, after))
        return {};
      value = regroup(value, before, after, expr.range());
    }
    if (!value)
      return {};
  }
  return value;
}

Value Elaborator::regroup(const Value &value, const AxisList &from, const AxisList &to, SMRange place) {
  bool isView = value.is(Value::Kind::Stored);
  AxisList found = isView ? value.asStored()->axisList() : axesOf(value);
  if (value.isNumber())
    return value;
  for (const NamedAxis &axis : from)
    if (!contains(found, axis.name))
      return fail(place, "'as' cannot find the axis '" + axis.name + "'", "what it is applied to is " +
                                                                               toText(found));
  for (const NamedAxis &axis : to)
    if (contains(found, axis.name) && !contains(from, axis.name))
      return fail(place, "axis '" + axis.name + "' would stand twice", "what 'as' is applied to is " + toText(found));
  bool renames = from.size() == 1 && to.size() == 1;
  bool anyDynamic = !product(from) || !product(to);
  if (anyDynamic ? !renames || from[0].isDynamic() != to[0].isDynamic() : product(from) != product(to))
    return fail(place, "'as' keeps the number of elements, but " + toText(from) + " and " + toText(to) + " differ");
  if (isView) {
    if (ViewRef view = regroupView(*value.asStored(), from, to))
      return Value::stored(view);
    Value read = readStored(value, place);
    return read ? regroup(read, from, to, place) : Value();
  }
  if (value.is(Value::Kind::Constant))
    return Value::constant(regroupKnown(*value.asConstant(), from, to));
  if (equal(from, to))
    return value;
  RuntimeFacts facts = value.facts;
  return Value::runtime(emitter.regroup(value.asRuntime(), from, to, emitter.at(place.Start)),
                        facts | RuntimeFacts());
}

/// The axes of a sum's terms, each a single one.
std::optional<AxisList> Elaborator::partsOf(const ast::Sum &sum, Frame &frame, SMRange place) {
  AxisList parts;
  for (const ast::Product &term : sum.terms) {
    size_t before = parts.size();
    if (!resolveProduct(term, frame, parts))
      return std::nullopt;
    if (parts.size() != before + 1 || parts.back().isDynamic()) {
      fail(term.range, "each part of a sum must be one axis with a known size");
      return std::nullopt;
    }
  }
  return parts;
}

static int64_t sumOf(ArrayRef<NamedAxis> parts) {
  int64_t sum = 0;
  for (const NamedAxis &part : parts)
    sum += part.size;
  return sum;
}

/// `x as [hd -> rot | rest]`
Value Elaborator::split(const Value &value, const ast::Sum &to, const AxisList &from, Frame &frame, SMRange place) {
  std::optional<AxisList> parts = partsOf(to, frame, place);
  if (!parts)
    return {};
  bool isView = value.is(Value::Kind::Stored);
  AxisList found = isView ? value.asStored()->axisList() : axesOf(value);
  if (from.size() != 1 || !contains(found, from[0].name) || from[0].isDynamic())
    return fail(place, "what is split must be one axis of known size", "'as' is applied to " + toText(found));
  if (sumOf(*parts) != from[0].size)
    return fail(place, "the parts " + toText(*parts) + " must add up to " + toText(from));
  std::vector<Value> values;
  int64_t offset = 0;
  for (const NamedAxis &part : *parts) {
    ViewRef view = isView ? sliceView(*value.asStored(), from[0], offset, part) : nullptr;
    Value known = isView && !view ? readStored(value, place) : value;
    if (!known)
      return {};
    if (view)
      values.push_back(Value::stored(view));
    else if (known.is(Value::Kind::Constant))
      values.push_back(Value::constant(sliceKnown(*known.asConstant(), from[0], offset, part)));
    else if (part.size == from[0].size)
      values.push_back(regroup(known, from, {part}, place));
    else
      values.push_back(Value::runtime(emitter.slice(known.asRuntime(), from[0], offset, part, emitter.at(place.Start)),
                                      known.facts | RuntimeFacts()));
    offset += part.size;
  }
  return Value::list(std::move(values));
}

/// `(y, z) as [rot | rest -> hd]`
Value Elaborator::join(const Value &value, const ast::Sum &from, const AxisList &to, Frame &frame, SMRange place) {
  std::optional<AxisList> parts = partsOf(from, frame, place);
  if (!parts)
    return {};
  if (!value.is(Value::Kind::List) || value.asList().size() != parts->size())
    return fail(place, "expected " + Twine(parts->size()) + " tensors to join, found " + describe(value));
  if (to.size() != 1 || sumOf(*parts) != to[0].size)
    return fail(place, "the parts " + toText(*parts) + " must add up to one axis, found " + toText(to));
  std::vector<Value> values;
  AxisList kept, outer;
  for (auto [given, part] : zip(value.asList(), *parts)) {
    Value one = readStored(given, place);
    if (!needsAxes(one, {part}, place, "a part"))
      return {};
    AxisList rest = axesOf(one);
    erase_if(rest, [&](const NamedAxis &axis) { return axis == part; });
    if (!kept.empty() && !sameSet(rest, outer))
      return fail(place, "parts that are joined must have the same other axes, found " + toText(outer) + " and " +
                             toText(rest));
    outer = rest;
    if (part.size == 0)
      continue; // the rest after a full rotation
    kept.push_back(part);
    values.push_back(one);
  }
  if (values.size() == 1)
    return regroup(values[0], kept, to, place);
  if (all_of(values, [](const Value &one) { return one.is(Value::Kind::Constant); }) && !values.empty()) {
    SmallVector<ConstantRef, 2> tensors;
    for (const Value &one : values)
      tensors.push_back(one.asConstant());
    return Value::constant(concatKnown(tensors, kept, to[0]));
  }
  if (!body || values.empty())
    return fail(place, "these parts cannot be joined");
  SmallVector<mlir::Value, 2> tensors;
  RuntimeFacts facts;
  for (const Value &one : values) {
    tensors.push_back(materialize(one, place.Start));
    facts = facts | one.facts;
  }
  return Value::runtime(emitter.concat(tensors, kept, to[0], emitter.at(place.Start)), facts);
}
