//===- TemplateParser.cpp - statements of templates -------------------------===//

#include "runtime/text/TemplateParser.h"
#include "runtime/support/Error.h"
#include "runtime/text/TemplateParserImpl.h"

#include <algorithm>

namespace heddle::template_language {

using SKind = Statement::Kind;

namespace {

constexpr size_t maxSource = size_t(1) << 20;

std::string describe(const Token &token) {
  switch (token.kind) {
  case Token::Kind::Text:
    return "text";
  case Token::Kind::PrintBegin:
    return "\"{{\"";
  case Token::Kind::PrintEnd:
    return "\"}}\"";
  case Token::Kind::BlockBegin:
    return "\"{%\"";
  case Token::Kind::BlockEnd:
    return "\"%}\"";
  case Token::Kind::String:
    return "a string";
  case Token::Kind::End:
    return "the end of the template";
  default:
    return "\"" + token.text + "\"";
  }
}

} // namespace

void Parser::fail(const std::string &message) const {
  throw Error("chat template, line " + std::to_string(current().line) + ": " + message);
}

void Parser::unexpected(const std::string &expected) const {
  fail("expected " + expected + ", found " + describe(current()));
}

bool Parser::takeOperator(std::string_view text) {
  bool found = isOperator(text);
  at += found;
  return found;
}

bool Parser::takeName(std::string_view text) {
  bool found = isName(text);
  at += found;
  return found;
}

void Parser::expectOperator(std::string_view text) {
  if (!takeOperator(text))
    unexpected("\"" + std::string(text) + "\"");
}

void Parser::expectName(std::string_view text) {
  if (!takeName(text))
    unexpected("\"" + std::string(text) + "\"");
}

std::string Parser::expectAnyName(const std::string &what) {
  if (current().kind != Kind::Name)
    unexpected(what);
  return take().text;
}

void Parser::expectBlockEnd() {
  if (current().kind != Kind::BlockEnd)
    unexpected("\"%}\"");
  take();
}

std::unique_ptr<Statement> Parser::makeStatement(SKind kind) const {
  auto statement = std::make_unique<Statement>();
  statement->kind = kind;
  statement->line = current().line;
  return statement;
}

/// Statements up to a tag with one of the names in `ends`, of which it takes the "{%" but not the name.
/// Without ends: up to the end of the template.
Body Parser::parseBody(std::initializer_list<std::string_view> ends) {
  Nesting nesting(*this);
  Body body;
  while (current().kind != Kind::End) {
    if (current().kind == Kind::Text) {
      body.push_back(makeStatement(SKind::Text));
      body.back()->text = take().text;
    } else if (current().kind == Kind::PrintBegin) {
      take();
      body.push_back(makeStatement(SKind::Print));
      body.back()->expression = parseTuple();
      if (current().kind != Kind::PrintEnd)
        unexpected("\"}}\"");
      take();
    } else {
      take(); // only "{%" is left
      if (std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return isName(end); }))
        return body;
      body.push_back(parseStatement());
    }
  }
  if (ends.size() != 0)
    unexpected("\"{% " + std::string(*(ends.end() - 1)) + " %}\"");
  return body;
}

std::unique_ptr<Statement> Parser::parseStatement() {
  if (isName("if"))
    return parseIf();
  if (isName("for"))
    return parseFor();
  if (isName("set"))
    return parseSet();
  if (isName("with"))
    return parseWith();
  if (isName("macro"))
    return parseMacro();
  if (isName("call"))
    return parseCallBlock();
  if (isName("filter"))
    return parseFilterBlock();
  if (isName("break"))
    return parseLoopControl(SKind::Break);
  if (isName("continue"))
    return parseLoopControl(SKind::Continue);
  if (takeName("generation")) { // marks what the assistant said, for training
    auto group = makeStatement(SKind::Group);
    expectBlockEnd();
    group->body = parseBody({"endgeneration"});
    take();
    expectBlockEnd();
    return group;
  }
  if (current().kind != Kind::Name)
    unexpected("a tag's name");
  fail("unknown tag \"" + current().text + "\", expected if, for, set, with, macro, call, filter, break, continue, "
       "generation or raw");
}

// if: "if" expression %} body ("elif" expression %} body)* ["else" %} body] "endif" %}
std::unique_ptr<Statement> Parser::parseIf() {
  auto statement = makeStatement(SKind::If);
  do {
    take();
    ExpressionPtr condition = parseTuple(/*conditional=*/false);
    expectBlockEnd();
    statement->branches.emplace_back(std::move(condition), parseBody({"elif", "else", "endif"}));
  } while (isName("elif"));
  if (takeName("else")) {
    expectBlockEnd();
    statement->otherwise = parseBody({"endif"});
  }
  expectName("endif");
  expectBlockEnd();
  return statement;
}

// for: "for" target "in" tuple ["if" expression] %} body ["else" %} body] "endfor" %}
std::unique_ptr<Statement> Parser::parseFor() {
  auto statement = makeStatement(SKind::For);
  take();
  statement->target = parseTarget(/*namespaces=*/false);
  expectName("in");
  statement->expression = parseTuple(/*conditional=*/false);
  if (takeName("if"))
    statement->condition = parseExpression();
  if (isName("recursive"))
    fail("recursive loops are not supported");
  expectBlockEnd();
  ++loops;
  statement->body = parseBody({"else", "endfor"});
  --loops;
  if (takeName("else")) {
    expectBlockEnd();
    statement->otherwise = parseBody({"endfor"});
  }
  expectName("endfor");
  expectBlockEnd();
  return statement;
}

