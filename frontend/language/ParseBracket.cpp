//===- ParseBracket.cpp - what stands in brackets after a value -----------===//

#include "frontend/language/ParserImpl.h"

using namespace heddle;
using namespace heddle::ast;

/// "[" axes [ "->" axis ] "]" [ args ] | "[" axis "=" expr { "," axis "=" expr } "]" | "[" expr "]"
const Expr *Parser::parseBracket(SMLoc start, const Expr *base) {
  const Token open = peek();
  bool lookup = atLookup(), axes = atAxisBracket();
  if (axes)
    return parseAxisBracket(start, base, open);
  Enclosed enclosed(*this);
  advance();
  if (lookup)
    return parseLookup(start, base, open);
  const Expr *index = parseExpr();
  if (!index || !close(Kind::RightBracket, open))
    return nullptr;
  return arena.make<IndexExpr>(since(start), base, index);
}

/// axis "=" expr { "," axis "=" expr } "]"
const Expr *Parser::parseLookup(SMLoc start, const Expr *base, const Token &open) {
  List<LookupItem> items;
  do {
    std::optional<Axis> axis = parseAxis("an axis");
    if (!axis || !need(Kind::Equal, "and the index along this axis"))
      return nullptr;
    const Expr *index = parseExpr();
    if (!index)
      return nullptr;
    items.push_back({*axis, index});
  } while (eatComma());
  if (!close(Kind::RightBracket, open))
    return nullptr;
  return arena.make<LookupExpr>(since(start), base, arena.copy<LookupItem>(items));
}

/// "[" axis { [ "," ] axis } [ "->" axis ] "]" [ args ]
const Expr *Parser::parseAxisBracket(SMLoc start, const Expr *base, const Token &open) {
  List<AxisGroup> groups;
  const Axis *target = nullptr;
  {
    Enclosed enclosed(*this);
    advance();
    do {
      SMLoc first = peek().loc();
      List<Axis> axes;
      while (atAxisName()) {
        std::optional<Axis> axis = parseAxis("an axis");
        if (!axis)
          return nullptr;
        axes.push_back(*axis);
      }
      if (axes.empty())
        return expected("an axis");
      groups.push_back({arena.copy<Axis>(axes), since(first)});
    } while (eatComma());
    if (eat(Kind::Arrow)) {
      std::optional<Axis> axis = parseAxis("an axis");
      if (!axis)
        return nullptr;
      target = arena.make<Axis>(*axis);
    }
    if (!close(Kind::RightBracket, open))
      return nullptr;
  }
  const Expr *index = nullptr;
  if (groups.size() == 1 && groups[0].axes.size() == 1 && !target)
    index = asExpression(groups[0].axes[0]);
  List<const Expr *> args;
  bool hasArgs = at(Kind::LeftParen);
  if (hasArgs && !parseArgs(args))
    return nullptr;
  return arena.make<BracketExpr>(since(start), base, arena.copy<AxisGroup>(groups), target, index, hasArgs,
                                 arena.copy<const Expr *>(args));
}

/// An axis read as the expression that has the same text: `i`, `hd/2`.
const Expr *Parser::asExpression(const Axis &axis) {
  const Expr *name = arena.make<NameExpr>(axis.name.range, axis.name.text);
  if (axis.range.End == axis.name.range.End)
    return name;
  const char *after = axis.name.range.End.getPointer();
  StringRef tail(after, axis.range.End.getPointer() - after);
  SMLoc slash = SMLoc::getFromPointer(after + tail.find('/'));
  SMLoc digits = SMLoc::getFromPointer(after + tail.find_first_of("0123456789"));
  const Expr *divisor =
      arena.make<NumberExpr>(SMRange(digits, axis.range.End), double(axis.divisor), axis.divisor);
  SMRange opRange(slash, SMLoc::getFromPointer(slash.getPointer() + 1));
  return arena.make<BinaryExpr>(axis.range, BinaryOp::Div, opRange, name, divisor);
}

/// Whether "[" NAME [ "/" INT ] "=" begins here.
bool Parser::atLookup() const {
  size_t i = position + 1;
  auto is = [&](Kind kind) { return i < tokens.size() && tokens[i].is(kind); };
  auto skip = [&] {
    while (is(Kind::Newline))
      ++i;
  };
  skip();
  if (!is(Kind::Name))
    return false;
  ++i, skip();
  if (is(Kind::Slash)) {
    ++i, skip();
    if (!is(Kind::Number))
      return false;
    ++i, skip();
  }
  return is(Kind::Equal);
}

/// Whether the bracket that begins here holds axes only, up to its `]` or `->`.
bool Parser::atAxisBracket() const {
  bool any = false, wasAxis = false;
  for (size_t i = position + 1; i < tokens.size(); ++i) {
    const Token &token = tokens[i];
    if (token.is(Kind::Newline))
      continue;
    if (token.is(Kind::RightBracket) || token.is(Kind::Arrow))
      return any;
    if (token.is(Kind::Slash)) {
      if (!wasAxis || !tokens[++i].is(Kind::Number) || tokens[i].text.contains('.'))
        return false;
      wasAxis = false;
      continue;
    }
    wasAxis = token.is(Kind::Name) && !isReserved(token.text) && token.text != "not";
    any |= wasAxis;
    if (!wasAxis && !token.is(Kind::Comma))
      return false;
  }
  return false;
}
