//===- Parser.cpp - tokens and recovery -----------------------------------===//

#include "frontend/language/Parser.h"
#include "frontend/language/ParserImpl.h"
#include "llvm/Support/SourceMgr.h"

using namespace heddle;
using namespace heddle::ast;
using llvm::Twine;

/// Deeper trees are refused: far beyond what anybody writes, far below what a stack holds.
static constexpr unsigned maxDepth = 200;
static constexpr unsigned maxErrors = 100;

std::unique_ptr<Page> heddle::parsePage(unsigned buffer, Diagnostics &diagnostics) {
  auto page = std::make_unique<Page>();
  page->buffer = buffer;
  StringRef text = diagnostics.sourceMgr().getMemoryBuffer(buffer)->getBuffer();
  Parser(lex(text, diagnostics), *page, diagnostics).parsePage();
  return page;
}

/// The token `ahead` places on. Line ends inside ( ) and [ ] do not count.
const Token &Parser::peek(unsigned ahead) {
  size_t at = position;
  for (;; ++at) {
    if (enclosing && tokens[at].is(Kind::Newline))
      continue;
    if (tokens[at].is(Kind::Eof) || ahead-- == 0)
      return tokens[at];
  }
}

const Token &Parser::advance() {
  while (enclosing && tokens[position].is(Kind::Newline))
    ++position;
  const Token &token = tokens[position];
  if (!token.is(Kind::Eof))
    ++position;
  lastEnd = token.end();
  return token;
}

bool Parser::eat(Kind kind) {
  if (!at(kind))
    return false;
  advance();
  return true;
}

bool Parser::eatWord(StringRef word) {
  if (!atWord(word))
    return false;
  advance();
  return true;
}

bool Parser::atAnyWord(ArrayRef<StringRef> words) {
  return at(Kind::Name) && llvm::is_contained(words, peek().text);
}

void Parser::skipNewlines() {
  while (tokens[position].is(Kind::Newline))
    ++position;
}

void Parser::skipEnds() {
  while (tokens[position].is(Kind::Newline) || tokens[position].is(Kind::Semicolon))
    ++position;
}

/// `else`, also where it begins a line: before it a line does not end.
bool Parser::eatElse() {
  size_t before = position;
  skipNewlines();
  if (eatWord("else")) {
    skipNewlines();
    return true;
  }
  position = before;
  return false;
}

/// A comma; the line goes on after it.
bool Parser::eatComma() {
  if (!eat(Kind::Comma))
    return false;
  skipNewlines();
  return true;
}

/// The token as a message shows it.
static std::string quote(const Token &token) {
  if (token.is(Token::Kind::Eof) || token.is(Token::Kind::Newline))
    return describe(token.kind).str();
  return token.is(Token::Kind::Text) ? token.text.str() : ("'" + token.text + "'").str();
}

/// Whether the lexer has reported this token or the last one: what follows from that is no mistake of its
/// own.
bool Parser::nearUnknown() {
  return peek().is(Kind::Unknown) || (position > 0 && tokens[position - 1].is(Kind::Unknown));
}

/// Reports that `what` should stand here, and what stands here instead.
std::nullptr_t Parser::expected(const Twine &what) {
  const Token &token = peek();
  if (nearUnknown())
    return nullptr;
  auto error = diagnostics.error(token.loc(), "expected " + what + ", found " + quote(token));
  if (!token.is(Kind::Newline))
    error.mark(token.range());
  return nullptr;
}

bool Parser::need(Kind kind, StringRef context) {
  if (eat(kind))
    return true;
  expected(describe(kind) + (context.empty() ? "" : " ") + context);
  return false;
}

/// The bracket that closes `open`; a mistake shows where that one stands.
bool Parser::close(Kind kind, const Token &open) {
  if (eat(kind))
    return true;
  const Token &token = peek();
  if (nearUnknown())
    return false;
  // On a later line the place of the opening bracket tells more.
  if (tokens[position].is(Kind::Newline)) {
    diagnostics.error(open.range(), "this '" + open.text + "' must be closed by " + describe(kind))
        .note(token.range(), "found " + quote(token) + " first");
    return false;
  }
  diagnostics.error(token.range(), "expected " + describe(kind) + ", found " + quote(token))
      .note(open.range(), "to close this '" + open.text + "'");
  return false;
}

/// end = newline | ";", or the "}" of the block around.
bool Parser::needEnd() {
  if (at(Kind::Newline) || at(Kind::Semicolon) || at(Kind::Eof)) {
    skipEnds();
    return true;
  }
  if (at(Kind::RightBrace))
    return true;
  expected("the end of the line");
  return false;
}

/// Goes on after a mistake in the item that began at token `start`: at this line if the mistake is its first
/// token, else at the next line. What stands in braces on the way is passed over as a whole.
void Parser::recover(size_t start) {
  enclosing = 0;
  bool beginsLine = position > 0 && tokens[position - 1].is(Kind::Newline);
  if (beginsLine && position > start && !tokens[position].is(Kind::LeftBrace))
    return;
  unsigned open = 0;
  for (; !tokens[position].is(Kind::Eof); ++position) {
    if (tokens[position].is(Kind::LeftBrace))
      ++open;
    else if (tokens[position].is(Kind::RightBrace) && open-- == 0)
      return;
    else if (!open && (tokens[position].is(Kind::Newline) || tokens[position].is(Kind::Semicolon)))
      return;
  }
}

std::optional<Name> Parser::parseName(StringRef what) {
  if (at(Kind::Name)) {
    const Token &token = advance();
    return Name{token.text, token.range()};
  }
  expected(what);
  return std::nullopt;
}

/// NAME { "," NAME }
bool Parser::parseNames(List<Name> &names, StringRef what) {
  do {
    std::optional<Name> name = parseName(what);
    if (!name)
      return false;
    names.push_back(*name);
  } while (eatComma());
  return true;
}

const TextExpr *Parser::parseText(StringRef what) {
  if (!at(Kind::Text))
    return expected(what);
  const Token &token = advance();
  return arena.make<TextExpr>(token.range(), token.text.drop_front().substr(0, token.text.size() - 2));
}

/// "{" { item end } "}"
std::optional<SMRange> Parser::parseBraces(StringRef after, llvm::function_ref<bool()> item) {
  const Token open = peek();
  if (!need(Kind::LeftBrace, after))
    return std::nullopt;
  Nested nested(*this);
  unsigned enclosingBefore = std::exchange(enclosing, 0);
  skipEnds();
  while (!at(Kind::RightBrace)) {
    if (tooManyErrors())
      break;
    if (at(Kind::Eof)) {
      if (!std::exchange(reportedEnd, true))
        diagnostics.error(open.range(), "this '{' must be closed by '}', found the end of the file first");
      break;
    }
    size_t start = position;
    if (!item() || !needEnd()) {
      recover(start);
      if (position == start)
        advance();
      skipEnds();
    }
  }
  eat(Kind::RightBrace);
  enclosing = enclosingBefore;
  return since(open.loc());
}

bool Parser::tooDeep() {
  if (depth <= maxDepth)
    return false;
  if (!std::exchange(reportedDepth, true))
    diagnostics.error(peek().loc(),
                      "expressions and blocks may be nested at most " + Twine(maxDepth) + " deep");
  return true;
}

/// After so many mistakes more of them help nobody, and a page made to be slow ends soon.
bool Parser::tooManyErrors() const { return diagnostics.errorCount() >= maxErrors; }
