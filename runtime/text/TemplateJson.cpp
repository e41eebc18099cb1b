//===- TemplateJson.cpp - values from and to JSON ---------------------------===//

#include "runtime/support/Error.h"
#include "runtime/text/TemplateValue.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace heddle::template_language {

namespace {

constexpr int deepest = 200;
constexpr char hexDigits[] = "0123456789abcdef";

void appendUnicodeEscape(std::string &out, uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += hexDigits[unit >> shift & 15];
}

/// json.dumps.
class JsonWriter {
public:
  JsonWriter(const JsonStyle &style, size_t limit) : style(style), limit(limit) {
    if (!style.itemSeparator.empty())
      comma = style.itemSeparator;
    else
      comma = style.indent < 0 ? ", " : ",";
  }
  std::string out;

  void write(const Value &value, int depth) {
    if (depth > deepest)
      throw Error("tojson: a value is nested deeper than " + std::to_string(deepest) + " levels");
    if (value.isString())
      string(value.string());
    else if (value.isSequence())
      list(value.items(), depth);
    else if (value.isMapping())
      dict(value.entries(), depth);
    else
      out += scalar(value);
    if (out.size() > limit)
      throw Error("tojson: the text passes " + std::to_string(limit) + " bytes");
  }

private:
  std::string scalar(const Value &value) {
    if (value.isNone())
      return "null";
    if (const bool *flag = value.as<bool>())
      return *flag ? "true" : "false";
    if (const double *number = value.as<double>(); number && !std::isfinite(*number))
      return std::isnan(*number) ? "NaN" : *number < 0 ? "-Infinity" : "Infinity";
    if (value.isNumber())
      return toRepr(value, limit);
    throw Error("tojson: a value of type " + std::string(typeName(value)) + " has no form in JSON");
  }

  void string(std::string_view text) {
    out += '"';
    forEachCharacter(text, [&](char32_t c, size_t begin, size_t end) {
      static constexpr std::string_view plain = "\"\\\n\r\t\f\b", letters = "\"\\nrtfb";
      size_t at = c < 0x80 ? plain.find(char(c)) : std::string_view::npos;
      if (at != std::string_view::npos) {
        out += {'\\', letters[at]};
      } else if (c < 0x20 || (style.escapeUnicode && c >= 0x7F && c < 0x10000 && c != 0x7F)) {
        appendUnicodeEscape(out, c);
      } else if (style.escapeUnicode && c >= 0x10000) {
        appendUnicodeEscape(out, 0xD800 + ((c - 0x10000) >> 10));
        appendUnicodeEscape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
      } else {
        out += text.substr(begin, end - begin);
      }
    });
    out += '"';
  }

  void newLine(int depth) {
    if (style.indent < 0)
      return;
    out += '\n';
    out.append(size_t(style.indent) * size_t(depth), ' ');
  }

  void list(const List &items, int depth) {
    out += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      out += i == 0 ? "" : comma;
      newLine(depth + 1);
      write(items[i], depth + 1);
    }
    if (!items.empty())
      newLine(depth);
    out += ']';
  }

  /// A key as text: strings as they are, numbers and the like as JSON writes them.
  std::string keyText(const Value &key) { return key.isString() ? key.string() : scalar(key); }

  void dict(const Dict &entries, int depth) {
    std::vector<std::pair<std::string, const Value *>> sorted;
    for (const auto &[key, value] : entries)
      sorted.emplace_back(keyText(key), &value);
    if (style.sortKeys)
      std::sort(sorted.begin(), sorted.end(), [](auto &a, auto &b) { return a.first < b.first; });
    out += '{';
    for (size_t i = 0; i < sorted.size(); ++i) {
      out += i == 0 ? "" : comma;
      newLine(depth + 1);
      string(sorted[i].first);
      out += style.keySeparator;
      write(*sorted[i].second, depth + 1);
    }
    if (!sorted.empty())
      newLine(depth);
    out += '}';
  }

  const JsonStyle &style;
  std::string comma;
  size_t limit;
};

class JsonReader {
public:
  explicit JsonReader(std::string_view text) : text(text) {}

