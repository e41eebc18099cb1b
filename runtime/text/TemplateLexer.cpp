//===- TemplateLexer.cpp - a template's tokens ------------------------------===//

#include "runtime/text/TemplateLexer.h"
#include "runtime/support/Error.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace heddle::template_language {

namespace {

using Kind = Token::Kind;

bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNamePart(char c) { return isNameStart(c) || isDigit(c); }

/// All line ends as \n, and one at the very end dropped, as Jinja reads a source.
std::string normalizeLines(std::string_view source) {
  std::string out;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r')
      out += source[i];
    else if (i + 1 == source.size() || source[i + 1] != '\n')
      out += '\n';
  }
  if (out.ends_with('\n'))
    out.pop_back();
  return out;
}

class Lexer {
public:
  explicit Lexer(std::string_view text) : source(normalizeLines(text)) {}

  std::vector<Token> run() {
    while (at < source.size()) {
      size_t tag = findTag();
      text(tag);
      if (at < source.size())
        lexTag();
    }
    add(Kind::End, "");
    return std::move(tokens);
  }

private:
  [[noreturn]] void fail(const std::string &message) const {
    throw Error("chat template, line " + std::to_string(line) + ": " + message);
  }

  bool startsWith(std::string_view word) const { return std::string_view(source).substr(at).starts_with(word); }

  void add(Kind kind, std::string text) { tokens.push_back({kind, std::move(text), line}); }

  /// Moves on by `count` bytes, counting lines.
  void advance(size_t count) {
    line += int(std::count(source.begin() + ptrdiff_t(at), source.begin() + ptrdiff_t(at + count), '\n'));
    lineStarting = count > 0 && source[at + count - 1] == '\n';
    at += count;
  }

  void skipSpace() { advance(whiteSpacePrefix(std::string_view(source).substr(at))); }

  /// The offset of the next tag, or the end.
  size_t findTag() const {
    size_t tag = source.find('{', at);
    while (tag != std::string::npos &&
           (tag + 1 == source.size() || std::string_view("{%#").find(source[tag + 1]) == std::string_view::npos))
      tag = source.find('{', tag + 1);
    return std::min(tag, source.size());
  }

  /// Adds the text up to `end`, where a tag begins, without what the tag takes away.
  void text(size_t end) {
    std::string_view kept = std::string_view(source).substr(at, end - at);
    char sign = end + 2 < source.size() ? source[end + 2] : '\0';
    bool block = end < source.size() && source[end + 1] != '{';
    if (end < source.size() && sign == '-') {
      kept.remove_suffix(whiteSpaceSuffix(kept));
    } else if (block && sign != '+') {
      size_t lineBegin = kept.rfind('\n') + 1; // npos + 1 is 0
      std::string_view indent = kept.substr(lineBegin);
      if ((lineBegin > 0 || lineStarting) && whiteSpacePrefix(indent) == indent.size())
        kept.remove_suffix(indent.size());
    }
    if (!kept.empty())
      add(Kind::Text, std::string(kept));
    advance(end - at);
  }

  void lexTag() {
    char kind = source[at + 1];
    size_t sign = at + 2 < source.size() && (source[at + 2] == '-' || source[at + 2] == '+') ? 1 : 0;
    if (kind == '#')
      return comment(at + 2 + sign);
    if (kind == '%' && raw())
      return;
    add(kind == '{' ? Kind::PrintBegin : Kind::BlockBegin, "");
    advance(2 + sign);
    expression(kind == '{' ? "}}" : "%}", kind == '{');
  }

  /// Takes the end of a tag, if it stands here, with the white space that it takes along.
  bool tagEnd(std::string_view end, bool print) {
    char sign = source[at];
    size_t length = sign == '-' || (sign == '+' && !print) ? 1 : 0;
    if (!std::string_view(source).substr(at + length).starts_with(end))
      return false;
    advance(length + end.size());
    if (length == 1 && sign == '-') {
      size_t space = whiteSpacePrefix(std::string_view(source).substr(at));
      if (space > 0)
        advance(space);
    } else if (length == 0 && !print && startsWith("\n")) {
      advance(1);
    }
    return true;
  }

  void comment(size_t begin) {
    size_t end = source.find("#}", begin);
    if (end == std::string::npos)
      fail("a comment is not closed, expected \"#}\"");
    bool sign = end > begin && (source[end - 1] == '-' || source[end - 1] == '+');
    advance(end - sign - at);
    tagEnd("#}", /*print=*/false);
  }

  /// {% raw %} to {% endraw %}, if that is what stands here.
  bool raw() {
    size_t begin = at + 2;
    auto skip = [&](size_t from) { return from + whiteSpacePrefix(std::string_view(source).substr(from)); };
    auto skipSign = [&](size_t from) {
      return from < source.size() && (source[from] == '-' || source[from] == '+') ? from + 1 : from;
    };
    begin = skip(skipSign(begin));
    if (source.compare(begin, 3, "raw") != 0)
      return false;
    size_t close = skip(begin + 3);
    bool minus = close < source.size() && source[close] == '-';
    if (source.compare(close + minus, 2, "%}") != 0)
      return false;
    advance(close + minus + 2 - at);
    if (minus)
      skipSpace();
    for (size_t tag = source.find("{%", at); tag != std::string::npos; tag = source.find("{%", tag + 2)) {
      size_t word = skip(skipSign(tag + 2));
      if (source.compare(word, 6, "endraw") != 0)
        continue;
      size_t end = skip(word + 6);
      text(tag);
      advance(std::min(end, source.size()) - at);
      if (at == source.size() || !tagEnd("%}", /*print=*/false))
        fail("expected \"%}\" behind \"endraw\"");
      return true;
    }
    fail("\"raw\" is not closed, expected \"{% endraw %}\"");
  }

