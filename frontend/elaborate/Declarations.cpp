//===- Declarations.cpp - sizes, numbers, flags, texts of a model ---------===//
//
// Gives the model's declarations the values of the table, else their own; checks that each is what it is declared to be.
//
//===----------------------------------------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Print.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

bool Elaborator::bindModel(const ast::Block &block) {
  for (const ast::Stmt *stmt : block.stmts) {
    if (auto *decl = dyn_cast<ast::DeclStmt>(stmt)) {
      if (!bindDecl(*decl))
        return false;
    } else if (auto *choice = dyn_cast<ast::IfStmt>(stmt)) {
      std::optional<bool> holds = truth(eval(*choice->condition, root), choice->condition->range());
      if (!holds)
        return false;
      if (*holds ? !bindModel(choice->thenBlock) : choice->elseBlock && !bindModel(*choice->elseBlock))
        return false;
    }
  }
  return true;
}

bool Elaborator::bindDecl(const ast::DeclStmt &decl) {
  for (const ast::DeclItem &item : decl.items)
    for (const ast::Name &name : item.names) {
      if (decl.declKind != ast::DeclKind::Weight) {
        if (!bindPlain(decl.declKind, item, name))
          return false;
        continue;
      }
      // A layer's weight of the same name would be meant by `heddle.weight "name"` in its body.
      bool shadowed = any_of(layerWeightNames, [&](auto &layer) { return layer.second.contains(name.text); });
      std::string symbol = (shadowed ? "page." : "") + name.text.str();
      Value value = bindWeight(item, name, &tableFrame, root, symbol);
      if (!value)
        return false;
      root.values[name.text] = value;
    }
  return true;
}

/// The value by hand, from the table, or its own default.
bool Elaborator::bindPlain(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name) {
  Value value = Value::none();
  SMRange place = name.range;
  if (auto byHand = overrides.values.find(name.text.str()); byHand != overrides.values.end()) {
    value = Value::number(kind == ast::DeclKind::Flag ? Number::flag(byHand->second != 0)
                                                      : Number::real(byHand->second));
  } else if (const Value *set = tableFrame.find(name.text)) {
    value = *set;
    if (SMRange row = tableFrame.placeOf(name.text); row.isValid())
      place = row;
  }
  const ast::Expr *own = item.value ? item.value : item.fallback;
  if (value.is(Value::Kind::None) && own) {
    value = eval(*own, root);
    if (!value)
      return false;
  } else if (value.is(Value::Kind::None)) {
    std::string help = checkpoint ? "set it in the table, or give it a default: '" + name.text.str() + " = ...'"
                                  : "set it by hand: --set " + name.text.str() + "=NUMBER";
    fail(place, (checkpoint ? "no row gives '" : "nothing gives '") + name.text + "' a value", entryNote(value), help);
    return false;
  }
  if (!value.is(Value::Kind::None))
    value = coerce(kind, item, name, value, place);
  if (!value || (kind == ast::DeclKind::Size && !declareSize(name, value, root, nullptr)))
    return false;
  root.values[name.text] = value;
  return true;
}

/// Makes `name` an axis of the frame, where it has a value.
bool Elaborator::declareSize(const ast::Name &name, const Value &value, Frame &frame, const void *owner) {
  if (value.is(Value::Kind::None))
    return true;
  std::optional<NamedAxis> axis = axes.declare(name.text, int64_t(value.asNumber().value), owner);
  if (!axis) {
    fail(name.range, "'" + name.text + "' has another size elsewhere on this page: " +
                         toText(AxisList{*axes.find(name.text)}));
    return false;
  }
  frame.axes[name.text] = {*axis};
  return true;
}

