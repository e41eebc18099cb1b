//===- ParseExpr.cpp - expressions ----------------------------------------===//

#include "frontend/language/ParserImpl.h"
#include "llvm/ADT/StringExtras.h"

using namespace heddle;
using namespace heddle::ast;

/// Words that end an expression or go on with it, and so begin none.
bool Parser::isReserved(StringRef word) {
  static constexpr StringRef words[] = {"and", "or",   "else", "then", "is",    "in",
                                        "as",  "over", "if",   "for",  "return"};
  return llvm::is_contained(words, word);
}

/// expr = ifx | or [ "else" expr ]
const Expr *Parser::parseExpr() {
  Nested nested(*this);
  if (tooDeep())
    return nullptr;
  if (atWord("if"))
    return parseIfExpr();
  SMLoc start = peek().loc();
  const Expr *value = parseOr();
  if (!value || !eatElse())
    return value;
  const Expr *fallback = parseExpr();
  return fallback ? arena.make<ElseExpr>(since(start), value, fallback) : nullptr;
}

/// ifx = "if" expr "then" ( ifx | or ) "else" expr
const Expr *Parser::parseIfExpr() {
  Nested nested(*this);
  if (tooDeep())
    return nullptr;
  SMLoc start = advance().loc();
  const Expr *condition = parseExpr();
  if (!condition)
    return nullptr;
  if (!eatOperator("then"))
    return expected("'then'");
  const Expr *thenValue = atWord("if") ? parseIfExpr() : parseOr();
  if (!thenValue)
    return nullptr;
  if (!eatElse())
    return expected("'else' and the other value of this 'if'");
  const Expr *elseValue = parseExpr();
  return elseValue ? arena.make<IfExpr>(since(start), condition, thenValue, elseValue) : nullptr;
}

/// A word between operands; the line goes on after it.
bool Parser::eatOperator(StringRef word) {
  if (!eatWord(word))
    return false;
  skipNewlines();
  return true;
}

/// next { operator next }
const Expr *Parser::parseChain(ArrayRef<Operator> operators, Level next) {
  SMLoc start = peek().loc();
  Nested nested(*this);
  const Expr *left = (this->*next)();
  while (left) {
    const auto *found = llvm::find_if(operators, [&](const Operator &o) { return at(o.kind); });
    if (found == operators.end())
      break;
    SMRange opRange = advance().range();
    skipNewlines();
    ++depth;
    const Expr *right = tooDeep() ? nullptr : (this->*next)();
    left = right ? arena.make<BinaryExpr>(since(start), found->op, opRange, left, right) : nullptr;
  }
  return left;
}

const Expr *Parser::parseWordChain(StringRef word, BinaryOp op, Level next) {
  SMLoc start = peek().loc();
  Nested nested(*this);
  const Expr *left = (this->*next)();
  while (left && atWord(word)) {
    SMRange opRange = advance().range();
    skipNewlines();
    ++depth;
    const Expr *right = tooDeep() ? nullptr : (this->*next)();
    left = right ? arena.make<BinaryExpr>(since(start), op, opRange, left, right) : nullptr;
  }
  return left;
}

/// or = and { "or" and }
const Expr *Parser::parseOr() { return parseWordChain("or", BinaryOp::Or, &Parser::parseAnd); }

/// and = not { "and" not }
const Expr *Parser::parseAnd() { return parseWordChain("and", BinaryOp::And, &Parser::parseNot); }

/// not = "not" not | cmp
const Expr *Parser::parseNot() {
  if (!atWord("not"))
    return parseComparison();
  Nested nested(*this);
  if (tooDeep())
    return nullptr;
  SMLoc start = advance().loc();
  const Expr *operand = parseNot();
  return operand ? arena.make<UnaryExpr>(since(start), UnaryOp::Not, operand) : nullptr;
}

