//===- ParsePage.cpp - pages, models and statements -----------------------===//

#include "frontend/language/ParserImpl.h"
#include "llvm/ADT/StringSwitch.h"

using namespace heddle;
using namespace heddle::ast;

/// page = { fn | model | table | ignore }
void Parser::parsePage() {
  List<const FnDecl *> fns;
  List<const Model *> models;
  List<const Table *> tables;
  List<const IgnoreRow *> ignores;
  skipEnds();
  while (!at(Kind::Eof) && !tooManyErrors()) {
    size_t start = position;
    if (!parseTop(fns, models, tables, ignores) || !needTopEnd()) {
      recover(start);
      if (position == start || at(Kind::RightBrace))
        advance();
    }
    skipEnds();
  }
  page.fns = arena.copy<const FnDecl *>(fns);
  page.models = arena.copy<const Model *>(models);
  page.tables = arena.copy<const Table *>(tables);
  page.ignores = arena.copy<const IgnoreRow *>(ignores);
}

bool Parser::needTopEnd() {
  if (!at(Kind::RightBrace))
    return needEnd();
  diagnostics.error(peek().range(), "this '}' closes nothing");
  return false;
}

template <typename T, typename L> static bool append(L &list, const T *item) {
  if (item)
    list.push_back(item);
  return item;
}

bool Parser::parseTop(List<const FnDecl *> &fns, List<const Model *> &models, List<const Table *> &tables,
                      List<const IgnoreRow *> &ignores) {
  if (atWord("fn"))
    return append(fns, parseFn());
  if (atWord("model"))
    return append(models, parseModel());
  if (atWord("checkpoint"))
    return append(tables, parseTable());
  if (atWord("ignore"))
    return append(ignores, parseIgnore());
  expected("'model', 'checkpoint', 'fn' or 'ignore'");
  return false;
}

/// model = "model" NAME block
const Model *Parser::parseModel() {
  SMLoc start = advance().loc();
  std::optional<Name> name = parseName("the model's name");
  if (!name)
    return nullptr;
  std::optional<Block> body = parseBlock("and the model's declarations");
  return body ? arena.make<Model>(Model{*name, *body, since(start)}) : nullptr;
}

/// block = "{" { stmt end } "}"
std::optional<Block> Parser::parseBlock(StringRef after) {
  List<const Stmt *> stmts;
  std::optional<SMRange> range = parseBraces(after, [&] { return append(stmts, parseStmt()); });
  if (!range)
    return std::nullopt;
  return Block{arena.copy<const Stmt *>(stmts), *range};
}

/// stmt = decl | fn | layer | entry | assignment | "return" ... | expr | "for" ... | ifs
/// Where each may stand is checked later, so that the message can say it.
const Stmt *Parser::parseStmt() {
  if (tooDeep())
    return nullptr;
  if (std::optional<DeclKind> kind = atDecl())
    return parseDecl(*kind);
  if (atWord("fn") && peek(1).is(Kind::Name))
    return parseFn();
  if (atWord("layer") && peek(1).is(Kind::Name))
    return parseLayer();
  if (atWord("if"))
    return parseIf();
  if (atWord("for"))
    return parseFor();
  if (atWord("return"))
    return parseReturn();
  if (atAssignment())
    return parseAssignment();
  if (atEntry())
    return parseEntry();
  const Expr *value = parseExpr();
  return value ? arena.make<ExprStmt>(value->range(), value) : nullptr;
}

/// A declaration's word counts only before a name, so that `text = ...` is an assignment.
std::optional<DeclKind> Parser::atDecl() {
  if (!at(Kind::Name) || !peek(1).is(Kind::Name))
    return std::nullopt;
  return llvm::StringSwitch<std::optional<DeclKind>>(peek().text)
      .Case("size", DeclKind::Size)
      .Case("integer", DeclKind::Integer)
      .Case("real", DeclKind::Real)
      .Case("flag", DeclKind::Flag)
      .Case("text", DeclKind::Text)
      .Case("weight", DeclKind::Weight)
      .Default(std::nullopt);
}

