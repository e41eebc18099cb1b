//===- TemplateText.cpp - Python's strings ----------------------------------===//

#include "runtime/text/TemplateText.h"
#include "runtime/support/Error.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>

namespace heddle::template_language {

namespace {

/// What str.isspace holds for: white space, and four separators of ASCII.
bool isSpace(char32_t c) { return isWhiteSpace(c) || (c >= 0x1C && c <= 0x1F); }

bool isLineEnd(char32_t c) {
  return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

size_t lastCharacter(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && (text[begin] & 0xC0) == 0x80)
    --begin;
  return begin;
}

void appendUpper(std::string &out, char32_t c) {
  if (c == 0xDF)
    out += "SS";
  else
    appendUtf8(out, toUpper(c));
}

void appendLower(std::string &out, char32_t c) {
  if (c == 0x130)
    out += "i\xCC\x87";
  else
    appendUtf8(out, toLower(c));
}

} // namespace

size_t countCharacters(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string characterAt(std::string_view text, size_t index) {
  size_t offset = 0;
  while (index-- > 0)
    offset += readUtf8(text, offset).length;
  return std::string(text.substr(offset, readUtf8(text, offset).length));
}

std::vector<size_t> sliceIndices(size_t size, std::optional<int64_t> start, std::optional<int64_t> stop,
                                 std::optional<int64_t> step) {
  int64_t count = int64_t(size), by = step.value_or(1);
  if (by == 0)
    throw Error("a slice's step must not be 0");
  int64_t lowest = by > 0 ? 0 : -1, highest = by > 0 ? count : count - 1;
  auto place = [&](std::optional<int64_t> bound, int64_t otherwise) {
    if (!bound)
      return otherwise;
    int64_t index = *bound < 0 ? (*bound < -count ? lowest : *bound + count) : *bound;
    return std::clamp(index, lowest, highest);
  };
  int64_t first = place(start, by > 0 ? 0 : count - 1), end = place(stop, by > 0 ? count : -1);
  by = std::clamp(by, -count - 1, count + 1); // so that the sum below cannot overflow
  std::vector<size_t> indices;
  for (int64_t i = first; by > 0 ? i < end : i > end; i += by)
    indices.push_back(size_t(i));
  return indices;
}

std::string_view strip(std::string_view text, std::optional<std::string_view> characters, bool left, bool right) {
  auto stripped = [&](std::string_view character) {
    return characters ? characters->find(character) != std::string_view::npos
                      : isSpace(readUtf8(character, 0).codePoint);
  };
  while (left && !text.empty()) {
    size_t length = readUtf8(text, 0).length;
    if (!stripped(text.substr(0, length)))
      break;
    text.remove_prefix(length);
  }
  while (right && !text.empty()) {
    size_t begin = lastCharacter(text);
    if (!stripped(text.substr(begin)))
      break;
    text = text.substr(0, begin);
  }
  return text;
}

std::vector<std::string_view> splitWords(std::string_view text, int64_t limit) {
  std::vector<std::string_view> words;
  while (!(text = strip(text, std::nullopt, true, false)).empty()) {
    if (limit >= 0 && int64_t(words.size()) == limit) {
      words.push_back(strip(text, std::nullopt, false, true));
      break;
    }
    size_t end = 0;
    while (end < text.size() && !isSpace(readUtf8(text, end).codePoint))
      end += readUtf8(text, end).length;
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator, int64_t limit) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (limit < 0 || int64_t(parts.size()) < limit) {
    size_t at = text.find(separator, begin);
    if (at == std::string_view::npos)
      break;
    parts.push_back(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::string_view> splitFromRight(std::string_view text, std::string_view separator, int64_t limit) {
  std::vector<std::string_view> parts;
  while (limit < 0 || int64_t(parts.size()) < limit) {
    size_t at = text.rfind(separator);
    if (at == std::string_view::npos)
      break;
    parts.push_back(text.substr(at + separator.size()));
    text = text.substr(0, at);
  }
  parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> splitLines(std::string_view text, bool keepEnds) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t i = 0; i < text.size();) {
    Utf8Step step = readUtf8(text, i);
    size_t end = i;
    i += step.length;
    if (!isLineEnd(step.codePoint))
      continue;
    if (step.codePoint == '\r' && i < text.size() && text[i] == '\n')
      ++i;
    lines.push_back(text.substr(begin, (keepEnds ? i : end) - begin));
    begin = i;
  }
  if (begin < text.size())
    lines.push_back(text.substr(begin));
  return lines;
}

std::string replaceText(std::string_view text, std::string_view from, std::string_view to, int64_t count,
                        size_t limit) {
  std::string out;
  size_t begin = 0;
  auto put = [&](std::string_view part) {
    out += part;
    if (out.size() > limit)
      throw Error("a string passes " + std::to_string(limit) + " bytes");
  };
  for (; count != 0; --count) {
    size_t at = from.empty() ? begin : text.find(from, begin);
    if (at == std::string_view::npos || at > text.size())
      break;
    put(text.substr(begin, at - begin));
    put(to);
    begin = at + from.size();
    if (!from.empty())
      continue;
    if (at == text.size())
      return out;
    size_t length = readUtf8(text, at).length;
    put(text.substr(at, length));
    begin = at + length;
  }
  put(text.substr(begin));
  return out;
}

std::string upper(std::string_view text) {
  std::string out;
  forEachCharacter(text, [&](char32_t c, size_t, size_t) { appendUpper(out, c); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  forEachCharacter(text, [&](char32_t c, size_t, size_t) { appendLower(out, c); });
  return out;
}

std::string capitalize(std::string_view text) {
  std::string out;
  forEachCharacter(text, [&](char32_t c, size_t begin, size_t) {
    begin == 0 ? appendUpper(out, c) : appendLower(out, c);
  });
  return out;
}

std::string titleMethod(std::string_view text) {
  std::string out;
  bool inside = false;
  forEachCharacter(text, [&](char32_t c, size_t, size_t) {
    inside ? appendLower(out, c) : appendUpper(out, c);
    inside = isLetter(c);
  });
  return out;
}

std::string titleFilter(std::string_view text) {
  std::string out;
  bool inside = false;
  forEachCharacter(text, [&](char32_t c, size_t, size_t) {
    inside ? appendLower(out, c) : appendUpper(out, c);
    bool separates = isSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
    inside = !separates;
  });
  return out;
}

std::string escapeHtml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '\'':
      out += "&#39;";
      break;
    case '"':
      out += "&#34;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

} // namespace heddle::template_language
