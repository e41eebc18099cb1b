//===- Expressions.cpp - what an expression is worth ----------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"
#include <cmath>

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;
using Kind = ast::Expr::Kind;

Value Elaborator::eval(const ast::Expr &expr, Frame &frame) {
  switch (expr.kind()) {
  case Kind::Number: {
    auto &number = cast<ast::NumberExpr>(expr);
    return Value::number({number.integer ? NumberKind::Integer : NumberKind::Real, number.value});
  }
  case Kind::Text: {
    auto &text = cast<ast::TextExpr>(expr);
    return tensorTexts ? tensor(text.value, frame, text.range()) : Value::text(text.value);
  }
  case Kind::Name:
    return evalName(cast<ast::NameExpr>(expr).name, frame, expr.range());
  case Kind::Tuple:
    return evalItems(cast<ast::TupleExpr>(expr).elements, frame);
  case Kind::List:
    return evalItems(cast<ast::ListExpr>(expr).elements, frame);
  case Kind::Field: {
    auto &field = cast<ast::FieldExpr>(expr);
    return this->field(eval(*field.base, frame), field, frame);
  }
  case Kind::As:
    return evalAs(cast<ast::AsExpr>(expr), frame);
  case Kind::Lookup:
    return evalLookup(cast<ast::LookupExpr>(expr), frame);
  case Kind::Bracket:
    return evalBracket(cast<ast::BracketExpr>(expr), frame);
  case Kind::Index: {
    auto &index = cast<ast::IndexExpr>(expr);
    Value list = eval(*index.base, frame), place = eval(*index.index, frame);
    return evalIndex(list, place, frame, expr.range());
  }
  case Kind::Call:
    return evalCall(cast<ast::CallExpr>(expr), frame);
  case Kind::Unary:
    return evalUnary(cast<ast::UnaryExpr>(expr), frame);
  case Kind::Binary:
    return evalBinary(cast<ast::BinaryExpr>(expr), frame);
  case Kind::IsNone: {
    auto &test = cast<ast::IsNoneExpr>(expr);
    Value value = eval(*test.operand, frame);
    return value ? Value::flag(value.is(Value::Kind::None) != test.negated) : Value();
  }
  case Kind::Contract:
    return evalContract(cast<ast::ContractExpr>(expr), frame);
  case Kind::Else:
    return evalElse(cast<ast::ElseExpr>(expr), frame);
  case Kind::If:
    return evalIf(cast<ast::IfExpr>(expr), frame);
  }
  llvm_unreachable("not an expression");
}

std::vector<StringRef> Elaborator::knownNames(const Frame &frame) const {
  std::vector<StringRef> names;
  for (const Frame *f = &frame; f; f = f->up) {
    append_range(names, f->values.keys());
    append_range(names, f->axes.keys());
  }
  append_range(names, modelFunctions.keys());
  append_range(names, libraryFunctions.keys());
  return names;
}

Value Elaborator::evalName(StringRef name, Frame &frame, SMRange place) {
  if (const Value *value = frame.find(name)) {
    if (!value->is(Value::Kind::Weight))
      return *value;
    if (body)
      return useWeight(value->asWeight());
    return fail(place, "the weight '" + name + "' is not known when compiling");
  }
  if (name == "none")
    return Value::none();
  if (name == "true" || name == "false")
    return Value::flag(name == "true");
  if (name == "inf")
    return Value::number(Number::real(INFINITY));
  if (name == "pi")
    return Value::number(Number::real(M_PI));
  for (const Frame *f = &frame; f; f = f->up)
    if (auto known = f->axes.find(name); known != f->axes.end())
      if (std::optional<int64_t> size = product(known->second))
        return Value::number(Number::integer(double(*size)));
  if (frame.isTable())
    return configEntry(name);
  if (name == "T" || name == "S" || name == "U") {
    if (!body)
      return fail(place, "'" + name + "' is known only at run time");
    RuntimeFacts facts;
    facts.lengthNumber = name != "U";
    facts.isLength = name == "S";
    return Value::runtime(emitter.extent(*axes.find(name), emitter.at(place.Start)), facts);
  }
  if (const ast::FnDecl *fn = findFunction(name); fn && fn->params.empty() && fn->axes.empty())
    return call(*fn, {}, {}, place);
  return fail(place, "'" + name + "' is not known here", "", didYouMean(name, knownNames(frame)));
}

Value Elaborator::evalItems(ArrayRef<const ast::Expr *> items, Frame &frame) {
  std::optional<std::vector<Value>> values = evalArguments(items, frame);
  return values ? Value::list(std::move(*values)) : Value();
}

std::optional<std::vector<Value>> Elaborator::evalArguments(ArrayRef<const ast::Expr *> arguments, Frame &frame) {
  std::vector<Value> values;
  for (const ast::Expr *argument : arguments) {
    values.push_back(eval(*argument, frame));
    if (!values.back())
      return std::nullopt;
  }
  return values;
}

