//===- ParserImpl.h - the recursive descent parser --------------*- C++ -*-===//
//
// One member function for each production of the grammar; each has its rule above it. A function that fails
// has reported why and returns null (or nullopt); only blocks, rows and the page itself recover.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_PARSERIMPL_H
#define HEDDLE_FRONTEND_LANGUAGE_PARSERIMPL_H

#include "frontend/language/Ast.h"
#include "frontend/language/Lexer.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace heddle {

class Parser {
public:
  Parser(std::vector<Token> tokens, ast::Page &page, Diagnostics &diagnostics)
      : tokens(std::move(tokens)), page(page), arena(page.arena), diagnostics(diagnostics) {}

  void parsePage();

private:
  using Kind = Token::Kind;
  template <typename T> using List = llvm::SmallVector<T, 4>;

  // --- Parser.cpp: tokens, recovery
  const Token &peek(unsigned ahead = 0);
  bool at(Kind kind) { return peek().is(kind); }
  bool atWord(llvm::StringRef word) { return peek().isWord(word); }
  bool atAnyWord(llvm::ArrayRef<llvm::StringRef> words);
  const Token &advance();
  bool eat(Kind kind);
  bool eatWord(llvm::StringRef word);
  bool eatOperator(llvm::StringRef word);
  bool eatElse();
  bool eatComma();
  void skipNewlines();
  void skipEnds();
  std::nullptr_t expected(const llvm::Twine &what);
  bool need(Kind kind, llvm::StringRef context);
  bool close(Kind kind, const Token &open);
  bool needEnd();
  void recover(size_t start);
  llvm::SMRange since(llvm::SMLoc start) const { return {start, lastEnd}; }
  std::optional<ast::Name> parseName(llvm::StringRef what);
  const ast::TextExpr *parseText(llvm::StringRef what);
  bool parseNames(List<ast::Name> &names, llvm::StringRef what);
  /// Items until `}`; recovers after each that fails. Returns the range with both braces, or nullopt without
  /// `{`.
  std::optional<llvm::SMRange> parseBraces(llvm::StringRef after, llvm::function_ref<bool()> item);

  /// Inside ( ) and [ ] a line does not end.
  struct Enclosed {
    Enclosed(Parser &p) : parser(p) { ++parser.enclosing; }
    ~Enclosed() { --parser.enclosing; }
    Parser &parser;
  };
  /// Bounds the depth of the tree, so that no later recursion over it can exhaust the stack.
  struct Nested {
    Nested(Parser &p) : parser(p), before(p.depth) { ++parser.depth; }
    ~Nested() { parser.depth = before; }
    Parser &parser;
    unsigned before;
  };
  bool tooDeep();
  bool tooManyErrors() const;
  bool nearUnknown();

  // --- ParsePage.cpp: pages, models, statements
  bool parseTop(List<const ast::FnDecl *> &, List<const ast::Model *> &, List<const ast::Table *> &,
                List<const ast::IgnoreRow *> &);
  bool needTopEnd();
  const ast::Model *parseModel();
  std::optional<ast::Block> parseBlock(llvm::StringRef after);
  const ast::Stmt *parseStmt();
  const ast::Stmt *parseDecl(ast::DeclKind kind);
  bool parseDeclItem(List<ast::DeclItem> &items);
  const ast::FnDecl *parseFn();
  const ast::Stmt *parseLayer();
  bool atEntry();
  const ast::Stmt *parseEntry();
  std::optional<ast::Output> parseOutput();
  bool parseParams(List<ast::Param> &params);
  std::optional<ast::Param> parseParam();
  const ast::Stmt *parseFor();
  const ast::Stmt *parseIf();
  template <typename If, typename Node, typename Block>
  const If *parseIfOver(std::optional<Block> (Parser::*parseBlock)(llvm::StringRef), llvm::StringRef after);
  const ast::Stmt *parseReturn();
  bool atAssignment();
  const ast::Stmt *parseAssignment();
  std::optional<ast::DeclKind> atDecl();