  Value run() {
    size_t invalid = findInvalidUtf8(text);
    if (invalid != std::string_view::npos)
      throw Error("JSON, byte " + std::to_string(invalid) + ": not UTF-8");
    Value result = value(0);
    skipSpace();
    if (at != text.size())
      fail("the end");
    return result;
  }

private:
  [[noreturn]] void fail(std::string_view expected) {
    throw Error("JSON, byte " + std::to_string(at) + ": expected " + std::string(expected));
  }

  void skipSpace() {
    while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos)
      ++at;
  }

  bool take(std::string_view word) {
    if (!text.substr(at).starts_with(word))
      return false;
    at += word.size();
    return true;
  }

  Value value(int depth) {
    if (depth > deepest)
      fail("less nesting");
    skipSpace();
    if (take("null"))
      return Value();
    if (take("true"))
      return Value(true);
    if (take("false"))
      return Value(false);
    if (take("["))
      return list(depth);
    if (take("{"))
      return dict(depth);
    if (take("\""))
      return Value(string());
    return number();
  }

  Value list(int depth) {
    List items;
    skipSpace();
    if (take("]"))
      return Value::list({});
    do {
      items.push_back(value(depth + 1));
      skipSpace();
    } while (take(","));
    if (!take("]"))
      fail("\",\" or \"]\"");
    return Value::list(std::move(items));
  }

  Value dict(int depth) {
    Dict entries;
    skipSpace();
    if (take("}"))
      return Value::dict({});
    do {
      skipSpace();
      if (!take("\""))
        fail("a key");
      Value key(string());
      skipSpace();
      if (!take(":"))
        fail("\":\"");
      entries.emplace_back(std::move(key), value(depth + 1));
      skipSpace();
    } while (take(","));
    if (!take("}"))
      fail("\",\" or \"}\"");
    return Value::dict(std::move(entries));
  }

  Value number() {
    size_t end = std::min(text.find_first_not_of("+-.eE0123456789", at), text.size());
    std::string_view digits = text.substr(at, end - at);
    int64_t integer;
    double real;
    const char *last = digits.data() + digits.size();
    if (auto [stop, error] = std::from_chars(digits.data(), last, integer); error == std::errc() && stop == last) {
      at = end;
      return Value(integer);
    }
    if (auto [stop, error] = std::from_chars(digits.data(), last, real);
        digits.empty() || error != std::errc() || stop != last)
      fail("a value");
    at = end;
    return Value(real);
  }

  uint32_t hex4() {
    uint32_t unit;
    std::string_view digits = text.substr(std::min(at, text.size()), 4);
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() != 4 || error != std::errc() || stop != digits.data() + 4)
      fail("four hexadecimal digits");
    at += 4;
    return unit;
  }

  void escape(std::string &out) {
    static constexpr std::string_view letters = "\"\\/nrtfb", plain = "\"\\/\n\r\t\f\b";
    char letter = at < text.size() ? text[at++] : '\0';
    if (size_t index = letters.find(letter); index != std::string_view::npos) {
      out += plain[index];
      return;
    }
    if (letter != 'u')
      fail("an escape");
    uint32_t unit = hex4();
    if (unit >= 0xD800 && unit < 0xDC00 && take("\\u")) {
      uint32_t low = hex4();
      if (low < 0xDC00 || low > 0xDFFF)
        fail("the second half of a surrogate pair");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    if (unit >= 0xD800 && unit < 0xE000)
      fail("a whole surrogate pair");
    appendUtf8(out, unit);
  }

  /// The rest of a string, behind its first quote.
  std::string string() {
    std::string out;
    while (at < text.size() && text[at] != '"') {
      if (uint8_t(text[at]) < 0x20)
        fail("no control character in a string");
      if (text[at] == '\\') {
        ++at;
        escape(out);
      } else {
        out += text[at++];
      }
    }
    if (!take("\""))
      fail("the end of a string");
    return out;
  }

  std::string_view text;
  size_t at = 0;
};

} // namespace

std::string toJson(const Value &value, const JsonStyle &style, size_t limit) {
  JsonWriter writer(style, limit);
  writer.write(value, 0);
  return std::move(writer.out);
}

Value parseJson(std::string_view text) { return JsonReader(text).run(); }

} // namespace heddle::template_language