Value Elaborator::evalElse(const ast::ElseExpr &expr, Frame &frame) {
  Value value = eval(*expr.value, frame);
  if (!value || !value.is(Value::Kind::None))
    return value;
  Value other = eval(*expr.fallback, frame);
  if (other.is(Value::Kind::None)) {
    other.missing = value.missing + (value.missing.empty() || other.missing.empty() ? "" : " or ") + other.missing;
    if (other.entry.empty())
      other.entry = value.entry;
  } else if (other && !value.missing.empty() && !probing &&
             notedDefaults.insert(std::to_string((uintptr_t)expr.loc().getPointer())).second) {
    notices.defaults.push_back("no tensor " + value.missing + ", so " + other.describe() + " is taken");
  }
  return other;
}

Value Elaborator::evalIf(const ast::IfExpr &expr, Frame &frame) {
  Value condition;
  {
    SaveAndRestore texts(tensorTexts, false);
    condition = eval(*expr.condition, frame);
  }
  if (condition && condition.isRuntime() && condition.facts.condition) {
    Value a = eval(*expr.thenValue, frame), b = a ? eval(*expr.elseValue, frame) : Value();
    return b ? elementwise(MathOp::Where, {condition, a, b}, expr.range()) : Value();
  }
  std::optional<bool> holds = truth(condition, expr.condition->range());
  return holds ? eval(*holds ? *expr.thenValue : *expr.elseValue, frame) : Value();
}

//===- operators ----------------------------------------------------------===//

static MathOp mathOp(ast::BinaryOp op) {
  switch (op) {
  case ast::BinaryOp::Add:
    return MathOp::Add;
  case ast::BinaryOp::Sub:
    return MathOp::Sub;
  case ast::BinaryOp::Mul:
    return MathOp::Mul;
  case ast::BinaryOp::Div:
    return MathOp::Div;
  case ast::BinaryOp::FloorDiv:
    return MathOp::FloorDiv;
  case ast::BinaryOp::Mod:
    return MathOp::Mod;
  case ast::BinaryOp::Pow:
    return MathOp::Pow;
  case ast::BinaryOp::Lt:
    return MathOp::Lt;
  case ast::BinaryOp::Le:
    return MathOp::Le;
  case ast::BinaryOp::Gt:
    return MathOp::Gt;
  case ast::BinaryOp::Ge:
    return MathOp::Ge;
  case ast::BinaryOp::Eq:
    return MathOp::Eq;
  case ast::BinaryOp::Ne:
    return MathOp::Ne;
  case ast::BinaryOp::And:
    return MathOp::And;
  case ast::BinaryOp::Or:
    return MathOp::Or;
  case ast::BinaryOp::In:
    break;
  }
  llvm_unreachable("'in' is no arithmetic");
}

Value Elaborator::evalUnary(const ast::UnaryExpr &expr, Frame &frame) {
  Value value = eval(*expr.operand, frame);
  if (!value)
    return {};
  if (expr.op == ast::UnaryOp::Not && (value.is(Value::Kind::None) || value.isNumber())) {
    std::optional<bool> holds = truth(value, expr.operand->range());
    return holds ? Value::flag(!*holds) : Value();
  }
  if (value.is(Value::Kind::None) && frame.isTable())
    return value;
  if (value.is(Value::Kind::Stored) && expr.op == ast::UnaryOp::Negate)
    return storedArithmetic(MathOp::Mul, value, Value::number(Number::integer(-1)), expr.range());
  return elementwise(expr.op == ast::UnaryOp::Not ? MathOp::Not : MathOp::Neg, {value}, expr.range());
}

/// `and`, `or`: the right side is not asked where the left one decides.
Value Elaborator::evalLogical(const ast::BinaryExpr &expr, Frame &frame) {
  bool isAnd = expr.op == ast::BinaryOp::And;
  Value left = eval(*expr.left, frame);
  if (!left)
    return {};
  if (!left.isRuntime() && !left.is(Value::Kind::Constant)) {
    std::optional<bool> holds = truth(left, expr.left->range());
    if (!holds || *holds != isAnd)
      return holds ? Value::flag(*holds) : Value();
    Value right = eval(*expr.right, frame);
    if (!right || right.isRuntime() || right.is(Value::Kind::Constant))
      return right;
    holds = truth(right, expr.right->range());
    return holds ? Value::flag(*holds) : Value();
  }
  Value right = eval(*expr.right, frame);
  if (right.is(Value::Kind::None))
    right = Value::flag(false);
  return right ? elementwise(mathOp(expr.op), {left, right}, expr.opRange) : Value();
}