/// decl = KIND item { "," item }
const Stmt *Parser::parseDecl(DeclKind kind) {
  SMLoc start = advance().loc();
  List<DeclItem> items;
  do {
    if (!parseDeclItem(items))
      return nullptr;
  } while (eatComma());
  return arena.make<DeclStmt>(since(start), kind, arena.copy<DeclItem>(items));
}

/// item = NAME { "," NAME } ":" dims [ "else" expr ] | NAME [ "=" expr ]
/// Names before one with a value, or before none, are items of their own.
bool Parser::parseDeclItem(List<DeclItem> &items) {
  List<Name> names;
  SMLoc start = peek().loc();
  if (!parseNames(names, "a name"))
    return false;
  if (eat(Kind::Colon)) {
    DeclItem item;
    item.names = arena.copy<Name>(names);
    item.type = parseType();
    if (!item.type || (eatElse() && !(item.fallback = parseExpr())))
      return false;
    item.range = since(start);
    if (at(Kind::Equal)) {
      diagnostics.error(peek().range(), "a declaration with axes takes its default after 'else'");
      return false;
    }
    items.push_back(item);
    return true;
  }
  for (const Name &name : names) {
    DeclItem item;
    item.names = arena.copy<Name>(name);
    item.range = name.range;
    items.push_back(item);
  }
  if (!eat(Kind::Equal))
    return true;
  skipNewlines();
  DeclItem &last = items.back();
  last.value = parseExpr();
  last.range = since(last.range.Start);
  return last.value;
}

/// fn = "fn" NAME [ "[" NAME { "," NAME } "]" ] [ params ] ( "=" expr | block )
const FnDecl *Parser::parseFn() {
  SMLoc start = advance().loc();
  std::optional<Name> name = parseName("the function's name");
  if (!name)
    return nullptr;
  List<Name> axes;
  if (const Token open = peek(); open.is(Kind::LeftBracket)) {
    Enclosed enclosed(*this);
    advance();
    if (!parseNames(axes, "the name of an axis") || !close(Kind::RightBracket, open))
      return nullptr;
  }
  List<Param> params;
  bool hasParams = at(Kind::LeftParen);
  if (hasParams && !parseParams(params))
    return nullptr;
  std::optional<Block> body;
  bool isExpression = eat(Kind::Equal);
  if (isExpression) {
    skipNewlines();
    const Expr *value = parseExpr();
    if (!value)
      return nullptr;
    const Stmt *result = arena.make<ReturnStmt>(value->range(), arena.copy<const Expr *>(value));
    body = Block{arena.copy<const Stmt *>(result), value->range()};
  } else if (at(Kind::LeftBrace)) {
    body = parseBlock("");
  } else {
    return expected("'=' or '{' and what the function computes");
  }
  return body ? arena.make<FnDecl>(since(start), *name, arena.copy<Name>(axes), hasParams,
                                   arena.copy<Param>(params), *body, isExpression)
              : nullptr;
}

/// layer = "layer" NAME "[" NAME "]" params "->" dims block
const Stmt *Parser::parseLayer() {
  SMLoc start = advance().loc();
  std::optional<Name> name = parseName("the layer's name");
  if (!name || !need(Kind::LeftBracket, "and the name of the layer's number"))
    return nullptr;
  std::optional<Name> index = parseName("the name of the layer's number");
  if (!index || !need(Kind::RightBracket, ""))
    return nullptr;
  List<Param> params;
  if (!at(Kind::LeftParen))
    return expected("'(' and the layer's inputs");
  if (!parseParams(params) || !need(Kind::Arrow, "and the result's axes"))
    return nullptr;
  skipNewlines();
  const Dims *result = parseType();
  if (!result)
    return nullptr;
  std::optional<Block> body = parseBlock("and what the layer computes");
  return body ? arena.make<LayerDecl>(since(start), *name, *index, arena.copy<Param>(params), result, *body)
              : nullptr;
}

/// Whether NAME "(" ... ")" "->" begins here.
bool Parser::atEntry() {
  if (!at(Kind::Name) || !peek(1).is(Kind::LeftParen))
    return false;
  unsigned open = 0;
  for (size_t i = position + 1; !tokens[i].is(Kind::Eof); ++i) {
    if (tokens[i].is(Kind::LeftParen))
      ++open;
    else if (tokens[i].is(Kind::RightParen) && --open == 0)
      return tokens[i + 1].is(Kind::Arrow);
    else if (tokens[i].is(Kind::LeftBrace) || tokens[i].is(Kind::RightBrace))
      return false;
  }
  return false;
}