  // --- ParseDims.cpp: types and axes
  const ast::Dims *parseType();
  const ast::Dims *parseDims();
  std::optional<ast::Sum> parseSum();
  std::optional<ast::Product> parseProduct();
  std::optional<ast::Factor> parseFactor();
  std::optional<ast::Axis> parseAxis(llvm::StringRef what);
  bool atAxisName(unsigned ahead = 0);

  // --- ParseExpr.cpp, ParseBracket.cpp
  static bool isReserved(llvm::StringRef word);
  const ast::Expr *parseExpr();
  const ast::Expr *parseIfExpr();
  const ast::Expr *parseOr();
  const ast::Expr *parseAnd();
  const ast::Expr *parseNot();
  const ast::Expr *parseComparison();
  const ast::Expr *parseSumExpr();
  const ast::Expr *parseProductExpr();
  const ast::Expr *parseNegation();
  const ast::Expr *parseContraction();
  const ast::Expr *parsePower();
  const ast::Expr *parsePostfix();
  const ast::Expr *parseAs(llvm::SMLoc start, const ast::Expr *base);
  const ast::Expr *parseBracket(llvm::SMLoc start, const ast::Expr *base);
  const ast::Expr *parseLookup(llvm::SMLoc start, const ast::Expr *base, const Token &open);
  const ast::Expr *parseAxisBracket(llvm::SMLoc start, const ast::Expr *base, const Token &open);
  const ast::Expr *asExpression(const ast::Axis &axis);
  bool atLookup() const;
  bool atAxisBracket() const;
  bool parseArgs(List<const ast::Expr *> &args);
  const ast::Expr *parsePrimary();
  const ast::Expr *parseNumber();
  const ast::Expr *parseParenthesised();
  const ast::Expr *parseListLiteral();
  using Level = const ast::Expr *(Parser::*)();
  struct Operator {
    Kind kind;
    ast::BinaryOp op;
  };
  const ast::Expr *parseChain(llvm::ArrayRef<Operator> operators, Level next);
  const ast::Expr *parseWordChain(llvm::StringRef word, ast::BinaryOp op, Level next);

  // --- ParseTable.cpp
  const ast::Table *parseTable();
  std::optional<ast::Rows> parseRows(llvm::StringRef after);
  const ast::Row *parseRow();
  const ast::Row *parseInRow();
  const ast::Row *parseSizeRow();
  const ast::Row *parseRequire();
  const ast::IgnoreRow *parseIgnore();
  std::optional<ast::IgnoreItem> parseIgnoreItem();
  const ast::Row *parseIfRow();
  const ast::Row *parseIndexedRow();
  const ast::Row *parseSetRow();

  std::vector<Token> tokens;
  size_t position = 0;
  llvm::SMLoc lastEnd;    ///< the end of the last token taken
  unsigned enclosing = 0; ///< open ( and [ around the current token
  unsigned depth = 0;
  bool reportedDepth = false;
  bool reportedEnd = false;
  ast::Page &page;
  ast::Arena &arena;
  Diagnostics &diagnostics;
};

/// ifs = "if" expr block [ "else" ( block | ifs ) ], over blocks of statements or of a table's rows (nodes).
/// `after` is what a message says where the first block is missing.
template <typename If, typename Node, typename Block>
const If *Parser::parseIfOver(std::optional<Block> (Parser::*parseBlock)(llvm::StringRef),
                              llvm::StringRef after) {
  Nested nested(*this);
  if (tooDeep())
    return nullptr;
  llvm::SMLoc start = advance().loc();
  const ast::Expr *condition = parseExpr();
  if (!condition)
    return nullptr;
  std::optional<Block> thenBlock = (this->*parseBlock)(after);
  if (!thenBlock)
    return nullptr;
  std::optional<Block> elseBlock;
  if (eatElse()) {
    if (atWord("if")) {
      const Node *chained = parseIfOver<If, Node>(parseBlock, after);
      if (!chained)
        return nullptr;
      elseBlock = Block{arena.copy<const Node *>(chained), chained->range()};
    } else if (!(elseBlock = (this->*parseBlock)("after 'else'"))) {
      return nullptr;
    }
  }
  return arena.make<If>(since(start), condition, *thenBlock, elseBlock);
}

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_PARSERIMPL_H
