//===- Tensors.cpp - stored tensors in the rows of a table ----------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Print.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// Tensors that one name may list; more is a mistake in a config.
static constexpr int64_t mostListed = 1 << 16;

/// The name of tensor `index` of a list: the pieces of the name with the numbers of the axes between them.
static std::string listedName(ArrayRef<std::string> pieces, ArrayRef<AxisList> groups, int64_t index) {
  std::string name = pieces.back();
  for (size_t g = groups.size(); g-- > 0;) {
    int64_t count = *product(groups[g]);
    name = pieces[g] + std::to_string(count ? index % count : 0) + name;
    index = count ? index / count : 0;
  }
  return name;
}

/// The stored tensor that a row names, or none. `{i}` is the layer's number; `{E}` stands for one tensor an index.
Value Elaborator::tensor(StringRef text, Frame &frame, SMRange place) {
  if (!frame.isTable() || !checkpoint)
    return fail(place, "stored tensors are named in a checkpoint's table only");
  std::string full = text.consume_front("/") ? text.str() : (frame.tensorPrefix() + text).str();
  auto view = std::make_shared<StoredView>();
  view->name = full;

  SmallVector<std::string, 4> pieces{""};
  SmallVector<AxisList, 2> groups;
  for (StringRef rest = full; !rest.empty();) {
    auto [before, after] = rest.split('{');
    pieces.back() += before;
    if (before.size() == rest.size())
      break;
    auto [inside, tail] = after.split('}');
    rest = tail;
    if (const Value *number = frame.find(inside); number && frame.isNumbered(inside)) {
      pieces.back() += number->describe();
      continue;
    }
    AxisList group;
    for (StringRef name : llvm::split(inside, " "))
      if (!resolveAxis({{name, place}, 1, place}, frame, group))
        return {};
    view->listed.append(group.begin(), group.end());
    groups.push_back(std::move(group));
    pieces.emplace_back();
  }
  std::optional<int64_t> count = product(view->listed);
  if (!count || *count < 1 || *count > mostListed)
    return fail(place, "'" + full + "' would list too many tensors: " + toText(view->listed));

  for (int64_t i = 0; i < *count; ++i) {
    std::string name = listedName(pieces, groups, i);
    const StoredTensor *found = checkpoint->find(name);
    if (!found) {
      Value none = Value::none();
      none.missing = "'" + name + "'";
      if (i == 0)
        return none;
      return fail(place, "the checkpoint has no tensor '" + name + "'",
                  "it has '" + view->tensors.front()->name + "', the first of " + Twine(*count));
    }
    if (i > 0 && (found->shape != view->first().shape || found->type != view->first().type))
      return fail(place, "the tensors of a list must have one shape and format, but '" + name + "' differs from '" +
                             view->first().name + "'");
    view->tensors.push_back(found);
    tensorsRead.insert(name);
  }
  return Value::stored(std::move(view));
}

//===- dimensions ---------------------------------------------------------===//

/// Whether a size's declaration says what it is where no row does; `= none` says only that it may be absent.
static bool hasDefault(const ast::DeclItem &item) {
  auto *name = dyn_cast_or_null<ast::NameExpr>(item.value);
  return item.value && !(name && name->name == "none");
}

/// A size that nothing has set is that of a stored dimension which is just this axis.
void Elaborator::inferSizes(const ast::Dims &dims, Frame &frame, const StoredView &view) {
  if (dims.dims.size() != view.first().shape.size())
    return;
  for (auto [dim, size] : zip(dims.dims, view.first().shape)) {
    if (dim.terms.size() != 1 || dim.terms[0].factors.size() != 1)
      continue;
    const ast::Factor &factor = dim.terms[0].factors[0];
    if (factor.kind != ast::Factor::Kind::Axis || factor.axis.divisor != 1)
      continue;
    StringRef name = factor.axis.name.text;
    auto known = declared.find(name);
    bool isSize = known != declared.end() && known->second.kind == ast::DeclKind::Size;
    const Value *set = tableFrame.find(name);
    if (isSize && (!set || set->is(Value::Kind::None)) && !hasDefault(*known->second.item)) {
      tableFrame.values[name] = Value::number(Number::integer(double(size)));
      tableFrame.places[name] = factor.range;
    }
  }
}

bool Elaborator::resolveSum(const ast::Sum &sum, Frame &frame, DimSum &out) {
  for (const ast::Product &term : sum.terms) {
    DimProduct product;
    for (const ast::Factor &factor : term.factors) {
      if (factor.kind == ast::Factor::Kind::One)
        continue;
      if (factor.kind == ast::Factor::Kind::Sum) {
        auto inner = std::make_shared<DimSum>();
        if (!resolveSum(*factor.sum, frame, *inner))
          return false;
        product.factors.push_back({{}, std::move(inner)});
        continue;
      }
      AxisList factors;
      if (!resolveAxis(factor.axis, frame, factors))
        return false;
      for (const NamedAxis &axis : factors) {
        if (axis.isDynamic()) {
          fail(factor.range, "'" + axis.name + "' is no axis of a stored tensor");
          return false;
        }
        product.factors.push_back({axis, nullptr});
      }
    }
    out.terms.push_back(std::move(product));
  }
  return true;
}

