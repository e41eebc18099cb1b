//===- Utf8.cpp - walking UTF-8 ---------------------------------------------===//

#include "runtime/text/Utf8.h"

namespace heddle {

namespace {

/// Which bytes may follow a lead byte: Table 3-7 of the Unicode Standard.
struct Lead {
  uint8_t length, secondLow, secondHigh, bits;
};

Lead classify(uint8_t byte) {
  if (byte < 0x80)
    return {1, 0, 0, byte};
  if (byte < 0xC2)
    return {0, 0, 0, 0};
  if (byte < 0xE0)
    return {2, 0x80, 0xBF, uint8_t(byte & 0x1F)};
  if (byte < 0xF0)
    return {3, uint8_t(byte == 0xE0 ? 0xA0 : 0x80), uint8_t(byte == 0xED ? 0x9F : 0xBF), uint8_t(byte & 0x0F)};
  if (byte < 0xF5)
    return {4, uint8_t(byte == 0xF0 ? 0x90 : 0x80), uint8_t(byte == 0xF4 ? 0x8F : 0xBF), uint8_t(byte & 0x07)};
  return {0, 0, 0, 0};
}

} // namespace

Utf8Step readUtf8(std::string_view text, size_t offset) {
  using State = Utf8Step::State;
  Lead lead = classify(uint8_t(text[offset]));
  if (lead.length == 0)
    return {State::Invalid, 1, 0xFFFD};
  char32_t codePoint = lead.bits;
  for (uint8_t i = 1; i < lead.length; ++i) {
    if (offset + i == text.size())
      return {State::Truncated, i, 0xFFFD};
    uint8_t byte = uint8_t(text[offset + i]);
    uint8_t low = i == 1 ? lead.secondLow : 0x80, high = i == 1 ? lead.secondHigh : 0xBF;
    if (byte < low || byte > high)
      return {State::Invalid, i, 0xFFFD};
    codePoint = codePoint << 6 | (byte & 0x3F);
  }
  return {State::Valid, lead.length, codePoint};
}

size_t findInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (uint8_t(text[i]) < 0x80) {
      ++i;
      continue;
    }
    Utf8Step step = readUtf8(text, i);
    if (step.state != Utf8Step::State::Valid)
      return i;
    i += step.length;
  }
  return std::string_view::npos;
}

void appendUtf8(std::string &out, char32_t codePoint) {
  if (codePoint < 0x80) {
    out += char(codePoint);
  } else if (codePoint < 0x800) {
    out += {char(0xC0 | codePoint >> 6), char(0x80 | (codePoint & 0x3F))};
  } else if (codePoint < 0x10000) {
    out += {char(0xE0 | codePoint >> 12), char(0x80 | (codePoint >> 6 & 0x3F)), char(0x80 | (codePoint & 0x3F))};
  } else {
    out += {char(0xF0 | codePoint >> 18), char(0x80 | (codePoint >> 12 & 0x3F)),
            char(0x80 | (codePoint >> 6 & 0x3F)), char(0x80 | (codePoint & 0x3F))};
  }
}

void appendLossy(std::string &out, std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    Utf8Step step = readUtf8(text, i);
    out += step.state == Utf8Step::State::Valid ? text.substr(i, step.length) : replacementCharacter;
    i += step.length;
  }
}

size_t incompleteSuffix(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    size_t offset = text.size() - back;
    if ((uint8_t(text[offset]) & 0xC0) == 0x80)
      continue; // a byte inside a character: look for its lead
    Utf8Step step = readUtf8(text, offset);
    return step.state == Utf8Step::State::Truncated && step.length == back ? back : 0;
  }
  return 0;
}

} // namespace heddle
