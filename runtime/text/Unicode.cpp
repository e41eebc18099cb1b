//===- Unicode.cpp - characters' properties and normal forms ----------------===//

#include "runtime/text/Unicode.h"
#include "runtime/support/Error.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utf8proc.h>
#include <utility>
#include <vector>

namespace heddle {

namespace {

bool isAscii(char c) { return uint8_t(c) < 0x80; }

/// Puts runs of combining marks into the order of their classes, marks of one class as they stand.
/// utf8proc's own sorting takes quadratic time, which a page of combining marks would turn into hours.
void orderMarks(std::vector<utf8proc_int32_t> &text) {
  auto combiningClass = [](utf8proc_int32_t c) -> uint64_t {
    return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class;
  };
  std::vector<uint64_t> keys; // class, place, code point, in 8, 35 and 21 bits
  for (size_t i = 0; i < text.size(); ++i) {
    keys.clear();
    size_t end = i;
    for (; end < text.size() && combiningClass(text[end]) != 0; ++end)
      keys.push_back(combiningClass(text[end]) << 56 | uint64_t(end - i) << 21 | uint64_t(text[end]));
    std::sort(keys.begin(), keys.end());
    for (uint64_t key : keys)
      text[i++] = utf8proc_int32_t(key & 0x1FFFFF);
  }
}

std::vector<utf8proc_int32_t> decompose(std::string_view text, utf8proc_option_t options) {
  std::vector<utf8proc_int32_t> out;
  out.reserve(text.size());
  std::array<utf8proc_int32_t, 32> buffer; // the longest decomposition has 18 code points
  int boundary = 0;
  forEachCharacter(text, [&](char32_t c, size_t, size_t) {
    utf8proc_ssize_t count = utf8proc_decompose_char(c, buffer.data(), buffer.size(), options, &boundary);
    if (count < 0 || size_t(count) > buffer.size())
      throw Error("cannot decompose a character of the text");
    out.insert(out.end(), buffer.begin(), buffer.begin() + count);
  });
  return out;
}

/// Adds `text` in a normal form to `out`.
void appendNormalForm(std::string &out, std::string_view text, NormalForm form) {
  bool compatibility = form == NormalForm::Nfkc || form == NormalForm::Nfkd;
  bool compose = form == NormalForm::Nfc || form == NormalForm::Nfkc;
  auto options =
      utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0));
  std::vector<utf8proc_int32_t> points = decompose(text, options);
  orderMarks(points);
  // U+11A7 stands just before Hangul's final consonants. utf8proc 2.8 joins it to a syllable as if it were
  // one, and it is lost: so what stands before it is composed alone.
  constexpr utf8proc_int32_t noFinal = 0x11A7;
  for (auto begin = points.begin(); begin != points.end();) {
    auto end = compose ? std::find(begin + 1, points.end(), noFinal) : points.end();
    utf8proc_ssize_t count = end - begin;
    if (compose)
      count = utf8proc_normalize_utf32(&*begin, count, utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (count < 0)
      throw Error("cannot normalize the text");
    for (utf8proc_ssize_t i = 0; i < count; ++i)
      appendUtf8(out, char32_t(begin[i]));
    begin = end;
  }
}

} // namespace

std::string toNormalForm(std::string_view text, NormalForm form) {
  // A character of ASCII is never changed, nor joined to what stands before it: what needs work is each
  // stretch of others, with the one before it, which a mark may be joined to.
  std::string out;
  out.reserve(text.size());
  for (auto done = text.begin(); done != text.end();) {
    auto begin = std::find_if_not(done, text.end(), isAscii);
    auto end = std::find_if(begin, text.end(), isAscii);
    if (begin != done && begin != text.end())
      --begin;
    out.append(done, begin);
    appendNormalForm(out, std::string_view(begin, end), form);
    done = end;
  }
  return out;
}