/// cmp = add [ ("<" | "<=" | ">" | ">=" | "==" | "!=" | "in") add | "is" [ "not" ] "none" ]
const Expr *Parser::parseComparison() {
  static constexpr Operator operators[] = {
      {Kind::Less, BinaryOp::Lt},         {Kind::LessEqual, BinaryOp::Le},  {Kind::Greater, BinaryOp::Gt},
      {Kind::GreaterEqual, BinaryOp::Ge}, {Kind::EqualEqual, BinaryOp::Eq}, {Kind::NotEqual, BinaryOp::Ne}};
  SMLoc start = peek().loc();
  const Expr *left = parseSumExpr();
  if (!left)
    return nullptr;
  if (eatWord("is")) {
    bool negated = eatWord("not");
    if (!eatWord("none"))
      return expected("'none'");
    return arena.make<IsNoneExpr>(since(start), left, negated);
  }
  const auto *found = llvm::find_if(operators, [&](const Operator &o) { return at(o.kind); });
  if (found == std::end(operators) && !atWord("in"))
    return left;
  BinaryOp op = found == std::end(operators) ? BinaryOp::In : found->op;
  SMRange opRange = advance().range();
  skipNewlines();
  const Expr *right = parseSumExpr();
  return right ? arena.make<BinaryExpr>(since(start), op, opRange, left, right) : nullptr;
}

/// add = mul { ("+" | "-") mul }
const Expr *Parser::parseSumExpr() {
  static constexpr Operator operators[] = {{Kind::Plus, BinaryOp::Add}, {Kind::Minus, BinaryOp::Sub}};
  return parseChain(operators, &Parser::parseProductExpr);
}

/// mul = neg { ("*" | "/" | "//" | "%") neg }
const Expr *Parser::parseProductExpr() {
  static constexpr Operator operators[] = {{Kind::Star, BinaryOp::Mul},
                                           {Kind::Slash, BinaryOp::Div},
                                           {Kind::FloorDiv, BinaryOp::FloorDiv},
                                           {Kind::Percent, BinaryOp::Mod}};
  return parseChain(operators, &Parser::parseNegation);
}

/// neg = "-" neg | con
const Expr *Parser::parseNegation() {
  if (!at(Kind::Minus))
    return parseContraction();
  Nested nested(*this);
  if (tooDeep())
    return nullptr;
  SMLoc start = advance().loc();
  const Expr *operand = parseNegation();
  return operand ? arena.make<UnaryExpr>(since(start), UnaryOp::Negate, operand) : nullptr;
}

/// con = pow { "@" pow [ "over" NAME { NAME } ] }
const Expr *Parser::parseContraction() {
  SMLoc start = peek().loc();
  Nested nested(*this);
  const Expr *left = parsePower();
  while (left && at(Kind::At)) {
    SMRange opRange = advance().range();
    skipNewlines();
    ++depth;
    const Expr *right = tooDeep() ? nullptr : parsePower();
    if (!right)
      return nullptr;
    List<Axis> over;
    if (eatWord("over")) {
      if (!atAxisName())
        return expected("the axis to contract");
      while (atAxisName()) {
        const Token &token = advance();
        over.push_back({{token.text, token.range()}, 1, token.range()});
      }
    }
    left = arena.make<ContractExpr>(since(start), opRange, left, right, arena.copy<Axis>(over));
  }
  return left;
}

/// pow = post [ "^" [ "-" ] pow ]
const Expr *Parser::parsePower() {
  SMLoc start = peek().loc();
  Nested nested(*this);
  if (tooDeep())
    return nullptr;
  const Expr *left = parsePostfix();
  if (!left || !at(Kind::Caret))
    return left;
  SMRange opRange = advance().range();
  skipNewlines();
  SMLoc exponent = peek().loc();
  bool negated = eat(Kind::Minus);
  const Expr *right = parsePower();
  if (right && negated)
    right = arena.make<UnaryExpr>(since(exponent), UnaryOp::Negate, right);
  return right ? arena.make<BinaryExpr>(since(start), BinaryOp::Pow, opRange, left, right) : nullptr;
}