// target: part ("," part)* [","]
Target Parser::parseTarget(bool namespaces) {
  Target first = parseTargetPart(namespaces);
  if (!isOperator(","))
    return first;
  Target tuple;
  tuple.parts.push_back(std::move(first));
  while (takeOperator(",") && (current().kind == Kind::Name || isOperator("(")) && !isName("in"))
    tuple.parts.push_back(parseTargetPart(namespaces));
  return tuple;
}

// part: name ["." name] | "(" target ")"
Target Parser::parseTargetPart(bool namespaces) {
  Nesting nesting(*this);
  if (takeOperator("(")) {
    Target inside = parseTarget(namespaces);
    expectOperator(")");
    return inside;
  }
  Target target;
  for (std::string_view constant : {"true", "True", "false", "False", "none", "None"})
    if (isName(constant))
      fail("cannot assign to \"" + std::string(constant) + "\"");
  target.symbol = symbols.intern(expectAnyName("a variable's name"));
  if (namespaces && takeOperator("."))
    target.attribute = expectAnyName("an attribute's name");
  return target;
}

// set: "set" target "=" tuple %} | "set" target ("|" filter)* %} body "endset" %}
std::unique_ptr<Statement> Parser::parseSet() {
  auto statement = makeStatement(SKind::Set);
  take();
  statement->target = parseTarget(/*namespaces=*/true);
  if (takeOperator("=")) {
    statement->expression = parseTuple();
    expectBlockEnd();
    return statement;
  }
  statement->kind = SKind::SetBlock;
  while (takeOperator("|"))
    statement->expression = parseFilter(std::move(statement->expression));
  expectBlockEnd();
  statement->body = parseBody({"endset"});
  take();
  expectBlockEnd();
  return statement;
}

// with: "with" [target "=" expression ("," target "=" expression)*] %} body "endwith" %}
std::unique_ptr<Statement> Parser::parseWith() {
  auto statement = makeStatement(SKind::With);
  take();
  while (current().kind != Kind::BlockEnd) {
    if (!statement->assignments.empty())
      expectOperator(",");
    Target target = parseTargetPart(/*namespaces=*/false);
    expectOperator("=");
    statement->assignments.emplace_back(std::move(target), parseExpression());
  }
  expectBlockEnd();
  statement->body = parseBody({"endwith"});
  take();
  expectBlockEnd();
  return statement;
}

// signature: "(" [name ["=" expression] ("," ...)* ] ")"
void Parser::parseSignature(Macro &macro) {
  expectOperator("(");
  while (!takeOperator(")")) {
    if (!macro.parameters.empty())
      expectOperator(",");
    if (takeOperator(")"))
      break;
    macro.parameters.push_back(symbols.intern(expectAnyName("a parameter's name")));
    if (takeOperator("="))
      macro.defaults.push_back(parseExpression());
    else if (macro.defaults.empty() || !macro.defaults.back())
      macro.defaults.push_back(nullptr);
    else
      fail("a parameter without a default behind one with a default");
  }
}

// macro: "macro" name signature %} body "endmacro" %}
std::unique_ptr<Statement> Parser::parseMacro() {
  auto statement = makeStatement(SKind::Macro);
  take();
  statement->macro.name = expectAnyName("a macro's name");
  statement->symbol = symbols.intern(statement->macro.name);
  parseSignature(statement->macro);
  expectBlockEnd();
  int outer = std::exchange(loops, 0);
  statement->macro.body = parseBody({"endmacro"});
  loops = outer;
  take();
  expectBlockEnd();
  return statement;
}

// call: "call" [signature] expression %} body "endcall" %}
std::unique_ptr<Statement> Parser::parseCallBlock() {
  auto statement = makeStatement(SKind::CallBlock);
  take();
  statement->macro.name = "caller";
  statement->symbol = symbols.intern("caller");
  if (isOperator("("))
    parseSignature(statement->macro);
  statement->expression = parseExpression();
  if (statement->expression->kind != Expression::Kind::Call)
    fail("expected a call behind \"call\"");
  expectBlockEnd();
  int outer = std::exchange(loops, 0);
  statement->macro.body = parseBody({"endcall"});
  loops = outer;
  take();
  expectBlockEnd();
  return statement;
}

// filter: "filter" filter ("|" filter)* %} body "endfilter" %}
std::unique_ptr<Statement> Parser::parseFilterBlock() {
  auto statement = makeStatement(SKind::FilterBlock);
  take();
  do
    statement->expression = parseFilter(std::move(statement->expression));
  while (takeOperator("|"));
  expectBlockEnd();
  statement->body = parseBody({"endfilter"});
  take();
  expectBlockEnd();
  return statement;
}

std::unique_ptr<Statement> Parser::parseLoopControl(SKind kind) {
  auto statement = makeStatement(kind);
  if (loops == 0)
    fail("\"" + current().text + "\" outside a loop");
  take();
  expectBlockEnd();
  return statement;
}

Program Parser::run() {
  Program program;
  program.body = parseBody({});
  program.symbols = std::move(symbols);
  return program;
}

Program parseTemplate(std::string_view source) {
  if (source.size() > maxSource)
    throw Error("the chat template is longer than 1 MiB");
  return Parser(source).run();
}

} // namespace heddle::template_language