namespace {

/// `text` with what `append(out, code point, character)` adds for each character. ASCII for which `stays`
/// holds, which is most of many texts, is copied run by run.
template <typename Stays, typename Append>
std::string rewrite(std::string_view text, Stays stays, Append append) {
  std::string out;
  out.reserve(text.size());
  for (auto at = text.begin(); at != text.end();) {
    auto run = std::find_if_not(at, text.end(), [&](char c) { return isAscii(c) && stays(c); });
    out.append(at, run);
    if (run == text.end())
      break;
    Utf8Step step = readUtf8(std::string_view(run, text.end()), 0);
    at = run + step.length;
    append(out, step.codePoint, std::string_view(run, at));
  }
  return out;
}

} // namespace

std::string toLowercase(std::string_view text) {
  auto isSmall = [](char c) { return c < 'A' || c > 'Z'; };
  return rewrite(text, isSmall, [](std::string &out, char32_t c, std::string_view) {
    if (c == 0x130)
      out += "i\xCC\x87"; // the only capital whose small form is two code points
    else
      appendUtf8(out, char32_t(utf8proc_tolower(utf8proc_int32_t(c))));
  });
}

namespace {

/// The category as Unicode 8 had it, which is what the reference's table of punctuation, of marks without
/// width and of control characters knows. Of the others it is of no account.
utf8proc_category_t referenceCategory(char32_t c) {
  constexpr std::pair<char32_t, char32_t> later[] = {
      {0x61D, 0x61D},     {0x7FD, 0x7FD},     {0x890, 0x8E2},     {0x9FD, 0x9FE},     {0xA76, 0xA76},
      {0xAFA, 0xAFF},     {0xB55, 0xB55},     {0xC04, 0xC3C},     {0xC77, 0xC77},     {0xC84, 0xC84},
      {0xD00, 0xD00},     {0xD3B, 0xD3C},     {0xD81, 0xD81},     {0xEBA, 0xEBA},     {0xECE, 0xECE},
      {0x180F, 0x1886},   {0x1ABF, 0x1ACE},   {0x1B7D, 0x1B7E},   {0x1DF6, 0x1DFB},   {0x2E43, 0x2E5D},
      {0xA82C, 0xA82C},   {0xA8C5, 0xA8C5},   {0xA8FF, 0xA8FF},   {0xA9BD, 0xA9BD},   {0x10D24, 0x10F89},
      {0x11070, 0x11074}, {0x110C2, 0x110CD}, {0x111CF, 0x111CF}, {0x1123E, 0x11241}, {0x1133B, 0x1133B},
      {0x11438, 0x1145E}, {0x11660, 0x1166C}, {0x116B9, 0x116B9}, {0x1182F, 0x11FFF}, {0x12FF1, 0x13455},
      {0x16E97, 0x16F4F}, {0x16FE2, 0x16FE4}, {0x1CF00, 0x1CF46}, {0x1E000, 0x1E4EF}, {0x1E944, 0x1E95F}};
  if (c == 0x111C9 || c == 0x166D) // a mark since Unicode 11, a symbol since Unicode 12
    return UTF8PROC_CATEGORY_PO;
  if (c == 0x1734) // with width since Unicode 14
    return UTF8PROC_CATEGORY_MN;
  auto range = std::upper_bound(std::begin(later), std::end(later), c,
                                [](char32_t c, const auto &range) { return c < range.first; });
  bool unknown = range != std::begin(later) && c <= std::prev(range)->second;
  return unknown ? UTF8PROC_CATEGORY_CN : utf8proc_category(utf8proc_int32_t(c));
}

/// `text` without the characters for which `strips` holds, ASCII not asked.
template <typename Predicate> std::string strip(std::string_view text, Predicate strips) {
  auto stays = [](char) { return true; };
  return rewrite(text, stays, [&](std::string &out, char32_t c, std::string_view character) {
    if (!strips(c))
      out += character;
  });
}

/// Control, format and private use; not unassigned, which BERT's reference keeps.
bool isOther(char32_t c) {
  if (c < 0x80)
    return c < 0x20 || c == 0x7F;
  return referenceCategory(c) >= UTF8PROC_CATEGORY_CC;
}

/// The blocks that BERT's tokenizer lists; the seventh begins late there, too.
bool isBertIdeograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

} // namespace

