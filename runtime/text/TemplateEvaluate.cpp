//===- TemplateEvaluate.cpp - expressions of templates ----------------------===//

#include "runtime/support/Error.h"
#include "runtime/text/TemplateInterpreter.h"
#include "runtime/text/TemplateText.h"

#include <algorithm>

namespace heddle::template_language {

using Kind = Expression::Kind;

namespace {

std::string objectName(const Value &value) {
  return "'" + std::string(typeName(value)) + " object'";
}

/// What to say of an attribute or key that is not there.
Value missing(const Value &object, const std::string &name) {
  return Value::undefined(objectName(object) + " has no attribute '" + name + "'");
}

int64_t requireInteger(const Value &value, const char *what) {
  if (!value.isInteger())
    throw Error(std::string(what) + " must be an integer, not " + std::string(typeName(value)));
  return value.integer();
}

} // namespace

Value Interpreter::evaluate(const Expression &expression) {
  Level level(*this);
  line = expression.line;
  charge(1);
  switch (expression.kind) {
  case Kind::Literal:
    return expression.value;
  case Kind::Name:
    return evaluateName(expression.symbol);
  case Kind::List:
    return list(evaluateAll(expression.operands));
  case Kind::Tuple: {
    List items = evaluateAll(expression.operands);
    charge(items.size());
    return Value::tuple(std::move(items));
  }
  case Kind::Dict:
    return evaluateDict(expression);
  case Kind::Attribute:
    return attribute(evaluate(*expression.operands[0]), expression.name);
  case Kind::Item: {
    Value object = evaluate(*expression.operands[0]);
    return item(object, evaluate(*expression.operands[1]));
  }
  case Kind::Slice:
    return evaluateSlice(expression);
  case Kind::Call:
    return evaluateCall(expression);
  case Kind::Filter:
    return evaluateFilter(expression);
  case Kind::Test: {
    Value input = evaluate(*expression.operands[0]);
    return Value(applyTest(*this, expression.name, input, evaluateArguments(expression)));
  }
  case Kind::Not:
    return Value(!truth(evaluate(*expression.operands[0])));
  case Kind::Negate: {
    Value operand = evaluate(*expression.operands[0]);
    const double *real = operand.as<double>();
    return real ? Value(-*real) : applyArithmetic(*this, Operation::Subtract, Value(0), operand);
  }
  case Kind::Plus:
    return applyArithmetic(*this, Operation::Add, Value(0), evaluate(*expression.operands[0]));
  case Kind::Binary: {
    Value left = evaluate(*expression.operands[0]);
    return applyArithmetic(*this, expression.operation, left, evaluate(*expression.operands[1]));
  }
  case Kind::Compare:
    return evaluateCompare(expression);
  case Kind::And:
  case Kind::Or:
    return evaluateLogic(expression);
  case Kind::Concat:
    return evaluateConcat(expression);
  case Kind::Conditional:
    return evaluateConditional(expression);
  }
  return Value();
}

Value Interpreter::evaluateName(Symbol symbol) {
  const Value *value = scope->find(symbol);
  return value ? *value : Value::undefined("'" + program.symbols.name(symbol) + "' is undefined");
}

List Interpreter::evaluateAll(const std::vector<ExpressionPtr> &expressions) {
  List values;
  values.reserve(expressions.size());
  for (const ExpressionPtr &expression : expressions)
    values.push_back(evaluate(*expression));
  return values;
}

Value Interpreter::evaluateDict(const Expression &expression) {
  Dict entries;
  for (size_t i = 0; i < expression.operands.size(); i += 2) {
    Value key = evaluate(*expression.operands[i]);
    Value value = evaluate(*expression.operands[i + 1]);
    charge(1 + entries.size());
    if (Value *old = const_cast<Value *>(lookup(entries, key)))
      *old = std::move(value);
    else
      entries.emplace_back(std::move(key), std::move(value));
  }
  return Value::dict(std::move(entries));
}

Value Interpreter::evaluateSlice(const Expression &expression) {
  Value object = evaluate(*expression.operands[0]);
  std::optional<int64_t> bounds[3];
  for (size_t i = 0; i < 3; ++i)
    if (expression.operands[i + 1])
      if (Value bound = evaluate(*expression.operands[i + 1]); !bound.isNone())
        bounds[i] = requireInteger(bound, "a slice's bound");
  if (object.isUndefined())
    throw Error(*object.as<Undefined>()->complaint);
  bool isText = object.isString();
  if (!isText && !object.isSequence())
    throw Error("a value of type " + std::string(typeName(object)) + " cannot be sliced");
  List items = elements(object), chosen;
  for (size_t index : sliceIndices(items.size(), bounds[0], bounds[1], bounds[2]))
    chosen.push_back(items[index]);
  if (!isText)
    return object.as<Sequence>()->tuple ? Value::tuple(std::move(chosen)) : list(std::move(chosen));
  std::string joined;
  for (const Value &character : chosen)
    joined += character.string();
  return text(std::move(joined));
}

Value Interpreter::attribute(const Value &object, const std::string &name) {
  if (object.isUndefined())
    throw Error(*object.as<Undefined>()->complaint);
  if (const auto *callable = object.as<std::shared_ptr<const Callable>>(); callable && (*callable)->loop)
    return loopAttribute(*(*callable)->loop, name);
  if (hasMethod(object, name)) {
    Callable method;
    method.name = name;
    method.self = object;
    method.depth = depthOf(object) + 1;
    return Value(std::make_shared<const Callable>(std::move(method)));
  }
  return item(object, Value(name));
}

Value Interpreter::item(const Value &object, const Value &key) {
  if (object.isUndefined())
    throw Error(*object.as<Undefined>()->complaint);
  const Dict *entries = nullptr;
  if (object.isMapping())
    entries = &object.entries();
  else if (const Namespace *space = object.as<Namespace>())
    entries = space->entries.get();
  if (entries) {
    charge(1 + entries->size() / 8);
    const Value *found = lookup(*entries, key);
    return found ? *found : missing(object, print(key));
  }
  if (key.isInteger() && (object.isSequence() || object.isString())) {
    int64_t index = key.integer();
    int64_t size = int64_t(object.isString() ? countCharacters(object.string()) : object.items().size());
    charge(object.isString() ? 1 + object.string().size() / 16 : 1);
    index += index < 0 ? size : 0;
    if (index < 0 || index >= size)
      return missing(object, print(key));
    return object.isString() ? Value(characterAt(object.string(), size_t(index))) : object.items()[size_t(index)];
  }
  return missing(object, print(key));
}

Value Interpreter::loopAttribute(const LoopState &loop, const std::string &name) {
  int64_t index = int64_t(loop.index), size = int64_t(loop.items.items().size());
  auto element = [&](int64_t i, const char *complaint) {
    return i >= 0 && i < size ? loop.items.items()[size_t(i)] : Value::undefined(complaint);
  };
  if (name == "index")
    return Value(index + 1);
  if (name == "index0")
    return Value(index);
  if (name == "revindex")
    return Value(size - index);
  if (name == "revindex0")
    return Value(size - index - 1);
  if (name == "first")
    return Value(index == 0);
  if (name == "last")
    return Value(index + 1 >= size);
  if (name == "length")
    return Value(size);
  if (name == "depth")
    return Value(1); // more only in recursive loops
  if (name == "depth0")
    return Value(0);
  if (name == "previtem")
    return element(index - 1, "there is no previous item");
  if (name == "nextitem")
    return element(index + 1, "there is no next item");
  return Value::undefined("'loop' has no attribute '" + name + "'");
}

Arguments Interpreter::evaluateArguments(const Expression &expression) {
  Arguments arguments{evaluateAll(expression.arguments), {}};
  for (const auto &[name, argument] : expression.namedArguments)
    arguments.named.emplace_back(name, evaluate(*argument));
  return arguments;
}

Value Interpreter::evaluateCall(const Expression &expression, const Value *caller) {
  const Expression &callee = *expression.operands[0];
  // object.method(...) needs no value of its own for the method.
  bool dotted = callee.kind == Kind::Attribute;
  Value object = dotted ? evaluate(*callee.operands[0]) : Value();
  bool method = dotted && hasMethod(object, callee.name);
  Value function = method ? Value() : dotted ? attribute(object, callee.name) : evaluate(callee);
  Arguments arguments = evaluateArguments(expression);
  if (caller)
    arguments.named.emplace_back("caller", *caller);
  line = expression.line;
  return method ? callMethod(*this, object, callee.name, arguments) : call(function, arguments);
}

Value Interpreter::evaluateFilter(const Expression &expression) {
  Value input = expression.operands[0] ? evaluate(*expression.operands[0]) : *blockInput;
  Arguments arguments = evaluateArguments(expression);
  line = expression.line;
  return applyFilter(*this, expression.name, input, arguments);
}

Value Interpreter::evaluateCompare(const Expression &expression) {
  Value left = evaluate(*expression.operands[0]);
  for (size_t i = 0; i < expression.operations.size(); ++i) {
    Value right = evaluate(*expression.operands[i + 1]);
    if (!applyComparison(*this, expression.operations[i], left, right))
      return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

/// The first operand that decides, as Python has it: not always a bool.
Value Interpreter::evaluateLogic(const Expression &expression) {
  Value value;
  for (const ExpressionPtr &operand : expression.operands) {
    value = evaluate(*operand);
    if (truth(value) == (expression.kind == Kind::Or))
      return value;
  }
  return value;
}

Value Interpreter::evaluateConcat(const Expression &expression) {
  std::string joined;
  for (const ExpressionPtr &operand : expression.operands) {
    joined += print(evaluate(*operand));
    if (joined.size() > limits.output)
      break; // `text` refuses it
  }
  return text(std::move(joined));
}

Value Interpreter::evaluateConditional(const Expression &expression) {
  if (truth(evaluate(*expression.operands[0])))
    return evaluate(*expression.operands[1]);
  if (expression.operands[2])
    return evaluate(*expression.operands[2]);
  return Value::undefined("the condition is false and there is no else");
}

} // namespace heddle::template_language
