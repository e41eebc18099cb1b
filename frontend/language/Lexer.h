//===- Lexer.h - text to tokens ---------------------------------*- C++ -*-===//
//
// Cuts a page into tokens. Words are never reserved here: whether `size` is a declaration or a name is the
// parser's to decide. Line ends are tokens; the parser skips those that end nothing (inside brackets, after
// an operator, before `else`).
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_LEXER_H
#define HEDDLE_FRONTEND_LANGUAGE_LEXER_H

#include "frontend/language/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"
#include <vector>

namespace heddle {

struct Token {
  enum class Kind {
    Newline,
    Semicolon,
    Eof,
    Name,
    Number,
    Text,
    Arrow,
    FloorDiv,
    LessEqual,
    GreaterEqual,
    EqualEqual,
    NotEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Caret,
    At,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Equal,
    Less,
    Greater,
    Comma,
    Colon,
    Dot,
    Pipe,
    Unknown, ///< what begins no token, reported already
  };

  Kind kind = Kind::Eof;
  llvm::StringRef text; ///< as written, a text with its quotes; empty at the end of the file

  llvm::SMLoc loc() const { return llvm::SMLoc::getFromPointer(text.begin()); }
  llvm::SMLoc end() const { return llvm::SMLoc::getFromPointer(text.end()); }
  llvm::SMRange range() const { return {loc(), end()}; }
  bool is(Kind k) const { return kind == k; }
  bool isWord(llvm::StringRef word) const { return kind == Kind::Name && text == word; }
};

/// All tokens of `source`, an Eof last. What is no token is reported and stands as Unknown.
std::vector<Token> lex(llvm::StringRef source, Diagnostics &diagnostics);

/// What a token of this kind is called in messages and dumps: "a name", "'->'", "the end of the line".
llvm::StringRef describe(Token::Kind kind);

} // namespace heddle

#endif // HEDDLE_FRONTEND_LANGUAGE_LEXER_H
