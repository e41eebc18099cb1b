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

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_PIPELINE_H