Value Elaborator::evalBinary(const ast::BinaryExpr &expr, Frame &frame) {
  using Op = ast::BinaryOp;
  bool arithmetic = is_contained({Op::Add, Op::Sub, Op::Mul, Op::Div, Op::FloorDiv, Op::Mod, Op::Pow}, expr.op);
  SaveAndRestore texts(tensorTexts, tensorTexts && arithmetic);
  if (expr.op == Op::And || expr.op == Op::Or)
    return evalLogical(expr, frame);
  Value left = eval(*expr.left, frame);
  Value right = left ? eval(*expr.right, frame) : Value();
  if (!right)
    return {};
  if (expr.op == Op::In) {
    if (!right.is(Value::Kind::List))
      return right.is(Value::Kind::None) ? Value::flag(false)
                                         : fail(expr.right->range(), "'in' needs a list, found " + describe(right));
    return Value::flag(any_of(right.asList(), [&](const Value &item) { return left.equals(item).value_or(false); }));
  }
  if (expr.op == Op::Eq || expr.op == Op::Ne)
    if (std::optional<bool> equal = left.equals(right); equal && !left.isRuntime() && !right.isRuntime() &&
                                                        !left.is(Value::Kind::Constant) &&
                                                        !right.is(Value::Kind::Constant))
      return Value::flag(*equal == (expr.op == Op::Eq));
  for (const Value *side : {&left, &right})
    if (side->is(Value::Kind::None)) {
      if (frame.isTable())
        return *side;
      return fail(side == &left ? expr.left->range() : expr.right->range(),
                  "'" + ast::spelling(expr.op) + "' needs a number, found none", entryNote(*side));
    }
  if (left.is(Value::Kind::Stored) || right.is(Value::Kind::Stored))
    return storedArithmetic(mathOp(expr.op), left, right, expr.opRange);
  return elementwise(mathOp(expr.op), {left, right}, expr.opRange);
}

//===- calls and brackets -------------------------------------------------===//

Value Elaborator::evalIndex(const Value &list, const Value &index, Frame &frame, SMRange place) {
  if (!list || !index)
    return {};
  if (list.is(Value::Kind::None) && frame.isTable())
    return list;
  if (!list.is(Value::Kind::List))
    return fail(place, "only lists, layers and functions have brackets, found " + describe(list));
  std::optional<int64_t> at = index.isNumber() ? wholeNumber(index.asNumber().value) : std::optional<int64_t>();
  if (!at || *at < 0 || *at >= int64_t(list.asList().size()))
    return fail(place, "the index must be a whole number from 0 to " + Twine(int64_t(list.asList().size()) - 1) +
                           ", found " + describe(index),
                entryNote(list));
  return list.asList()[*at];
}

Value Elaborator::evalCall(const ast::CallExpr &expr, Frame &frame) {
  if (auto *index = dyn_cast<ast::IndexExpr>(expr.callee))
    if (auto *name = dyn_cast<ast::NameExpr>(index->base))
      if (const ast::LayerDecl *layer = layers.lookup(name->name)) {
        Value number = eval(*index->index, frame);
        auto arguments = evalArguments(expr.args, frame);
        return number && arguments ? invoke(*layer, number, std::move(*arguments), expr.range()) : Value();
      }
  auto *name = dyn_cast<ast::NameExpr>(expr.callee);
  if (!name)
    return fail(expr.callee->range(), "this cannot be called");
  if (const ast::FnDecl *fn = findFunction(name->name)) {
    auto arguments = evalArguments(expr.args, frame);
    return arguments ? call(*fn, {}, std::move(*arguments), expr.range()) : Value();
  }
  return builtinCall(name->name, expr, frame);
}

Value Elaborator::evalBracket(const ast::BracketExpr &expr, Frame &frame) {
  auto *base = dyn_cast<ast::NameExpr>(expr.base);
  const ast::LayerDecl *layer = base ? layers.lookup(base->name) : nullptr;
  const Value *local = base ? frame.find(base->name) : nullptr;
  const ast::FnDecl *fn = base && !local ? findFunction(base->name) : nullptr;
  if (!local && base && isBuiltin(base->name) && !fn)
    return builtinBracket(base->name, expr, frame);
  if (fn) {
    std::vector<AxisList> groups;
    for (const ast::AxisGroup &group : expr.groups) {
      AxisList &list = groups.emplace_back();
      for (const ast::Axis &axis : group.axes)
        if (!resolveAxis(axis, frame, list))
          return {};
    }
    auto arguments = evalArguments(expr.args, frame);
    return arguments ? call(*fn, groups, std::move(*arguments), expr.range()) : Value();
  }
  if (!expr.index)
    return fail(expr.base->range(), "only a function has several axes in its brackets", "",
                base ? didYouMean(base->name, knownNames(frame)) : "");
  Value index = eval(*expr.index, frame);
  if (layer && !local) {
    auto arguments = evalArguments(expr.args, frame);
    return index && arguments ? invoke(*layer, index, std::move(*arguments), expr.range()) : Value();
  }
  return evalIndex(eval(*expr.base, frame), index, frame, expr.range());
}
