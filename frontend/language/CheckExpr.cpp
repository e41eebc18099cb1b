//===- CheckExpr.cpp - expressions: names and arithmetic ------------------===//

#include "frontend/language/Checker.h"

using namespace heddle;
using namespace heddle::ast;
using namespace heddle::check;
using llvm::cast;
using llvm::Twine;
using Kind = Value::Kind;
using When = Value::When;

Value Checker::eval(const Expr *expr, State &state) {
  switch (expr->kind()) {
  case Expr::Kind::Number: {
    const auto *number = cast<NumberExpr>(expr);
    Value value = Value::of(number->integer ? Kind::Integer : Kind::Real);
    if (number->integer)
      value.size = Size::number(*number->integer);
    return value;
  }
  case Expr::Kind::Text:
    if (textsAreStored)
      checkTextIndices(*cast<TextExpr>(expr), state);
    return Value::of(textsAreStored ? Kind::Stored : Kind::Text);
  case Expr::Kind::Name:
    return evalName(*cast<NameExpr>(expr), state);
  case Expr::Kind::Tuple: {
    Value value = Value::of(Kind::Tuple);
    for (const Expr *element : cast<TupleExpr>(expr)->elements)
      value.parts.push_back(eval(element, state));
    return value;
  }
  case Expr::Kind::List:
    for (const Expr *element : cast<ListExpr>(expr)->elements)
      eval(element, state);
    return Value::of(Kind::List);
  case Expr::Kind::Field:
    return evalField(*cast<FieldExpr>(expr), state);
  case Expr::Kind::As:
    return evalAs(*cast<AsExpr>(expr), state);
  case Expr::Kind::Lookup:
    return evalLookup(*cast<LookupExpr>(expr), state);
  case Expr::Kind::Bracket:
    return evalBracket(*cast<BracketExpr>(expr), state);
  case Expr::Kind::Index:
    return evalIndexed(*expr, cast<IndexExpr>(expr)->base, cast<IndexExpr>(expr)->index, state);
  case Expr::Kind::Call:
    return evalCall(*cast<CallExpr>(expr), state);
  case Expr::Kind::Unary:
    return evalUnary(*cast<UnaryExpr>(expr), state);
  case Expr::Kind::Binary:
    return evalBinary(*cast<BinaryExpr>(expr), state);
  case Expr::Kind::IsNone:
    eval(cast<IsNoneExpr>(expr)->operand, state);
    return Value::of(Kind::Flag);
  case Expr::Kind::Contract:
    return evalContract(*cast<ContractExpr>(expr), state);
  case Expr::Kind::Else:
    return evalElse(*cast<ElseExpr>(expr), state);
  case Expr::Kind::If:
    return evalIf(*cast<IfExpr>(expr), state);
  }
  return Value::wild();
}

/// The binding of a name that a statement, a parameter or the page gave it.
const Binding *Checker::findName(StringRef name, const State &state) {
  if (auto at = state.names.find(name); at != state.names.end())
    return &at->second;
  if (!pageState || !scope->seesPage)
    return nullptr;
  auto at = pageState->names.find(name);
  return at == pageState->names.end() ? nullptr : &at->second;
}

/// The numbers T, S and U are known with the call only.
static Value lengthOf(StringRef name) {
  Value value = Value::of(Kind::Integer);
  value.when = When::Call;
  value.usesLength = true;
  value.size = Size::symbol(name);
  return value;
}

static Value constant(StringRef name) {
  if (name == "none")
    return Value::none();
  return Value::of(name == "inf" || name == "pi" ? Kind::Real : Kind::Flag);
}

Value Checker::evalName(const NameExpr &expr, State &state) {
  StringRef name = expr.name;
  if (const Binding *binding = findName(name, state)) {
    used(name);
    Value value = binding->value;
    if (value.optional) {
      auto known = state.assumptions.find(conditionKey(&expr, state) + " is none");
      if (known != state.assumptions.end() && known->second)
        return Value::none();
      value.optional = known == state.assumptions.end();
    }
    return value;
  }
  if (isConstantName(name))
    return constant(name);
  // In a table every other name is a config entry, whatever functions there are of that name.
  if (scope->place == Place::Table) {
    Value entry = Value::of(Kind::Config);
    entry.optional = true;
    return entry;
  }
  if (name == "T" || name == "S" || name == "U")
    return lengthOf(name);
  if (findFunction(name) || findBuiltin(name, false))
    return callNamed({&expr, expr.range(), name, {}, nullptr, false, {}}, state);
  if (findLayer(name)) {
    diagnostics.error(expr.range(),
                      "'" + name + "' is a layer and is called with its number, as in '" + name + "[i](x)'");
    return Value::wild();
  }
  return unknownName(expr.range(), name, state);
}

