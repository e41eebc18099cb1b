//===- TemplateParserImpl.h - inside the template parser --------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEPARSERIMPL_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEPARSERIMPL_H

#include "runtime/text/TemplateLexer.h"
#include "runtime/text/TemplateParser.h"

#include <initializer_list>

namespace heddle::template_language {

/// Recursive descent; the functions stand in the order of Jinja's grammar. Expressions are in
/// TemplateParseExpression.cpp, statements in TemplateParser.cpp.
class Parser {
public:
  explicit Parser(std::string_view source) : tokens(lexTemplate(source)) {}
  Program run();

private:
  using Kind = Token::Kind;

  // Tokens.
  const Token &current() const { return tokens[at]; }
  [[noreturn]] void fail(const std::string &message) const;
  [[noreturn]] void unexpected(const std::string &expected) const;
  Token take() { return std::move(tokens[at++]); }
  bool isOperator(std::string_view text) const { return current().kind == Kind::Operator && current().text == text; }
  bool isName(std::string_view text) const { return current().kind == Kind::Name && current().text == text; }
  bool takeOperator(std::string_view text);
  bool takeName(std::string_view text);
  void expectOperator(std::string_view text);
  void expectName(std::string_view text);
  std::string expectAnyName(const std::string &what);
  void expectBlockEnd();

  // Statements.
  Body parseBody(std::initializer_list<std::string_view> ends);
  std::unique_ptr<Statement> parseStatement();
  std::unique_ptr<Statement> makeStatement(Statement::Kind kind) const;
  std::unique_ptr<Statement> parseIf();
  std::unique_ptr<Statement> parseFor();
  std::unique_ptr<Statement> parseSet();
  std::unique_ptr<Statement> parseWith();
  std::unique_ptr<Statement> parseMacro();
  std::unique_ptr<Statement> parseCallBlock();
  std::unique_ptr<Statement> parseFilterBlock();
  std::unique_ptr<Statement> parseLoopControl(Statement::Kind kind);
  void parseSignature(Macro &macro);
  Target parseTarget(bool namespaces);
  Target parseTargetPart(bool namespaces);

  // Expressions.
  ExpressionPtr make(Expression::Kind kind) const;
  ExpressionPtr finish(ExpressionPtr expression) const;
  ExpressionPtr unary(Expression::Kind kind, ExpressionPtr operand) const;
  ExpressionPtr binary(Operation operation, ExpressionPtr left, ExpressionPtr right) const;
  ExpressionPtr parseExpression();
  ExpressionPtr parseTuple(bool conditional = true, bool inBrackets = false);
  ExpressionPtr parseOr();
  ExpressionPtr parseAnd();
  ExpressionPtr parseNot();
  ExpressionPtr parseCompare();
  ExpressionPtr parseSum();
  ExpressionPtr parseConcat();
  ExpressionPtr parseProduct();
  ExpressionPtr parsePower();
  ExpressionPtr parseUnary(bool filters = true);
  ExpressionPtr parsePrimary();
  ExpressionPtr parseNameOrConstant();
  ExpressionPtr parseList();
  ExpressionPtr parseDict();
  ExpressionPtr parsePostfix(ExpressionPtr operand);
  ExpressionPtr parseAttribute(ExpressionPtr operand);
  ExpressionPtr parseSubscript(ExpressionPtr operand);
  ExpressionPtr parseCall(ExpressionPtr callee);
  ExpressionPtr parseFilters(ExpressionPtr operand);
  ExpressionPtr parseFilter(ExpressionPtr operand);
  ExpressionPtr parseTest(ExpressionPtr operand);
  void parseArguments(Expression &call);
  bool compareOperation(Operation &operation);

  /// Counts levels of the parser's own recursion while it lives.
  struct Nesting {
    explicit Nesting(Parser &parser) : parser(parser) {
      if (++parser.depth > maxNesting)
        parser.fail("nested deeper than " + std::to_string(maxNesting) + " levels");
    }
    ~Nesting() { --parser.depth; }
    Parser &parser;
  };

  std::vector<Token> tokens;
  size_t at = 0;
  int depth = 0;
  int loops = 0; ///< for loops around the current statement, within its macro
  SymbolTable symbols;
};

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEPARSERIMPL_H
