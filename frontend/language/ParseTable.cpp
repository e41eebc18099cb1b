//===- ParseTable.cpp - checkpoint tables ---------------------------------===//

#include "frontend/language/ParserImpl.h"

using namespace heddle;
using namespace heddle::ast;

/// table = "checkpoint" NAME TEXT { "," TEXT } [ "in" TEXT { "else" TEXT } ] rows
const Table *Parser::parseTable() {
  SMLoc start = advance().loc();
  std::optional<Name> format = parseName("the checkpoint's format, 'hf' or 'gguf'");
  if (!format)
    return nullptr;
  List<const TextExpr *> types, prefixes;
  do {
    const TextExpr *type = parseText("the model type as a text");
    if (!type)
      return nullptr;
    types.push_back(type);
  } while (eatComma());
  if (eatWord("in")) {
    do {
      const TextExpr *prefix = parseText("a prefix of tensor names as a text");
      if (!prefix)
        return nullptr;
      prefixes.push_back(prefix);
    } while (eatElse());
  }
  std::optional<Rows> rows = parseRows("and the table's rows");
  return rows ? arena.make<Table>(Table{*format, arena.copy<const TextExpr *>(types),
                                        arena.copy<const TextExpr *>(prefixes), *rows, since(start)})
              : nullptr;
}

/// rows = "{" { row end } "}"
std::optional<Rows> Parser::parseRows(StringRef after) {
  List<const Row *> rows;
  std::optional<SMRange> range = parseBraces(after, [&] {
    const Row *row = parseRow();
    if (row)
      rows.push_back(row);
    return row != nullptr;
  });
  if (!range)
    return std::nullopt;
  return Rows{arena.copy<const Row *>(rows), *range};
}

/// row = set | list | sub-table | "in" ... | "size" ... | "require" ... | "ignore" ... | "if" ...
const Row *Parser::parseRow() {
  if (tooDeep())
    return nullptr;
  if (atWord("in"))
    return parseInRow();
  if (atWord("if"))
    return parseIfRow();
  if (peek(1).is(Kind::Equal) || peek(1).is(Kind::Comma))
    return parseSetRow();
  if (peek(1).is(Kind::LeftBracket) && !atWord("require"))
    return parseIndexedRow();
  if (atWord("size"))
    return parseSizeRow();
  if (atWord("require"))
    return parseRequire();
  if (atWord("ignore"))
    return parseIgnore();
  if (atAnyWord({"integer", "real", "flag", "text", "weight"}) && peek(1).is(Kind::Name)) {
    diagnostics
        .error(peek().range(), "a table sets what the model declares, only 'size' may be declared in it")
        .help("leave out '" + peek().text + "'");
    return nullptr;
  }
  if (!at(Kind::Name))
    return expected("a row");
  advance();
  return expected("'=' and a value");
}

/// "in" TEXT rows
const Row *Parser::parseInRow() {
  SMLoc start = advance().loc();
  const TextExpr *prefix = parseText("a prefix of tensor names as a text");
  if (!prefix)
    return nullptr;
  std::optional<Rows> rows = parseRows("and the rows under this prefix");
  return rows ? arena.make<InRow>(since(start), prefix, *rows) : nullptr;
}

/// "size" NAME "=" expr
const Row *Parser::parseSizeRow() {
  SMLoc start = advance().loc();
  List<DeclItem> items;
  if (!parseDeclItem(items))
    return nullptr;
  if (items.size() == 1 && items.front().value)
    return arena.make<SizeRow>(since(start), items.front());
  diagnostics.error(items.front().range, "a table's size is one name with its value, as in 'size two = 2'");
  return nullptr;
}

/// "require" expr
const Row *Parser::parseRequire() {
  SMLoc start = advance().loc();
  const Expr *condition = parseExpr();
  return condition ? arena.make<RequireRow>(since(start), condition) : nullptr;
}

/// "ignore" what { "," what }
const IgnoreRow *Parser::parseIgnore() {
  SMLoc start = advance().loc();
  List<IgnoreItem> items;
  do {
    std::optional<IgnoreItem> item = parseIgnoreItem();
    if (!item)
      return nullptr;
    items.push_back(*item);
  } while (eatComma());
  return arena.make<IgnoreRow>(since(start), arena.copy<IgnoreItem>(items));
}

/// what = TEXT | NAME [ "*" ]
std::optional<IgnoreItem> Parser::parseIgnoreItem() {
  SMLoc start = peek().loc();
  IgnoreItem item;
  if (at(Kind::Text)) {
    item.text = parseText("")->value;
    item.isTensor = true;
  } else {
    std::optional<Name> name = parseName("a config entry, or a tensor's name as a text");
    if (!name)
      return std::nullopt;
    item.text = name->text;
    item.isPrefix = eat(Kind::Star);
  }
  item.range = since(start);
  return item;
}

const Row *Parser::parseIfRow() {
  return parseIfOver<IfRow, Row>(&Parser::parseRows, "and the rows under this condition");
}

/// NAME "[" NAME "]" "=" expr | NAME "[" NAME "]" "in" TEXT rows
const Row *Parser::parseIndexedRow() {
  std::optional<Name> name = parseName("a name");
  if (!name || !need(Kind::LeftBracket, ""))
    return nullptr;
  std::optional<Name> index = parseName("the name of the layer's number");
  if (!index || !need(Kind::RightBracket, ""))
    return nullptr;
  SMLoc start = name->range.Start;
  if (eat(Kind::Equal)) {
    skipNewlines();
    const Expr *value = parseExpr();
    return value ? arena.make<ListRow>(since(start), *name, *index, value) : nullptr;
  }
  if (!eatWord("in"))
    return expected("'=' and a value, or 'in' and a layer's prefix");
  const TextExpr *prefix = parseText("a prefix of tensor names as a text");
  if (!prefix)
    return nullptr;
  std::optional<Rows> rows = parseRows("and the layer's rows");
  return rows ? arena.make<BlockRow>(since(start), *name, *index, prefix, *rows) : nullptr;
}

/// NAME { "," NAME } "=" expr
const Row *Parser::parseSetRow() {
  SMLoc start = peek().loc();
  List<Name> names;
  if (!parseNames(names, "a name") || !need(Kind::Equal, "and a value"))
    return nullptr;
  skipNewlines();
  const Expr *value = parseExpr();
  return value ? arena.make<SetRow>(since(start), arena.copy<Name>(names), value) : nullptr;
}
