//===- GgufPreTokenizers.h - pre-tokenizers by name -------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_GGUFPRETOKENIZERS_H
#define HEDDLE_FRONTEND_TOKENIZER_GGUFPRETOKENIZERS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace heddle {

/// What GGUF leaves to one name in "tokenizer.ggml.pre".
struct GgufPreTokenizer {
  llvm::ArrayRef<const char *> patterns; // each cuts what the one before left, matches isolated; Oniguruma
  bool ignoreMerges = false;             // a piece that is a token is that token
  bool addBos = false;                   // where the file does not say
  bool nfc = false;                      // the text is put into form NFC first
};

/// The pre-tokenizer called `name`, or null; the empty name is "default".
const GgufPreTokenizer *findGgufPreTokenizer(llvm::StringRef name);

/// One name for each kind that is known, for messages.
std::string ggufPreTokenizerNames();

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_GGUFPRETOKENIZERS_H
