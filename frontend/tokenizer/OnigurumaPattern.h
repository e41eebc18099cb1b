//===- OnigurumaPattern.h - tokenizer.json's regular expressions *- C++ -*-===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_ONIGURUMAPATTERN_H
#define HEDDLE_FRONTEND_TOKENIZER_ONIGURUMAPATTERN_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace heddle {

/// Patterns of tokenizer.json are written for Oniguruma with Ruby's syntax; programs use PCRE2. The same
/// pattern in PCRE2's syntax, where the two differ:
///   \s \w \h          white space by property, Unicode words, hexadecimal digits
///   \uHHHH            \x{HHHH}
///   [a&&[^b]] [a[bc]] intersections and unions of classes
///   X{n,m}+           repeated, not possessive
///   (?m)              the dot matches line ends: (?s)
/// Whether the pattern is valid is left to PCRE2, but for what cannot be translated.
llvm::Expected<std::string> translateOniguruma(llvm::StringRef pattern);

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_ONIGURUMAPATTERN_H