  /// The tokens of a tag up to `end`, which does not count inside brackets.
  void expression(std::string_view end, bool print) {
    std::string open;
    while (true) {
      skipSpace();
      if (at == source.size())
        fail("the template ends inside a tag, expected \"" + std::string(end) + "\"");
      int here = line;
      if (open.empty() && tagEnd(end, print)) {
        tokens.push_back({print ? Kind::PrintEnd : Kind::BlockEnd, "", here});
        return;
      }
      char c = source[at];
      if (isNameStart(c))
        name();
      else if (isDigit(c))
        number();
      else if (c == '"' || c == '\'')
        string();
      else
        operation(open);
    }
  }

  void name() {
    size_t end = at;
    while (end < source.size() && isNamePart(source[end]))
      ++end;
    add(Kind::Name, source.substr(at, end - at));
    advance(end - at);
  }

  void operation(std::string &open) {
    static constexpr std::array<std::string_view, 25> operators = {
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<",
        ">",  "=",  "(",  ")",  "[",  "]",  "{", "}", ",", ":", ".", "|"};
    auto found = std::find_if(operators.begin(), operators.end(), [&](auto o) { return startsWith(o); });
    if (found == operators.end())
      fail("unexpected character \"" + source.substr(at, readUtf8(source, at).length) + "\"");
    char c = (*found)[0];
    if (std::string_view("([{").find(c) != std::string_view::npos)
      open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (std::string_view(")]}").find(c) != std::string_view::npos) {
      if (open.empty() || open.back() != c)
        fail("unexpected \"" + std::string(1, c) + "\"" +
             (open.empty() ? "" : ", expected \"" + open.substr(open.size() - 1) + "\""));
      open.pop_back();
    }
    add(Kind::Operator, std::string(*found));
    advance(found->size());
  }

  /// Digits with single underscores between them, from `begin`; where they end.
  size_t digits(size_t begin, std::string &out) const {
    size_t i = begin;
    while (i < source.size() && (isDigit(source[i]) || (source[i] == '_' && i > begin && i + 1 < source.size() &&
                                                        isDigit(source[i + 1])))) {
      if (source[i] != '_')
        out += source[i];
      ++i;
    }
    return i;
  }

  void number() {
    std::string spelled;
    size_t end = digits(at, spelled);
    bool real = false;
    if (end + 1 < source.size() && source[end] == '.' && isDigit(source[end + 1])) {
      spelled += '.';
      end = digits(end + 1, spelled);
      real = true;
    }
    size_t exponent = end + 1 + (end + 1 < source.size() && (source[end + 1] == '-' || source[end + 1] == '+'));
    if (exponent < source.size() && (source[end] == 'e' || source[end] == 'E') && isDigit(source[exponent])) {
      spelled += 'e';
      spelled += source[end + 1] == '-' ? "-" : "";
      end = digits(exponent, spelled);
      real = true;
    }
    Token token{real ? Kind::Float : Kind::Integer, spelled, line};
    const char *last = spelled.data() + spelled.size();
    std::errc error = real ? std::from_chars(spelled.data(), last, token.real).ec
                           : std::from_chars(spelled.data(), last, token.integer).ec;
    if (error != std::errc())
      fail("the number " + spelled + " is too large");
    tokens.push_back(std::move(token));
    advance(end - at);
  }

  void string() {
    char quote = source[at];
    size_t end = at + 1;
    while (end < source.size() && source[end] != quote)
      end += source[end] == '\\' ? 2 : 1;
    if (end >= source.size())
      fail("a string is not closed");
    add(Kind::String, unescape(std::string_view(source).substr(at + 1, end - at - 1)));
    advance(end + 1 - at);
  }

  /// Python's escapes; an unknown one stays as it is written.
  std::string unescape(std::string_view text) const {
    static constexpr std::string_view letters = "abfnrtv\\'\"", plain = "\a\b\f\n\r\t\v\\'\"";
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      char letter = text[++i];
      size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
      if (size_t index = letters.find(letter); index != std::string_view::npos)
        out += plain[index];
      else if (digits != 0)
        i = codePoint(text, i + 1, digits, 16, out);
      else if (letter >= '0' && letter <= '7')
        i = codePoint(text, i, std::min<size_t>(3, text.find_first_not_of("01234567", i) - i), 8, out);
      else if (letter != '\n')
        out += {'\\', letter};
    }
    return out;
  }

  /// Reads a code point in `count` digits; returns where its last digit is.
  size_t codePoint(std::string_view text, size_t begin, size_t count, int base, std::string &out) const {
    std::string_view digits = text.substr(std::min(begin, text.size()), count);
    uint32_t c = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), c, base);
    bool whole = error == std::errc() && end == digits.data() + digits.size();
    if (!whole || (base == 16 && digits.size() != count) || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
      fail("an escape in a string is no character");
    appendUtf8(out, c);
    return begin + digits.size() - 1;
  }

  std::string source;
  size_t at = 0;
  int line = 1;
  bool lineStarting = true; ///< what came last ended with a line end
  std::vector<Token> tokens;
};

} // namespace

std::vector<Token> lexTemplate(std::string_view source) {
  size_t invalid = findInvalidUtf8(source);
  if (invalid != std::string_view::npos)
    throw Error("chat template: not UTF-8 at byte " + std::to_string(invalid));
  return Lexer(source).run();
}

} // namespace heddle::template_language