std::string stripMarks(std::string_view text) {
  return strip(text, [](char32_t c) {
    utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
  });
}

std::string stripNonspacingMarks(std::string_view text) {
  return strip(text, [](char32_t c) { return referenceCategory(c) == UTF8PROC_CATEGORY_MN; });
}

std::string cleanText(std::string_view text) {
  auto stays = [](char c) { return c >= ' ' && c != 0x7F; };
  return rewrite(text, stays, [](std::string &out, char32_t c, std::string_view character) {
    if (c == '\t' || c == '\n' || c == '\r')
      out += ' ';
    else if (c == 0xFFFD || isOther(c))
      return;
    else if (isWhiteSpace(c))
      out += ' ';
    else
      out += character;
  });
}

std::string spaceIdeographs(std::string_view text) {
  auto stays = [](char) { return true; };
  return rewrite(text, stays, [](std::string &out, char32_t c, std::string_view character) {
    if (isBertIdeograph(c))
      (out += ' ').append(character) += ' ';
    else
      out += character;
  });
}

bool isWhiteSpace(char32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool isNumeric(char32_t c) {
  utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool isPunctuation(char32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  utf8proc_category_t category = referenceCategory(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool isWordCharacter(char32_t c) {
  utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
  bool circledLetter = (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
                       (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) ||
         category == UTF8PROC_CATEGORY_PC || circledLetter || c == 0x200C || c == 0x200D;
}

bool isPrintable(char32_t c) {
  utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
  return c == ' ' || (category != UTF8PROC_CATEGORY_CN && category < UTF8PROC_CATEGORY_ZS);
}

char32_t toLower(char32_t c) { return char32_t(utf8proc_tolower(utf8proc_int32_t(c))); }

char32_t toUpper(char32_t c) {
  // utf8proc gives the capital sharp s, which nobody's upper() does.
  return c == 0xDF ? c : char32_t(utf8proc_toupper(utf8proc_int32_t(c)));
}

bool isLetter(char32_t c) {
  utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

size_t whiteSpacePrefix(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    Utf8Step step = readUtf8(text, i);
    if (!isWhiteSpace(step.codePoint))
      break;
    i += step.length;
  }
  return i;
}

size_t whiteSpaceSuffix(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0 && (text[begin] & 0xC0) == 0x80)
      --begin;
    if (!isWhiteSpace(readUtf8(text, begin).codePoint))
      break;
    end = begin;
  }
  return text.size() - end;
}

size_t graphemePrefix(std::string_view text) {
  Utf8Step step = readUtf8(text, 0);
  size_t end = step.length;
  utf8proc_int32_t state = 0;
  while (end < text.size()) {
    Utf8Step next = readUtf8(text, end);
    if (utf8proc_grapheme_break_stateful(utf8proc_int32_t(step.codePoint), utf8proc_int32_t(next.codePoint),
                                         &state))
      break;
    end += next.length;
    step = next;
  }
  return end;
}

namespace {

struct ByteAlphabet {
  std::array<char32_t, 256> letters;
  std::array<int16_t, 0x180> bytes;

  ByteAlphabet() {
    bytes.fill(-1);
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      letters[byte] = printable ? char32_t(byte) : next++;
      bytes[letters[byte]] = int16_t(byte);
    }
  }
};

const ByteAlphabet alphabet;

} // namespace

char32_t letterOfByte(unsigned char byte) { return alphabet.letters[byte]; }

std::optional<unsigned char> byteOfLetter(char32_t letter) {
  if (letter >= alphabet.bytes.size() || alphabet.bytes[letter] < 0)
    return std::nullopt;
  return static_cast<unsigned char>(alphabet.bytes[letter]);
}

void appendByteLetters(std::string &out, std::string_view text) {
  for (char c : text)
    appendUtf8(out, letterOfByte(static_cast<unsigned char>(c)));
}

} // namespace heddle
