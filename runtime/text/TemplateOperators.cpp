//===- TemplateOperators.cpp - arithmetic and comparison --------------------===//

#include "runtime/support/Error.h"
#include "runtime/text/TemplateInterpreter.h"

#include <algorithm>
#include <cmath>

namespace heddle::template_language {

namespace {

[[noreturn]] void failTypes(std::string_view symbol, const Value &left, const Value &right) {
  for (const Value *value : {&left, &right})
    if (value->isUndefined())
      throw Error(*value->as<Undefined>()->complaint);
  throw Error("cannot apply \"" + std::string(symbol) + "\" to " + std::string(typeName(left)) + " and " +
              std::string(typeName(right)));
}

[[noreturn]] void failOverflow() { throw Error("an integer passes 64 bits"); }

std::string_view symbolOf(Operation operation) {
  switch (operation) {
  case Operation::Add:
    return "+";
  case Operation::Subtract:
    return "-";
  case Operation::Multiply:
    return "*";
  case Operation::Divide:
    return "/";
  case Operation::FloorDivide:
    return "//";
  case Operation::Modulo:
    return "%";
  default:
    return "**";
  }
}

int64_t power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
      failOverflow();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base))
      failOverflow();
  }
  return result;
}

/// Python's: the quotient is rounded down, and the remainder has the divisor's sign.
int64_t floorDivide(int64_t left, int64_t right) {
  int64_t quotient = left / right;
  return quotient - ((left % right != 0) && ((left < 0) != (right < 0)));
}

double floorModulo(double left, double right) {
  double rest = std::fmod(left, right);
  return rest != 0 && ((rest < 0) != (right < 0)) ? rest + right : rest;
}

Value applyIntegers(Operation operation, int64_t left, int64_t right) {
  int64_t result = 0;
  bool division = operation == Operation::FloorDivide || operation == Operation::Modulo;
  if (right == 0 && (division || operation == Operation::Divide))
    throw Error("division by zero");
  if (division && left == INT64_MIN && right == -1)
    failOverflow();
  switch (operation) {
  case Operation::Add:
    if (__builtin_add_overflow(left, right, &result))
      failOverflow();
    return Value(result);
  case Operation::Subtract:
    if (__builtin_sub_overflow(left, right, &result))
      failOverflow();
    return Value(result);
  case Operation::Multiply:
    if (__builtin_mul_overflow(left, right, &result))
      failOverflow();
    return Value(result);
  case Operation::Divide:
    return Value(double(left) / double(right));
  case Operation::FloorDivide:
    return Value(floorDivide(left, right));
  case Operation::Modulo:
    return Value(left - floorDivide(left, right) * right);
  default:
    return right < 0 ? Value(std::pow(double(left), double(right))) : Value(power(left, right));
  }
}

Value applyReals(Operation operation, double left, double right) {
  bool divides = operation == Operation::Divide || operation == Operation::FloorDivide || operation == Operation::Modulo;
  if (right == 0 && divides)
    throw Error("division by zero");
  switch (operation) {
  case Operation::Add:
    return Value(left + right);
  case Operation::Subtract:
    return Value(left - right);
  case Operation::Multiply:
    return Value(left * right);
  case Operation::Divide:
    return Value(left / right);
  case Operation::FloorDivide:
    return Value(std::floor(left / right));
  case Operation::Modulo:
    return Value(floorModulo(left, right));
  default:
    return Value(std::pow(left, right));
  }
}

/// A string or list `count` times over.
Value repeat(Interpreter &interpreter, const Value &value, int64_t count) {
  size_t times = size_t(std::max<int64_t>(count, 0));
  size_t size = value.isString() ? value.string().size() : value.items().size();
  if (size != 0 && times > interpreter.stringLimit() / size)
    throw Error("a repeated value passes " + std::to_string(interpreter.stringLimit()) + " bytes");
  times = size == 0 ? 0 : times;
  interpreter.charge(times * (value.isString() ? 1 : size));
  if (value.isString()) {
    std::string out;
    for (size_t i = 0; i < times; ++i)
      out += value.string();
    return interpreter.text(std::move(out));
  }
  List out;
  for (size_t i = 0; i < times; ++i)
    out.insert(out.end(), value.items().begin(), value.items().end());
  return interpreter.list(std::move(out));
}

Value addSequences(Interpreter &interpreter, const Value &left, const Value &right) {
  List items = left.items();
  items.insert(items.end(), right.items().begin(), right.items().end());
  interpreter.charge(items.size() / 8);
  return left.as<Sequence>()->tuple ? Value::tuple(std::move(items)) : interpreter.list(std::move(items));
}

} // namespace

Value applyArithmetic(Interpreter &interpreter, Operation operation, const Value &left, const Value &right) {
  if (left.isInteger() && right.isInteger())
    return applyIntegers(operation, left.integer(), right.integer());
  if (left.isNumber() && right.isNumber())
    return applyReals(operation, left.number(), right.number());
  if (operation == Operation::Add && left.isString() && right.isString())
    return interpreter.text(left.string() + right.string());
  if (operation == Operation::Add && left.isSequence() && right.isSequence() &&
      left.as<Sequence>()->tuple == right.as<Sequence>()->tuple)
    return addSequences(interpreter, left, right);
  if (operation == Operation::Multiply && (left.isString() || left.isSequence()) && right.isInteger())
    return repeat(interpreter, left, right.integer());
  if (operation == Operation::Multiply && left.isInteger() && (right.isString() || right.isSequence()))
    return repeat(interpreter, right, left.integer());
  failTypes(symbolOf(operation), left, right);
}

bool contains(Interpreter &interpreter, const Value &container, const Value &element) {
  if (container.isString()) {
    if (!element.isString())
      failTypes("in", element, container);
    interpreter.charge(1 + container.string().size() / 64);
    return container.string().find(element.string()) != std::string::npos;
  }
  if (container.isMapping()) {
    interpreter.charge(1 + container.entries().size() / 8);
    return lookup(container.entries(), element);
  }
  if (container.isSequence()) {
    interpreter.charge(1 + container.items().size());
    return std::any_of(container.items().begin(), container.items().end(),
                       [&](const Value &item) { return equal(item, element); });
  }
  if (container.isUndefined())
    return false;
  failTypes("in", element, container);
}

bool applyComparison(Interpreter &interpreter, Operation operation, const Value &left, const Value &right) {
  switch (operation) {
  case Operation::Equal:
    return equal(left, right);
  case Operation::NotEqual:
    return !equal(left, right);
  case Operation::Less:
    return less(left, right);
  case Operation::LessEqual:
    return less(left, right) || equal(left, right);
  case Operation::Greater:
    return less(right, left);
  case Operation::GreaterEqual:
    return less(right, left) || equal(left, right);
  case Operation::In:
    return contains(interpreter, right, left);
  default:
    return !contains(interpreter, right, left);
  }
}

} // namespace heddle::template_language
