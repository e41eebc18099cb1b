//===- ParseDims.cpp - types and axes -------------------------------------===//

#include "frontend/language/ParserImpl.h"
#include "llvm/ADT/StringSwitch.h"

using namespace heddle;
using namespace heddle::ast;

/// A name that can be an axis: not one of the words that go on with an expression.
bool Parser::atAxisName(unsigned ahead) {
  const Token &token = peek(ahead);
  return token.is(Kind::Name) &&
         !llvm::StringSwitch<bool>(token.text)
              .Cases({"and", "or", "else", "then", "is", "in", "not", "as", "over"}, true)
              .Default(false);
}

/// axis = NAME [ "/" INT ]
std::optional<Axis> Parser::parseAxis(StringRef what) {
  if (!atAxisName()) {
    expected(what);
    return std::nullopt;
  }
  const Token &token = advance();
  Axis axis{{token.text, token.range()}, 1, token.range()};
  if (!at(Kind::Slash) || !peek(1).is(Kind::Number))
    return axis;
  advance();
  const Token &divisor = advance();
  if (divisor.text.getAsInteger(10, axis.divisor) || axis.divisor < 1) {
    diagnostics.error(divisor.range(),
                      "an axis is divided by an integer from 1 on, found '" + divisor.text + "'");
    return std::nullopt;
  }
  axis.range.End = divisor.end();
  return axis;
}

/// "[" dims "]", the brackets included in the range
const Dims *Parser::parseType() {
  const Token open = peek();
  if (!at(Kind::LeftBracket))
    return expected("'[' and the axes");
  Enclosed enclosed(*this);
  advance();
  const Dims *dims = parseDims();
  if (!dims || !close(Kind::RightBracket, open))
    return nullptr;
  return arena.make<Dims>(Dims{dims->dims, since(open.loc())});
}

/// sum { "," sum }
const Dims *Parser::parseDims() {
  SMLoc start = peek().loc();
  List<Sum> sums;
  do {
    std::optional<Sum> sum = parseSum();
    if (!sum)
      return nullptr;
    sums.push_back(*sum);
  } while (eatComma());
  return arena.make<Dims>(Dims{arena.copy<Sum>(sums), since(start)});
}

/// sum = prod { "|" prod }
std::optional<Sum> Parser::parseSum() {
  SMLoc start = peek().loc();
  Nested nested(*this);
  if (tooDeep())
    return std::nullopt;
  List<Product> terms;
  do {
    std::optional<Product> product = parseProduct();
    if (!product)
      return std::nullopt;
    terms.push_back(*product);
  } while (eat(Kind::Pipe));
  return Sum{arena.copy<Product>(terms), since(start)};
}

/// prod = { axis | "1" | "(" sum ")" }
std::optional<Product> Parser::parseProduct() {
  SMLoc start = peek().loc();
  List<Factor> factors;
  while (atAxisName() || at(Kind::Number) || at(Kind::LeftParen)) {
    std::optional<Factor> factor = parseFactor();
    if (!factor)
      return std::nullopt;
    factors.push_back(*factor);
  }
  SMRange range = factors.empty() ? SMRange(start, start) : since(start);
  return Product{arena.copy<Factor>(factors), range};
}

std::optional<Factor> Parser::parseFactor() {
  const Token first = peek();
  Factor factor;
  if (first.is(Kind::LeftParen)) {
    Enclosed enclosed(*this);
    advance();
    std::optional<Sum> sum = parseSum();
    if (!sum || !close(Kind::RightParen, first))
      return std::nullopt;
    factor.kind = Factor::Kind::Sum;
    factor.sum = arena.make<Sum>(*sum);
  } else if (first.is(Kind::Number)) {
    if (first.text != "1") {
      diagnostics.error(first.range(), "an axis needs a name, found '" + first.text + "'")
          .help("declare its size, as in 'size two = 2'; only '1', which vanishes, stands for itself");
      return std::nullopt;
    }
    advance();
  } else {
    std::optional<Axis> axis = parseAxis("an axis");
    if (!axis)
      return std::nullopt;
    factor.kind = Factor::Kind::Axis;
    factor.axis = *axis;
  }
  factor.range = since(first.loc());
  return factor;
}
