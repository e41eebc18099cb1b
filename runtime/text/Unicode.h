//===- Unicode.h - characters' properties and normal forms ------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_UNICODE_H
#define HEDDLE_RUNTIME_TEXT_UNICODE_H

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

enum class NormalForm { Nfc, Nfd, Nfkc, Nfkd };

/// Valid UTF-8 in a normal form. Linear but for sorting each run of combining marks.
std::string toNormalForm(std::string_view text, NormalForm form);

std::string toLowercase(std::string_view text);

/// `text` without combining marks (categories Mn, Mc, Me).
std::string stripMarks(std::string_view text);

/// `text` without marks of category Mn, as of Unicode 8.
std::string stripNonspacingMarks(std::string_view text);

/// BERT's cleaning: white space becomes spaces; control characters and U+FFFD go.
std::string cleanText(std::string_view text);

/// `text` with a space on each side of the characters that BERT takes for Chinese.
std::string spaceIdeographs(std::string_view text);

bool isWhiteSpace(char32_t c);    ///< property White_Space
bool isNumeric(char32_t c);       ///< categories Nd, Nl, No
bool isPunctuation(char32_t c);   ///< ASCII punctuation and symbols, and categories P* of Unicode 8
bool isWordCharacter(char32_t c); ///< Unicode's \w: letters, marks, digits, connectors, joiners

bool isPrintable(char32_t c); ///< neither control, format, unassigned nor, but for the space, separator

/// One character in the other case; where that takes several, as with the German sharp s, itself.
char32_t toLower(char32_t c);
char32_t toUpper(char32_t c);
bool isLetter(char32_t c); ///< categories L*

/// The longest prefix, and suffix, of `text` that is white space, in bytes.
size_t whiteSpacePrefix(std::string_view text);
size_t whiteSpaceSuffix(std::string_view text);

/// How many bytes of `text`, which is not empty, are its first extended grapheme cluster.
size_t graphemePrefix(std::string_view text);

/// GPT-2's alphabet: a letter for each byte, the printable ones of Latin-1 for themselves.
char32_t letterOfByte(unsigned char byte);
std::optional<unsigned char> byteOfLetter(char32_t letter);

/// Each byte of `text` as its letter, appended to `out`.
void appendByteLetters(std::string &out, std::string_view text);

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_UNICODE_H
