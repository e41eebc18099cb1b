//===- ResolveAxes.cpp - from names on the page to axes -------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Print.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// What `name` stands for, without a divisor: bracket axes, the page's sizes, T, S, U, and in a table any whole number.
std::optional<AxisList> Elaborator::baseAxes(StringRef name, Frame &frame) {
  for (const Frame *f = &frame; f; f = f->up) {
    if (auto known = f->axes.find(name); known != f->axes.end())
      return known->second;
    auto value = f->values.find(name);
    if (!f->isTable() || value == f->values.end() || !value->second.isNumber())
      continue;
    std::optional<int64_t> size = wholeNumber(value->second.asNumber().value);
    if (!size || *size < 0)
      return std::nullopt;
    if (std::optional<NamedAxis> axis = axes.declare(name, *size, nullptr))
      return AxisList{*axis};
    return std::nullopt;
  }
  if (name == "T" || name == "S" || name == "U" || frame.isTable())
    if (std::optional<NamedAxis> axis = axes.find(name))
      return AxisList{*axis};
  if (!name.ends_with("'"))
    return std::nullopt;
  std::optional<AxisList> like = baseAxes(name.drop_back(), frame);
  if (!like || like->size() != 1)
    return std::nullopt;
  if (std::optional<NamedAxis> axis = axes.declare(name, like->front().size, nullptr))
    return AxisList{*axis};
  return std::nullopt;
}

bool Elaborator::resolveAxis(const ast::Axis &axis, Frame &frame, AxisList &out, bool report) {
  std::optional<AxisList> base = baseAxes(axis.name.text, frame);
  if (!base) {
    if (report) {
      const Value *value = frame.find(axis.name.text);
      std::string found = value && (value->is(Value::Kind::None) || value->isNumber())
                              ? " is " + value->describe() + " here, so it is no axis"
                              : " is not the name of an axis here";
      fail(axis.range, "'" + axis.name.text + "'" + found);
    }
    return false;
  }
  if (axis.divisor != 1) {
    std::optional<NamedAxis> part = base->size() == 1 ? axes.divide(base->front(), axis.divisor) : std::nullopt;
    if (!part) {
      if (report)
        fail(axis.range, "'" + heddle::toText(axis) + "' must be a whole part of one axis, found " + toText(*base));
      return false;
    }
    *base = {*part};
  }
  out.append(base->begin(), base->end());
  return true;
}

bool Elaborator::resolveProduct(const ast::Product &product, Frame &frame, AxisList &out) {
  for (const ast::Factor &factor : product.factors) {
    if (factor.kind == ast::Factor::Kind::Sum) {
      fail(factor.range, "a sum of axes must stand alone here");
      return false;
    }
    if (factor.kind == ast::Factor::Kind::Axis && !resolveAxis(factor.axis, frame, out))
      return false;
  }
  return true;
}

bool Elaborator::resolveType(const ast::Dims &dims, Frame &frame, AxisList &out) {
  for (const ast::Sum &sum : dims.dims) {
    if (sum.terms.size() != 1) {
      fail(dims.range, "a type has no sums of axes");
      return false;
    }
    if (!resolveProduct(sum.terms[0], frame, out))
      return false;
  }
  for (size_t i = 0; i < out.size(); ++i)
    if (contains(ArrayRef(out).take_front(i), out[i].name)) {
      fail(dims.range, "axis '" + out[i].name + "' stands twice in a type");
      return false;
    }
  return true;
}