std::vector<StringRef> Checker::knownNames(const State &state) {
  std::vector<StringRef> names;
  for (const auto &entry : state.names)
    names.push_back(entry.first);
  if (pageState && scope->seesPage)
    for (const auto &entry : pageState->names)
      names.push_back(entry.first);
  for (const auto &entry : functions)
    names.push_back(entry.first);
  if (seesPageFunctions())
    for (const auto &entry : modelFunctions)
      names.push_back(entry.first);
  for (const Builtin &builtin : builtins())
    names.push_back(builtin.name);
  return names;
}

Value Checker::unknownName(SMRange range, StringRef name, const State &state) {
  auto error = diagnostics.error(range, "'" + name + "' is not known here");
  if (scope->layer) {
    auto layer = layerWeights.find(scope->layer->name.text);
    if (layer != layerWeights.end() && layer->second.count(name)) {
      error.note(layer->second[name].front().range, "declared here, under a condition");
      error.note("it is missing " + assumptionsText(state));
      return Value::wild();
    }
  }
  if (!scope->seesPage && declared.count(name))
    error.note("a function outside of the model sees its parameters, the axes in its brackets, T and S");
  else
    error.help(didYouMean(name, knownNames(state)));
  return Value::wild();
}

/// Refuses what no arithmetic takes; nullopt after an error.
std::optional<Value> Checker::usable(const Expr *expr, Value value, StringRef user) {
  switch (value.kind) {
  case Kind::Text:
  case Kind::List:
  case Kind::Tuple:
  case Kind::None:
    diagnostics.error(expr->range(), user + " takes numbers, found " + show(value));
    return std::nullopt;
  default:
    return value;
  }
}

/// The expression's value if it is a number, with axes or without; nullopt after an error.
std::optional<Value> Checker::number(const Expr *expr, State &state, StringRef user) {
  std::optional<Value> value = usable(expr, eval(expr, state), user);
  if (!value || value->kind != Kind::Flag)
    return value;
  diagnostics
      .error(expr->range(),
             user + " takes numbers, found " + (value->hasAxes() ? "flags " : "") + show(*value))
      .help("'where(condition, 1, 0)' makes numbers of flags");
  return std::nullopt;
}

/// What an operation element by element makes of its operands.
Value Checker::elementwise(ArrayRef<Value> operands, Kind kind) {
  Value result = Value::of(kind);
  for (const Value &operand : operands) {
    if (operand.isWild())
      return Value::wild();
    if (operand.kind == Kind::Stored)
      result.kind = Kind::Stored;
    unite(result.axes, operand.axes);
    unite(result.maybe, operand.maybe);
    result.when = std::max(result.when, operand.when);
    result.usesLength |= operand.usesLength;
  }
  remove(result.maybe, result.axes);
  return result;
}

Value Checker::evalUnary(const UnaryExpr &expr, State &state) {
  if (expr.op == UnaryOp::Negate) {
    std::optional<Value> operand = number(expr.operand, state, "'-'");
    return operand ? elementwise(*operand, operand->kind) : Value::wild();
  }
  Value operand = eval(expr.operand, state);
  if (!operand.isOpen() && operand.kind != Kind::Flag) {
    diagnostics.error(expr.operand->range(), "'not' takes a flag, found " + show(operand));
    return Value::wild();
  }
  return elementwise(operand, Kind::Flag);
}

/// The kind of a number made from two.
static Kind arithmeticKind(BinaryOp op, const Value &a, const Value &b) {
  if (op == BinaryOp::Div || op == BinaryOp::Pow)
    return Kind::Real;
  if (op == BinaryOp::FloorDiv)
    return Kind::Integer;
  if (a.kind == Kind::Real || b.kind == Kind::Real)
    return Kind::Real;
  return a.kind == Kind::Integer || b.kind == Kind::Integer ? Kind::Integer : Kind::Config;
}

static Size arithmeticSize(BinaryOp op, const Value &a, const Value &b) {
  switch (op) {
  case BinaryOp::Add:
    return a.size + b.size;
  case BinaryOp::Sub:
    return a.size - b.size;
  case BinaryOp::Mul:
    return a.size * b.size;
  case BinaryOp::Div:
    return a.size / b.size;
  default:
    return Size::unknown();
  }
}