bool Elaborator::resolveDims(const ast::Dims &dims, Frame &frame, const StoredView *view, std::vector<DimSum> &out) {
  if (view)
    inferSizes(dims, frame, *view);
  for (const ast::Sum &sum : dims.dims)
    if (!resolveSum(sum, frame, out.emplace_back()))
      return false;
  return true;
}

/// Every axis of the dimensions with its size: "kv=2, group=2, hd=16, d=64".
static void addSizes(const DimSum &sum, AxisList &axes) {
  for (const DimProduct &term : sum.terms)
    for (const DimFactor &factor : term.factors) {
      if (factor.sum)
        addSizes(*factor.sum, axes);
      else if (!contains(axes, factor.axis.name))
        axes.push_back(factor.axis);
    }
}

/// Gives a stored tensor its axes; several values where the dimensions have sums.
Value Elaborator::shapeStored(const Value &value, const ast::Dims &dims, Frame &frame, SMRange place) {
  const StoredView &view = *value.asStored();
  std::vector<DimSum> sums;
  if (!resolveDims(dims, frame, &view, sums))
    return {};
  SmallVector<int64_t, 4> expected;
  auto views = shapeView(view, sums, expected);
  if (!views) {
    AxisList sizes;
    for (const DimSum &sum : sums)
      addSizes(sum, sizes);
    return fail(place,
                "the stored tensor '" + view.first().name + "' is " + shapeText(view.first().shape) + ", expected " +
                    heddle::toText(dims) + ", which is " + shapeText(expected),
                sys::path::filename(view.first().file) + ": tensor '" + view.first().name + "'; the axes' sizes are " +
                    toText(sizes));
  }
  for (const ViewRef &shaped : *views) {
    AxisList list = shaped->axisList();
    for (size_t i = 0; i < list.size(); ++i)
      if (contains(ArrayRef(list).take_front(i), list[i].name))
        return fail(place, "axis '" + list[i].name + "' stands twice in one weight");
  }
  if (views->size() == 1)
    return Value::stored(views->front());
  std::vector<Value> parts;
  for (ViewRef &part : *views)
    parts.push_back(Value::stored(std::move(part)));
  return Value::list(std::move(parts));
}

//===- numbers ------------------------------------------------------------===//

/// A stored tensor as numbers that are known when compiling.
Value Elaborator::readStored(const Value &value, SMRange place) {
  if (!value.is(Value::Kind::Stored))
    return value;
  const StoredView &view = *value.asStored();
  if (!view.shaped)
    return fail(place, "'" + view.name + "' has no axes yet", "", "say which: '\"" + view.name + "\" as [...]'");
  if (ConstantRef read = readView(view))
    return Value::constant(read);
  return fail(place, "'" + view.name + "' is too large to be computed with when compiling",
              "beyond a factor and a summand, arithmetic on stored tensors is for at most " + Twine(largestConstant) +
                  " numbers");
}

/// Arithmetic with a number is part of the view; anything else is done on the numbers themselves.
Value Elaborator::storedArithmetic(MathOp op, const Value &left, const Value &right, SMRange place) {
  bool onLeft = left.is(Value::Kind::Stored);
  const Value &other = onLeft ? right : left;
  bool simple = other.isNumber() && !other.isFlag() &&
                (op == MathOp::Add || op == MathOp::Sub || op == MathOp::Mul || (op == MathOp::Div && onLeft));
  if (!simple) {
    Value a = readStored(left, place), b = readStored(right, place);
    return a && b ? elementwise(op, {a, b}, place) : Value();
  }
  double number = other.asNumber().value;
  auto view = std::make_shared<StoredView>(*(onLeft ? left : right).asStored());
  if (op == MathOp::Mul || op == MathOp::Div) {
    double factor = op == MathOp::Mul ? number : 1 / number;
    view->scale *= factor;
    view->add *= factor;
  } else {
    if (op == MathOp::Sub && !onLeft) {
      view->scale = -view->scale;
      view->add = -view->add;
    }
    view->add += op == MathOp::Sub && onLeft ? -number : number;
  }
  return Value::stored(std::move(view));
}

/// `mxfp4(blocks, scales)`: the two as one stored tensor; none where the checkpoint does not have them.
Value Elaborator::mxfp4(ArrayRef<Value> arguments, Frame &frame, SMRange place) {
  Value parts[2];
  for (auto [part, argument] : zip(parts, arguments)) {
    if (!argument.is(Value::Kind::Text))
      return fail(place, "'mxfp4' takes the names of two stored tensors");
    part = tensor(argument.asText(), frame, place);
    if (!part || part.is(Value::Kind::None))
      return part;
  }
  const StoredView &blocks = *parts[0].asStored(), &scales = *parts[1].asStored();
  auto view = std::make_shared<StoredView>(blocks);
  view->name += "' and '" + scales.name;
  if (blocks.tensors.size() != scales.tensors.size())
    return fail(place, "'" + view->name + "' must be as many tensors");
  for (auto [tensor, scale] : zip(view->tensors, scales.tensors)) {
    const StoredTensor *joined = checkpoint->joinMxfp4(*tensor, *scale);
    if (!joined)
      return fail(place, "'" + view->name + "' must be bytes of shapes [.., n, 16] and [.., n]",
                  "found " + shapeText(tensor->shape) + " and " + shapeText(scale->shape));
    tensor = joined;
  }
  return Value::stored(std::move(view));
}
