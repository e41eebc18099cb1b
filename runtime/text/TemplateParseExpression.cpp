//===- TemplateParseExpression.cpp - expressions of templates ---------------===//

#include "runtime/text/TemplateParserImpl.h"

#include <algorithm>
#include <array>

namespace heddle::template_language {

using EKind = Expression::Kind;

ExpressionPtr Parser::make(EKind kind) const {
  auto expression = std::make_unique<Expression>();
  expression->kind = kind;
  expression->line = current().line;
  return expression;
}

/// Sets the height, which bounds the recursion of all that walks the tree.
ExpressionPtr Parser::finish(ExpressionPtr expression) const {
  auto raise = [&](const ExpressionPtr &operand) {
    if (operand)
      expression->height = std::max(expression->height, operand->height + 1);
  };
  for (const ExpressionPtr &operand : expression->operands)
    raise(operand);
  for (const ExpressionPtr &argument : expression->arguments)
    raise(argument);
  for (const auto &[name, argument] : expression->namedArguments)
    raise(argument);
  if (expression->height > maxNesting)
    fail("an expression of more than " + std::to_string(maxNesting) + " levels");
  return expression;
}

ExpressionPtr Parser::unary(EKind kind, ExpressionPtr operand) const {
  ExpressionPtr expression = make(kind);
  expression->operands.push_back(std::move(operand));
  return finish(std::move(expression));
}

ExpressionPtr Parser::binary(Operation operation, ExpressionPtr left, ExpressionPtr right) const {
  ExpressionPtr expression = make(EKind::Binary);
  expression->operation = operation;
  expression->operands.push_back(std::move(left));
  expression->operands.push_back(std::move(right));
  return finish(std::move(expression));
}

// expression: or ["if" or ["else" expression]]
ExpressionPtr Parser::parseExpression() {
  Nesting nesting(*this);
  ExpressionPtr value = parseOr();
  while (takeName("if")) {
    ExpressionPtr conditional = make(EKind::Conditional);
    conditional->operands.push_back(parseOr());
    conditional->operands.push_back(std::move(value));
    conditional->operands.push_back(takeName("else") ? parseExpression() : nullptr);
    value = finish(std::move(conditional));
  }
  return value;
}

// tuple: expression ("," expression)* [","]
ExpressionPtr Parser::parseTuple(bool conditional, bool inBrackets) {
  auto element = [&] { return conditional ? parseExpression() : parseOr(); };
  auto atEnd = [&] {
    return current().kind == Kind::BlockEnd || current().kind == Kind::PrintEnd || isOperator(")") ||
           (!conditional && isName("recursive"));
  };
  ExpressionPtr tuple = make(EKind::Tuple);
  if (inBrackets && atEnd())
    return tuple;
  ExpressionPtr first = element();
  if (!isOperator(","))
    return first;
  tuple->operands.push_back(std::move(first));
  while (takeOperator(",") && !atEnd())
    tuple->operands.push_back(element());
  return finish(std::move(tuple));
}

// or: and ("or" and)*
ExpressionPtr Parser::parseOr() {
  ExpressionPtr left = parseAnd();
  if (!isName("or"))
    return left;
  ExpressionPtr expression = make(EKind::Or);
  expression->operands.push_back(std::move(left));
  while (takeName("or"))
    expression->operands.push_back(parseAnd());
  return finish(std::move(expression));
}

// and: not ("and" not)*
ExpressionPtr Parser::parseAnd() {
  ExpressionPtr left = parseNot();
  if (!isName("and"))
    return left;
  ExpressionPtr expression = make(EKind::And);
  expression->operands.push_back(std::move(left));
  while (takeName("and"))
    expression->operands.push_back(parseNot());
  return finish(std::move(expression));
}

// not: "not" not | compare
ExpressionPtr Parser::parseNot() {
  if (!isName("not"))
    return parseCompare();
  Nesting nesting(*this);
  take();
  return unary(EKind::Not, parseNot());
}

/// Takes an operator of comparison, if one stands here.
bool Parser::compareOperation(Operation &operation) {
  static constexpr std::array<std::pair<std::string_view, Operation>, 6> operators = {
      {{"==", Operation::Equal}, {"!=", Operation::NotEqual}, {"<=", Operation::LessEqual},
       {">=", Operation::GreaterEqual}, {"<", Operation::Less}, {">", Operation::Greater}}};
  for (auto [text, found] : operators)
    if (takeOperator(text)) {
      operation = found;
      return true;
    }
  if (takeName("in")) {
    operation = Operation::In;
    return true;
  }
  bool notIn = isName("not") && tokens[at + 1].kind == Kind::Name && tokens[at + 1].text == "in";
  if (notIn) {
    at += 2;
    operation = Operation::NotIn;
  }
  return notIn;
}

// compare: sum (("==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" "in") sum)*
ExpressionPtr Parser::parseCompare() {
  ExpressionPtr left = parseSum();
  Operation operation;
  if (!compareOperation(operation))
    return left;
  ExpressionPtr expression = make(EKind::Compare);
  expression->operands.push_back(std::move(left));
  do {
    expression->operations.push_back(operation);
    expression->operands.push_back(parseSum());
  } while (compareOperation(operation));
  return finish(std::move(expression));
}

// sum: concat (("+" | "-") concat)*
ExpressionPtr Parser::parseSum() {
  ExpressionPtr left = parseConcat();
  while (isOperator("+") || isOperator("-")) {
    Operation operation = take().text == "+" ? Operation::Add : Operation::Subtract;
    left = binary(operation, std::move(left), parseConcat());
  }
  return left;
}

// concat: product ("~" product)*
ExpressionPtr Parser::parseConcat() {
  ExpressionPtr left = parseProduct();
  if (!isOperator("~"))
    return left;
  ExpressionPtr expression = make(EKind::Concat);
  expression->operands.push_back(std::move(left));
  while (takeOperator("~"))
    expression->operands.push_back(parseProduct());
  return finish(std::move(expression));
}

// product: power (("*" | "/" | "//" | "%") power)*
ExpressionPtr Parser::parseProduct() {
  ExpressionPtr left = parsePower();
  while (true) {
    Operation operation;
    if (takeOperator("*"))
      operation = Operation::Multiply;
    else if (takeOperator("/"))
      operation = Operation::Divide;
    else if (takeOperator("//"))
      operation = Operation::FloorDivide;
    else if (takeOperator("%"))
      operation = Operation::Modulo;
    else
      return left;
    left = binary(operation, std::move(left), parsePower());
  }
}

// power: unary ("**" unary)*
ExpressionPtr Parser::parsePower() {
  ExpressionPtr left = parseUnary();
  while (takeOperator("**"))
    left = binary(Operation::Power, std::move(left), parseUnary());
  return left;
}

// unary: ("-" | "+") unary | primary postfix* filter*
ExpressionPtr Parser::parseUnary(bool filters) {
  Nesting nesting(*this);
  ExpressionPtr operand;
  if (takeOperator("-"))
    operand = unary(EKind::Negate, parseUnary(/*filters=*/false));
  else if (takeOperator("+"))
    operand = unary(EKind::Plus, parseUnary(/*filters=*/false));
  else
    operand = parsePrimary();
  operand = parsePostfix(std::move(operand));
  return filters ? parseFilters(std::move(operand)) : std::move(operand);
}

// primary: name | constant | string+ | number | "(" tuple ")" | list | dict
ExpressionPtr Parser::parsePrimary() {
  ExpressionPtr literal = make(EKind::Literal);
  switch (current().kind) {
  case Kind::Name:
    return parseNameOrConstant();
  case Kind::String: {
    std::string text = take().text;
    while (current().kind == Kind::String)
      text += take().text;
    literal->value = Value(std::move(text));
    return literal;
  }
  case Kind::Integer:
    literal->value = Value(take().integer);
    return literal;
  case Kind::Float:
    literal->value = Value(take().real);
    return literal;
  default:
    break;
  }
  if (takeOperator("(")) {
    ExpressionPtr inside = parseTuple(/*conditional=*/true, /*inBrackets=*/true);
    expectOperator(")");
    return inside;
  }
  if (isOperator("["))
    return parseList();
  if (isOperator("{"))
    return parseDict();
  unexpected("an expression");
}

ExpressionPtr Parser::parseNameOrConstant() {
  ExpressionPtr expression = make(EKind::Literal);
  std::string name = take().text;
  if (name == "true" || name == "True" || name == "false" || name == "False") {
    expression->value = Value(name == "true" || name == "True");
  } else if (name != "none" && name != "None") {
    expression->kind = EKind::Name;
    expression->symbol = symbols.intern(name);
  }
  return expression;
}

// list: "[" [expression ("," expression)* [","]] "]"
ExpressionPtr Parser::parseList() {
  ExpressionPtr list = make(EKind::List);
  expectOperator("[");
  while (!takeOperator("]")) {
    if (!list->operands.empty())
      expectOperator(",");
    if (takeOperator("]"))
      break;
    list->operands.push_back(parseExpression());
  }
  return finish(std::move(list));
}

// dict: "{" [expression ":" expression ("," expression ":" expression)* [","]] "}"
ExpressionPtr Parser::parseDict() {
  ExpressionPtr dict = make(EKind::Dict);
  expectOperator("{");
  while (!takeOperator("}")) {
    if (!dict->operands.empty())
      expectOperator(",");
    if (takeOperator("}"))
      break;
    dict->operands.push_back(parseExpression());
    expectOperator(":");
    dict->operands.push_back(parseExpression());
  }
  return finish(std::move(dict));
}

// postfix: "." name | "[" subscript "]" | "(" arguments ")"
ExpressionPtr Parser::parsePostfix(ExpressionPtr operand) {
  while (true) {
    if (isOperator("."))
      operand = parseAttribute(std::move(operand));
    else if (isOperator("["))
      operand = parseSubscript(std::move(operand));
    else if (isOperator("("))
      operand = parseCall(std::move(operand));
    else
      return operand;
  }
}

ExpressionPtr Parser::parseAttribute(ExpressionPtr operand) {
  expectOperator(".");
  if (current().kind == Kind::Integer) { // x.0 is x[0]
    ExpressionPtr index = make(EKind::Literal);
    index->value = Value(take().integer);
    ExpressionPtr item = make(EKind::Item);
    item->operands.push_back(std::move(operand));
    item->operands.push_back(std::move(index));
    return finish(std::move(item));
  }
  ExpressionPtr attribute = unary(EKind::Attribute, std::move(operand));
  attribute->name = expectAnyName("an attribute's name");
  return attribute;
}

// subscript: expression | [expression] ":" [expression] [":" [expression]]
ExpressionPtr Parser::parseSubscript(ExpressionPtr operand) {
  expectOperator("[");
  ExpressionPtr item = make(EKind::Item);
  item->operands.push_back(std::move(operand));
  item->operands.push_back(isOperator(":") ? nullptr : parseExpression());
  if (isOperator(":")) {
    item->kind = EKind::Slice;
    item->operands.resize(4);
    for (size_t i = 2; i < 4 && takeOperator(":"); ++i)
      if (!isOperator(":") && !isOperator("]"))
        item->operands[i] = parseExpression();
  }
  expectOperator("]");
  return finish(std::move(item));
}

ExpressionPtr Parser::parseCall(ExpressionPtr callee) {
  ExpressionPtr call = make(EKind::Call);
  call->operands.push_back(std::move(callee));
  parseArguments(*call);
  return finish(std::move(call));
}

// arguments: "(" [argument ("," argument)* [","]] ")", argument: [name "="] expression
void Parser::parseArguments(Expression &call) {
  expectOperator("(");
  bool first = true;
  while (!takeOperator(")")) {
    if (!first)
      expectOperator(",");
    if (takeOperator(")"))
      break;
    first = false;
    if (isOperator("*") || isOperator("**"))
      fail("arguments unpacked by \"" + current().text + "\" are not supported");
    bool named = current().kind == Kind::Name && tokens[at + 1].kind == Kind::Operator && tokens[at + 1].text == "=";
    if (named) {
      std::string name = take().text;
      take();
      call.namedArguments.emplace_back(std::move(name), parseExpression());
    } else if (call.namedArguments.empty()) {
      call.arguments.push_back(parseExpression());
    } else {
      fail("an argument without a name behind one with a name");
    }
  }
}

// filters: ("|" filter | "is" test | call)*
ExpressionPtr Parser::parseFilters(ExpressionPtr operand) {
  while (true) {
    if (takeOperator("|"))
      operand = parseFilter(std::move(operand));
    else if (takeName("is"))
      operand = parseTest(std::move(operand));
    else if (isOperator("("))
      operand = parseCall(std::move(operand));
    else
      return operand;
  }
}

// filter: name ["(" arguments ")"]
ExpressionPtr Parser::parseFilter(ExpressionPtr operand) {
  ExpressionPtr filter = unary(EKind::Filter, std::move(operand));
  filter->name = expectAnyName("a filter's name");
  if (isOperator("("))
    parseArguments(*filter);
  return finish(std::move(filter));
}

// test: ["not"] name ["(" arguments ")" | primary postfix*]
ExpressionPtr Parser::parseTest(ExpressionPtr operand) {
  bool negated = takeName("not");
  ExpressionPtr test = unary(EKind::Test, std::move(operand));
  test->name = expectAnyName("a test's name");
  bool argument = current().kind == Kind::Name || current().kind == Kind::String || current().kind == Kind::Integer ||
                  current().kind == Kind::Float || isOperator("[") || isOperator("{");
  bool word = isName("else") || isName("or") || isName("and") || isName("if") || isName("is") || isName("in") ||
              isName("not");
  if (isOperator("("))
    parseArguments(*test);
  else if (argument && !word)
    test->arguments.push_back(parsePostfix(parsePrimary()));
  test = finish(std::move(test));
  return negated ? unary(EKind::Not, std::move(test)) : std::move(test);
}

} // namespace heddle::template_language