/// entry = NAME params "->" output { "," output } block
const Stmt *Parser::parseEntry() {
  const Token name = advance();
  List<Param> params;
  if (!parseParams(params) || !need(Kind::Arrow, "and the outputs"))
    return nullptr;
  skipNewlines();
  List<Output> outputs;
  do {
    std::optional<Output> output = parseOutput();
    if (!output)
      return nullptr;
    outputs.push_back(*output);
  } while (eatComma());
  std::optional<Block> body = parseBlock("and what the entry computes");
  return body ? arena.make<EntryDecl>(since(name.loc()), Name{name.text, name.range()},
                                      arena.copy<Param>(params), arena.copy<Output>(outputs), *body)
              : nullptr;
}

/// output = NAME ":" dims [ "else" expr ]
std::optional<Output> Parser::parseOutput() {
  Output output;
  std::optional<Name> name = parseName("the name of an output");
  if (!name || !need(Kind::Colon, "and the output's axes") || !(output.type = parseType()) ||
      (eatElse() && !(output.fallback = parseExpr())))
    return std::nullopt;
  output.name = *name;
  output.range = since(name->range.Start);
  return output;
}

/// params = "(" [ param { "," param } ] ")"
bool Parser::parseParams(List<Param> &params) {
  const Token open = peek();
  Enclosed enclosed(*this);
  advance();
  if (eat(Kind::RightParen))
    return true;
  do {
    std::optional<Param> param = parseParam();
    if (!param)
      return false;
    params.push_back(*param);
  } while (eatComma());
  return close(Kind::RightParen, open);
}

/// param = NAME [ ":" dims ] [ "of" NAME ] [ "else" expr ]
std::optional<Param> Parser::parseParam() {
  Param param;
  std::optional<Name> name = parseName("the name of a parameter");
  if (!name || (eat(Kind::Colon) && !(param.type = parseType())) ||
      (eatWord("of") && !(param.of = parseName("a size"))) || (eatElse() && !(param.fallback = parseExpr())))
    return std::nullopt;
  param.name = *name;
  param.range = since(name->range.Start);
  return param;
}

/// "for" NAME "in" expr block
const Stmt *Parser::parseFor() {
  SMLoc start = advance().loc();
  std::optional<Name> variable = parseName("the name of the loop's number");
  if (!variable)
    return nullptr;
  if (!eatWord("in"))
    return expected("'in' and a size");
  const Expr *count = parseExpr();
  if (!count)
    return nullptr;
  std::optional<Block> body = parseBlock("and what is repeated");
  return body ? arena.make<ForStmt>(since(start), *variable, count, *body) : nullptr;
}

const Stmt *Parser::parseIf() {
  return parseIfOver<IfStmt, Stmt>(&Parser::parseBlock, "after the condition");
}

/// "return" expr { "," expr }
const Stmt *Parser::parseReturn() {
  SMLoc start = advance().loc();
  List<const Expr *> values;
  do {
    const Expr *value = parseExpr();
    if (!value)
      return nullptr;
    values.push_back(value);
  } while (eatComma());
  return arena.make<ReturnStmt>(since(start), arena.copy<const Expr *>(values));
}

/// Whether NAME { "," NAME } "=" begins here.
bool Parser::atAssignment() {
  for (size_t i = position; tokens[i].is(Kind::Name); ++i) {
    if (tokens[i + 1].is(Kind::Equal))
      return true;
    if (!tokens[++i].is(Kind::Comma))
      return false;
    while (tokens[i + 1].is(Kind::Newline))
      ++i;
  }
  return false;
}

/// NAME { "," NAME } "=" expr
const Stmt *Parser::parseAssignment() {
  SMLoc start = peek().loc();
  List<Name> targets;
  if (!parseNames(targets, "a name") || !need(Kind::Equal, "and a value"))
    return nullptr;
  skipNewlines();
  const Expr *value = parseExpr();
  return value ? arena.make<AssignStmt>(since(start), arena.copy<Name>(targets), value) : nullptr;
}
