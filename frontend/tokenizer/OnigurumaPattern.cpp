//===- OnigurumaPattern.cpp - tokenizer.json's regular expressions --------===//
#include "frontend/tokenizer/OnigurumaPattern.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <optional>
#include <vector>

using namespace llvm;

namespace {

constexpr unsigned deepest = 32;

/// What an escape stands for inside a class, where PCRE2 means something else by it.
std::optional<StringRef> escapeInClass(char letter) {
  switch (letter) {
  case 's':
    return StringRef("\\p{White_Space}");
  case 'S':
    return StringRef("\\P{White_Space}");
  case 'w':
    return StringRef("\\p{L}\\p{M}\\p{Nd}\\p{Pc}");
  case 'h':
    return StringRef("0-9a-fA-F");
  default:
    return std::nullopt;
  }
}

class Translator {
public:
  explicit Translator(StringRef pattern) : rest(pattern) {}

  Expected<std::string> run() {
    while (!rest.empty())
      if (Error error = atomOrQuantifier())
        return std::move(error);
    return out;
  }

private:
  Error atomOrQuantifier() {
    char c = rest.front();
    if (c == '{' || c == '?' || c == '*' || c == '+') {
      quantifier();
      return Error::success();
    }
    if (c == '(') {
      openGroups.push_back(out.size());
      openGroup();
      return Error::success();
    }
    if (c == ')') {
      atom = openGroups.empty() ? out.size() : openGroups.pop_back_val();
      copy(1);
      return Error::success();
    }
    atom = out.size();
    if (c == '\\')
      return escape();
    if (c == '[') {
      Expected<std::string> translated = characterClass(0);
      if (!translated)
        return translated.takeError();
      out += *translated;
      return Error::success();
    }
    copy(1);
    return Error::success();
  }

  /// X{n,m}+ is (?:X{n,m})+; all other quantifiers are the same.
  void quantifier() {
    size_t close = rest.front() == '{' ? rest.find('}') : StringRef::npos;
    bool interval = close != StringRef::npos && close > 1 &&
                    rest.slice(1, close).find_first_not_of("0123456789,") == StringRef::npos;
    if (!interval)
      return copy(1);
    copy(close + 1);
    if (!rest.starts_with("+"))
      return;
    out.insert(atom, "(?:");
    out += ")";
    copy(1);
  }

  /// The opening of a group with its flags, of which Ruby's m is called s elsewhere.
  void openGroup() {
    size_t end = rest.starts_with("(?") ? rest.find_first_not_of("imx-", 2) : StringRef::npos;
    bool flags = end != StringRef::npos && end > 2 && (rest[end] == ':' || rest[end] == ')');
    if (!flags)
      return copy(1);
    for (char c : rest.take_front(end))
      out += c == 'm' ? 's' : c;
    rest = rest.drop_front(end);
    if (rest.front() == ':')
      copy(1);
  }

  Error escape() {
    if (rest.size() < 2)
      return createStringError("it ends in a backslash");
    char letter = rest[1];
    if (letter == 's' || letter == 'S') {
      out += *escapeInClass(letter);
    } else if (std::optional<StringRef> set = escapeInClass(toLower(letter)); set && (letter != 'S')) {
      out += (isUpper(letter) ? "[^" : "[") + set->str() + "]";
    } else {
      out += codePointOrEscape();
      return Error::success();
    }
    rest = rest.drop_front(2);
    return Error::success();
  }

  /// Takes \uHHHH as \x{HHHH}, any other escape as it is, with what it has in braces.
  std::string codePointOrEscape() {
    StringRef digits = rest.substr(2, 4);
    if (rest[1] == 'u' && digits.size() == 4 && all_of(digits, isHexDigit)) {
      rest = rest.drop_front(6);
      return "\\x{" + digits.str() + "}";
    }
    size_t close = rest.substr(2).starts_with("{") ? rest.find('}') : StringRef::npos;
    size_t length = close == StringRef::npos || !StringRef("pPxokg").contains(rest[1]) ? 2 : close + 1;
    std::string same = rest.take_front(length).str();
    rest = rest.drop_front(length);
    return same;
  }

  /// One side of an intersection: a set as it stands in brackets, and nested classes that are no plain sets.
  struct Operand {
    std::string set;
    std::vector<std::string> nested;

    std::string atom() const {
      std::vector<std::string> parts = nested;
      if (!set.empty())
        parts.insert(parts.begin(), "[" + set + "]");
      return parts.size() == 1 ? parts.front() : "(?:" + join(parts, "|") + ")";
    }
    bool empty() const { return set.empty() && nested.empty(); }
  };

  /// Takes a class, at whose opening bracket `rest` stands.
  Expected<std::string> characterClass(unsigned depth) {
    if (depth == deepest)
      return createStringError("its character classes are nested too deep");
    rest = rest.drop_front();
    bool negated = rest.consume_front("^");
    std::vector<Operand> operands(1);
    if (rest.consume_front("]"))
      operands.back().set = "\\]";
    while (!rest.consume_front("]")) {
      if (rest.empty())
        return createStringError("a character class is not closed");
      if (rest.consume_front("&&"))
        operands.emplace_back();
      else if (Error error = classElement(operands.back(), depth))
        return std::move(error);
    }
    if (any_of(operands, [](const Operand &operand) { return operand.empty(); }))
      return createStringError("a character class is empty");
    if (operands.size() == 1 && operands.front().nested.empty())
      return (negated ? "[^" : "[") + operands.front().set + "]";
    std::string all;
    for (const Operand &operand : drop_begin(operands))
      all += "(?=" + operand.atom() + ")";
    all = "(?:" + all + operands.front().atom() + ")";
    return negated ? "(?:(?!" + all + ")(?s:.))" : all;
  }

  Error classElement(Operand &operand, unsigned depth) {
    if (rest.starts_with("[:")) {
      size_t close = rest.find(":]");
      if (close == StringRef::npos)
        return createStringError("\"[:\" is not closed");
      operand.set += rest.take_front(close + 2);
      rest = rest.drop_front(close + 2);
    } else if (rest.front() == '[') {
      Expected<std::string> nested = characterClass(depth + 1);
      if (!nested)
        return nested.takeError();
      StringRef text = *nested;
      if (text.starts_with("[") && !text.starts_with("[^"))
        operand.set += text.drop_front().drop_back();
      else
        operand.nested.push_back(std::move(*nested));
    } else if (rest.front() == '\\' && rest.size() >= 2) {
      if (std::optional<StringRef> set = escapeInClass(rest[1])) {
        operand.set += *set;
        rest = rest.drop_front(2);
      } else {
        operand.set += codePointOrEscape();
      }
    } else {
      operand.set += rest.front();
      rest = rest.drop_front();
    }
    return Error::success();
  }

  void copy(size_t count) {
    out += rest.take_front(count);
    rest = rest.drop_front(count);
  }

  StringRef rest;
  std::string out;
  size_t atom = 0; // where the last atom begins in `out`
  SmallVector<size_t> openGroups;
};

} // namespace

Expected<std::string> heddle::translateOniguruma(StringRef pattern) { return Translator(pattern).run(); }
