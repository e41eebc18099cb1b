//===- Lexer.cpp ----------------------------------------------------------===//

#include "frontend/language/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"

using namespace heddle;
using llvm::StringRef;
using Kind = Token::Kind;

namespace {

/// Tokens of fixed spelling, the longer before the shorter that begins it.
struct Punctuation {
  Kind kind;
  StringRef spelling;
  StringRef quoted;
};
constexpr Punctuation punctuation[] = {
    {Kind::Arrow, "->", "'->'"},      {Kind::FloorDiv, "//", "'//'"},
    {Kind::LessEqual, "<=", "'<='"},  {Kind::GreaterEqual, ">=", "'>='"},
    {Kind::EqualEqual, "==", "'=='"}, {Kind::NotEqual, "!=", "'!='"},
    {Kind::Plus, "+", "'+'"},         {Kind::Minus, "-", "'-'"},
    {Kind::Star, "*", "'*'"},         {Kind::Slash, "/", "'/'"},
    {Kind::Percent, "%", "'%'"},      {Kind::Caret, "^", "'^'"},
    {Kind::At, "@", "'@'"},           {Kind::LeftParen, "(", "'('"},
    {Kind::RightParen, ")", "')'"},   {Kind::LeftBracket, "[", "'['"},
    {Kind::RightBracket, "]", "']'"}, {Kind::LeftBrace, "{", "'{'"},
    {Kind::RightBrace, "}", "'}'"},   {Kind::Equal, "=", "'='"},
    {Kind::Less, "<", "'<'"},         {Kind::Greater, ">", "'>'"},
    {Kind::Comma, ",", "','"},        {Kind::Colon, ":", "':'"},
    {Kind::Dot, ".", "'.'"},          {Kind::Pipe, "|", "'|'"},
    {Kind::Semicolon, ";", "';'"},
};

/// What people write from habit, and what is meant by it here.
struct Habit {
  StringRef written;
  StringRef help;
};
constexpr Habit habits[] = {
    {"&&", "write 'and'"},
    {"&", "write 'and'"},
    {"!", "write 'not'"},
    {"'", "texts stand in double quotes"},
    {"\u201c", "texts stand in double quotes"},
    {"\u201d", "texts stand in double quotes"},
    {"\u00d7", "write '*' element by element, '@' for a contraction"},
    {"\u00b7", "write '*' element by element, '@' for a contraction"},
    {"\u2212", "write '-'"},
    {"\u2264", "write '<='"},
    {"\u2265", "write '>='"},
    {"\u2260", "write '!='"},
    {"\u221a", "write 'sqrt(...)'"},
};

bool isNameStart(char c) { return llvm::isAlpha(c) || c == '_'; }
bool isNamePart(char c) { return llvm::isAlnum(c) || c == '_'; }

class Lexer {
public:
  Lexer(StringRef source, Diagnostics &diagnostics) : rest(source), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    while (!rest.empty())
      next();
    tokens.push_back({Kind::Eof, rest});
    return std::move(tokens);
  }

private:
  void next() {
    char c = rest.front();
    if (c == ' ' || c == '\t' || c == '\r')
      rest = rest.drop_front();
    else if (c == '#')
      rest = rest.substr(std::min(rest.find('\n'), rest.size()));
    else if (c == '\n')
      take(Kind::Newline, 1);
    else if (isNameStart(c))
      name();
    else if (llvm::isDigit(c))
      number();
    else if (c == '"')
      text();
    else if (!punctuationMark())
      unknown();
  }

  void take(Kind kind, size_t length) {
    tokens.push_back({kind, rest.take_front(length)});
    rest = rest.drop_front(length);
  }

  /// [A-Za-z_] { [A-Za-z0-9_] } [ "'" ]
  void name() {
    size_t length = std::min(rest.find_if_not(isNamePart), rest.size());
    if (length < rest.size() && rest[length] == '\'')
      ++length;
    take(Kind::Name, length);
  }

  size_t digits(size_t from) const { return std::min(rest.find_if_not(llvm::isDigit, from), rest.size()); }
  bool digitAt(size_t at) const { return at < rest.size() && llvm::isDigit(rest[at]); }

  /// digits [ "." digits ] [ "e" [ "-" | "+" ] digits ]
  void number() {
    size_t length = digits(0);
    if (length < rest.size() && rest[length] == '.' && digitAt(length + 1))
      length = digits(length + 1);
    if (length < rest.size() && (rest[length] == 'e' || rest[length] == 'E')) {
      size_t exponent = length + 1;
      if (exponent < rest.size() && (rest[exponent] == '-' || rest[exponent] == '+'))
        ++exponent;
      if (digitAt(exponent))
        length = digits(exponent);
    }
    if (length == rest.size() || !isNameStart(rest[length]))
      return take(Kind::Number, length);
    take(Kind::Unknown, std::min(rest.find_if_not(isNamePart, length), rest.size()));
    diagnostics.error(tokens.back().range(), "a name cannot begin with a digit")
        .help("put an operator or a blank between the number and the name");
  }

  /// '"' { any character but '"' and the end of the line } '"'
  void text() {
    size_t close = rest.find_first_of("\"\n", 1);
    if (close != StringRef::npos && rest[close] == '"')
      return take(Kind::Text, close + 1);
    size_t length = std::min(close, rest.size());
    diagnostics.error(llvm::SMLoc::getFromPointer(rest.begin()),
                      "a text must be closed with '\"' on its line");
    take(Kind::Unknown, length);
  }

  bool punctuationMark() {
    for (const Punctuation &p : punctuation) {
      if (rest.starts_with(p.spelling)) {
        take(p.kind, p.spelling.size());
        return true;
      }
    }
    return false;
  }

  /// One character, however many bytes, that begins no token.
  void unknown() {
    size_t length = std::min<size_t>(llvm::getNumBytesForUTF8(llvm::UTF8(rest.front())), rest.size());
    const auto *bytes = reinterpret_cast<const llvm::UTF8 *>(rest.data());
    bool valid = llvm::isLegalUTF8Sequence(bytes, bytes + length);
    StringRef help;
    for (const Habit &habit : habits) {
      if (rest.starts_with(habit.written)) {
        help = habit.help;
        length = habit.written.size();
        break;
      }
    }
    StringRef character = rest.take_front(valid ? length : 1);
    bool printable = valid && llvm::sys::unicode::columnWidthUTF8(character) > 0;
    llvm::SMRange range(llvm::SMLoc::getFromPointer(character.begin()),
                        llvm::SMLoc::getFromPointer(character.end()));
    std::string what = printable ? ("'" + character + "'").str() : "0x" + llvm::toHex(character);
    diagnostics.error(range, "unexpected character " + what).help(help);
    take(Kind::Unknown, character.size());
  }

  StringRef rest;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
};

} // namespace

std::vector<Token> heddle::lex(StringRef source, Diagnostics &diagnostics) {
  return Lexer(source, diagnostics).run();
}

StringRef heddle::describe(Token::Kind kind) {
  switch (kind) {
  case Kind::Newline:
    return "the end of the line";
  case Kind::Eof:
    return "the end of the file";
  case Kind::Name:
    return "a name";
  case Kind::Number:
    return "a number";
  case Kind::Text:
    return "a text";
  default:
    for (const Punctuation &p : punctuation)
      if (p.kind == kind)
        return p.quoted;
    return "a token";
  }
}