Value Elaborator::coerce(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name, Value value,
                         SMRange place) {
  if (item.type)
    return coerceTensor(kind, item, name, value, place);
  auto wrong = [&](const Twine &expected) {
    return fail(place, ast::spelling(kind) + " '" + name.text + "' must be " + expected + ", found " + describe(value),
                entryNote(value));
  };
  bool isNumber = value.isNumber() && !value.isFlag();
  switch (kind) {
  case ast::DeclKind::Size:
  case ast::DeclKind::Integer: {
    std::optional<int64_t> whole = isNumber ? wholeNumber(value.asNumber().value) : std::nullopt;
    if (!whole)
      return wrong("a whole number");
    if (kind == ast::DeclKind::Size && *whole < 0)
      return wrong("at least 0");
    return Value::number(Number::integer(double(*whole)));
  }
  case ast::DeclKind::Real:
    return isNumber ? Value::number(Number::real(value.asNumber().value)) : wrong("a number");
  case ast::DeclKind::Flag:
    return value.isFlag() ? value : wrong("true or false");
  case ast::DeclKind::Text:
    return value.is(Value::Kind::Text) ? value : wrong("a text");
  case ast::DeclKind::Weight:
    break;
  }
  llvm_unreachable("weights are bound elsewhere");
}

/// `real freq: [hd/2]` and `flag local: [layers]`.
Value Elaborator::coerceTensor(ast::DeclKind kind, const ast::DeclItem &item, const ast::Name &name, Value value,
                               SMRange place) {
  AxisList expected;
  if (!resolveType(*item.type, root, expected))
    return {};
  value = readStored(value, place);
  if (!value)
    return {};
  if (value.is(Value::Kind::List)) {
    if (product(expected) != int64_t(value.asList().size()))
      return fail(place, "'" + name.text + "' must have an item for each index of " + toText(expected) + ", found " +
                             describe(value),
                  entryNote(value));
    return kind == ast::DeclKind::Real ? listTensor(value, expected, place) : value;
  }
  if (value.isNumber() && kind != ast::DeclKind::Real) // one for all: `flag local: [layers] else true`
    return Value::list(std::vector<Value>(size_t(std::min(product(expected).value_or(0), largestConstant)), value));
  if (value.isNumber())
    return value;
  if (!value.is(Value::Kind::Constant) || !sameSet(value.asConstant()->axes, expected))
    return fail(place, "'" + name.text + "' must have the axes " + toText(expected) + ", found " + describe(value),
                entryNote(value));
  return value;
}

/// A list of numbers along `axes`.
Value Elaborator::listTensor(const Value &list, const AxisList &axes, SMRange place) {
  auto tensor = std::make_shared<ConstantTensor>(ConstantTensor{axes, NumberKind::Integer, {}});
  if (product(axes) != int64_t(list.asList().size()))
    return fail(place, "expected a list with a number for each index of " + toText(axes) + ", found " + describe(list),
                entryNote(list));
  for (const Value &item : list.asList()) {
    if (!item.isNumber() || item.isFlag())
      return fail(place, "expected a list of numbers, found " + describe(item) + " in it", entryNote(list));
    if (!item.asNumber().isInteger())
      tensor->kind = NumberKind::Real;
    tensor->values.push_back(item.asNumber().value);
  }
  return Value::constant(tensor);
}

/// `size two = 2` and the like inside of functions, layers and entries.
bool Elaborator::runLocalDecl(const ast::DeclStmt &decl, Frame &frame) {
  if (decl.declKind == ast::DeclKind::Weight)
    return declareLayerWeights(decl, frame);
  for (const ast::DeclItem &item : decl.items)
    for (const ast::Name &name : item.names) {
      Value value = item.value ? eval(*item.value, frame)
                               : fail(name.range, "a local " + ast::spelling(decl.declKind) + " needs a value", "",
                                      "write '" + ast::spelling(decl.declKind) + " " + name.text + " = ...'");
      if (value && !value.is(Value::Kind::None))
        value = coerce(decl.declKind, item, name, value, name.range);
      if (!value)
        return false;
      if (decl.declKind == ast::DeclKind::Size && !declareSize(name, value, frame, &item))
        return false;
      frame.values[name.text] = value;
    }
  return true;
}
