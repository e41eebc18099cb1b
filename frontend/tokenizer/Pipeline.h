//===- Pipeline.h - the parts of a tokenizer.json ---------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_PIPELINE_H
#define HEDDLE_FRONTEND_TOKENIZER_PIPELINE_H

#include "runtime/text/TokenizerModel.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace heddle {

// Each adds what one part of a tokenizer.json says to the model; a part that is absent or null adds nothing.
// Errors begin with `file` and name the part.

llvm::Error readNormalizer(const llvm::json::Value *part, TokenizerModel &model, llvm::StringRef file);
llvm::Error readPreTokenizer(const llvm::json::Value *part, TokenizerModel &model, llvm::StringRef file);
llvm::Error readDecoder(const llvm::json::Value *part, TokenizerModel &model, llvm::StringRef file);

/// The tokens around a single text, as model.prefix and model.suffix.
llvm::Error readPostProcessor(const llvm::json::Value *part, TokenizerModel &model, llvm::StringRef file);

/// BERT's normalizer: each flag a step of its own.
struct BertNormalizer {
  bool cleanText = true, spaceIdeographs = true, stripAccents = true, lowercase = true;
};
void addBertNormalizer(const BertNormalizer &flags, TokenizerModel &model);

/// BERT's pre-tokenizer: words, and each punctuation sign alone.
void addBertPreTokenizer(TokenizerModel &model);

/// WordPiece's decoder; `prefix` is what tokens begin with that go on with a word.
void addWordPieceDecoder(llvm::StringRef prefix, bool cleanUp, TokenizerModel &model);

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_PIPELINE_H