Value Checker::evalBinary(const BinaryExpr &expr, State &state) {
  std::string op = ("'" + spelling(expr.op) + "'").str();
  switch (expr.op) {
  case BinaryOp::In:
    return evalIn(expr, state);
  case BinaryOp::And:
  case BinaryOp::Or: {
    Value left = eval(expr.left, state), right = eval(expr.right, state);
    for (auto [value, side] : {std::pair(&left, expr.left), std::pair(&right, expr.right)}) {
      if (value->isOpen() || value->kind == Kind::Flag)
        continue;
      diagnostics.error(side->range(), op + " takes flags, found " + show(*value));
      return Value::wild();
    }
    return elementwise({left, right}, Kind::Flag);
  }
  case BinaryOp::Eq:
  case BinaryOp::Ne: {
    Value left = eval(expr.left, state), right = eval(expr.right, state);
    bool comparable =
        left.isOpen() || right.isOpen() || left.kind == right.kind || (left.isNumber() && right.isNumber());
    if (left.isNone() || right.isNone()) {
      diagnostics.error(expr.opRange, "whether a value is there is asked with 'is none' and 'is not none'");
      return Value::wild();
    }
    if (!comparable) {
      diagnostics.error(expr.opRange, op + " compares two of a kind")
          .mark(expr.left->range())
          .mark(expr.right->range())
          .note("the left side is " + show(left) + ", the right side " + show(right));
      return Value::wild();
    }
    return elementwise({left, right}, Kind::Flag);
  }
  default:
    break;
  }
  std::optional<Value> left = number(expr.left, state, op), right = number(expr.right, state, op);
  if (!left || !right)
    return Value::wild();
  bool compares = expr.op == BinaryOp::Lt || expr.op == BinaryOp::Le || expr.op == BinaryOp::Gt ||
                  expr.op == BinaryOp::Ge;
  Value result = elementwise({*left, *right}, compares ? Kind::Flag : arithmeticKind(expr.op, *left, *right));
  if (!compares) {
    result.size = arithmeticSize(expr.op, *left, *right);
    return result;
  }
  // `S > trained` is the one thing that may be asked of the number S.
  auto isS = [](const Expr *e) { return llvm::isa<NameExpr>(e) && cast<NameExpr>(e)->name == "S"; };
  if ((isS(expr.left) && right->when == When::Compile) || (isS(expr.right) && left->when == When::Compile))
    result.usesLength = false;
  return result;
}

Value Checker::evalIn(const BinaryExpr &expr, State &state) {
  Value left = eval(expr.left, state), right = eval(expr.right, state);
  if (!right.isOpen() && right.kind != Kind::List) {
    diagnostics.error(expr.right->range(), "'in' looks through a list, found " + show(right));
    return Value::wild();
  }
  if (left.hasAxes()) {
    diagnostics.error(expr.left->range(), "'in' looks for one value, found " + show(left));
    return Value::wild();
  }
  return Value::of(Kind::Flag);
}

/// Both values are checked, each where the condition lets it be taken.
Value Checker::evalIf(const IfExpr &expr, State &state) {
  checkCondition(expr.condition, state);
  std::optional<bool> decided = decide(expr.condition, state);
  std::optional<Value> result;
  for (bool holds : {true, false}) {
    if (decided && *decided != holds)
      continue;
    State way = state;
    assume(expr.condition, holds, way);
    Value value = eval(holds ? expr.thenValue : expr.elseValue, way);
    result = result ? join(*result, value) : value;
  }
  return *result;
}

Value Checker::evalElse(const ElseExpr &expr, State &state) {
  Value value = eval(expr.value, state), fallback = eval(expr.fallback, state);
  if (value.isNone())
    return fallback;
  value.optional = false;
  Value result = join(value, fallback);
  result.optional = fallback.isNone() || fallback.optional;
  return result;
}

Value Checker::evalField(const FieldExpr &expr, State &state) {
  Value base = eval(expr.base, state);
  if (!base.isOpen() && !base.isNone()) {
    diagnostics.error(expr.field.range,
                      quoted(expr.base, "this") + " is " + show(base) + " and has no fields");
    return Value::wild();
  }
  if (base.kind == Kind::Config)
    base.optional = true;
  return base;
}

/// `base[index]`: an element of a list.
Value Checker::evalIndexed(const Expr &expr, const Expr *base, const Expr *index, State &state) {
  Value list = eval(base, state);
  Value position = eval(index, state);
  bool known = position.isOpen() ||
               (position.kind == Kind::Integer && !position.hasAxes() && position.when == When::Compile);
  if (list.isWild())
    return list;
  bool isList = list.kind == Kind::Config || list.kind == Kind::List ||
                (list.axes.size() == 1 && list.maybe.empty() && list.when == When::Compile);
  if (!isList) {
    auto error = diagnostics.error(expr.range(), quoted(base, "what is in front of the bracket") + " is " +
                                                     show(list) + ", only a list has elements by number");
    if (list.hasAxes())
      error.help("a look-up names its axis: 'x[" + space.name(list.allAxes().front()) + " = i]'");
    return Value::wild();
  }
  if (!known) {
    diagnostics.error(index->range(),
                      "an element of a list is taken by an integer known when compiling, found " +
                          show(position));
    return Value::wild();
  }
  if (list.kind == Kind::List)
    return Value::of(Kind::Config);
  Value element = Value::of(list.kind);
  element.optional = list.kind == Kind::Config;
  return element;
}

/// The expression in quotes if it is short, else `instead`.
std::string Checker::quoted(const Expr *expr, StringRef instead) {
  SMRange range = expr->range();
  StringRef text(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
  return text.size() <= 24 && !text.contains('\n') ? ("'" + text + "'").str() : instead.str();
}

void Checker::used(StringRef name) {
  if (auto at = tableNames.find(name); at != tableNames.end())
    at->second.used = true;
}