/// post = prim { "." NAME | args | as | bracket }
const Expr *Parser::parsePostfix() {
  SMLoc start = peek().loc();
  Nested nested(*this);
  const Expr *value = parsePrimary();
  while (value) {
    if (++depth; tooDeep())
      return nullptr;
    if (eat(Kind::Dot)) {
      std::optional<Name> field = parseName("the name of a field");
      value = field ? arena.make<FieldExpr>(since(start), value, *field) : nullptr;
    } else if (atWord("as")) {
      value = parseAs(start, value);
    } else if (at(Kind::LeftBracket)) {
      value = parseBracket(start, value);
    } else if (at(Kind::LeftParen)) {
      List<const Expr *> args;
      value = parseArgs(args) ? arena.make<CallExpr>(since(start), value, arena.copy<const Expr *>(args))
                              : nullptr;
    } else {
      break;
    }
  }
  return value;
}

/// "as" "[" dims [ "->" dims ] "]"
const Expr *Parser::parseAs(SMLoc start, const Expr *base) {
  SMLoc as = advance().loc();
  const Token open = peek();
  if (!at(Kind::LeftBracket))
    return expected("'[' and the axes");
  Enclosed enclosed(*this);
  advance();
  const Dims *from = parseDims();
  const Dims *to = nullptr;
  if (from && eat(Kind::Arrow)) {
    to = parseDims();
    if (!to)
      return nullptr;
  }
  if (!from || !close(Kind::RightBracket, open))
    return nullptr;
  return arena.make<AsExpr>(since(start), base, as, from, to);
}

/// args = "(" [ expr { "," expr } ] ")"
bool Parser::parseArgs(List<const Expr *> &args) {
  const Token open = peek();
  Enclosed enclosed(*this);
  advance();
  if (eat(Kind::RightParen))
    return true;
  do {
    const Expr *arg = parseExpr();
    if (!arg)
      return false;
    args.push_back(arg);
  } while (eatComma());
  return close(Kind::RightParen, open);
}

/// prim = NUMBER | TEXT | NAME | "(" expr { "," expr } ")" | "[" [ expr { "," expr } ] "]"
const Expr *Parser::parsePrimary() {
  if (at(Kind::Number))
    return parseNumber();
  if (at(Kind::Text))
    return parseText("a text");
  if (at(Kind::LeftParen))
    return parseParenthesised();
  if (at(Kind::LeftBracket))
    return parseListLiteral();
  if (!at(Kind::Name) || isReserved(peek().text))
    return expected("an expression");
  const Token &token = advance();
  return arena.make<NameExpr>(token.range(), token.text);
}

const Expr *Parser::parseNumber() {
  const Token &token = advance();
  double value = 0;
  int64_t integer = 0;
  bool isInteger = llvm::all_of(token.text, llvm::isDigit);
  bool tooLarge = isInteger ? token.text.getAsInteger(10, integer) : token.text.getAsDouble(value);
  if (tooLarge) {
    diagnostics.error(token.range(), "the number '" + token.text + "' is too large");
    return nullptr;
  }
  if (isInteger)
    return arena.make<NumberExpr>(token.range(), double(integer), integer);
  return arena.make<NumberExpr>(token.range(), value, std::nullopt);
}

/// "(" expr { "," expr } ")": an expression, or a tuple
const Expr *Parser::parseParenthesised() {
  const Token open = peek();
  List<const Expr *> elements;
  if (peek(1).is(Kind::RightParen)) {
    advance();
    return expected("an expression");
  }
  if (!parseArgs(elements))
    return nullptr;
  if (elements.size() == 1)
    return elements.front();
  return arena.make<TupleExpr>(since(open.loc()), arena.copy<const Expr *>(elements));
}

/// "[" [ expr { "," expr } ] "]"
const Expr *Parser::parseListLiteral() {
  const Token open = peek();
  Enclosed enclosed(*this);
  advance();
  List<const Expr *> elements;
  if (!at(Kind::RightBracket)) {
    do {
      const Expr *element = parseExpr();
      if (!element)
        return nullptr;
      elements.push_back(element);
    } while (eatComma());
  }
  if (!close(Kind::RightBracket, open))
    return nullptr;
  return arena.make<ListExpr>(since(open.loc()), arena.copy<const Expr *>(elements));
}
