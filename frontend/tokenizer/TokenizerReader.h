//===- TokenizerReader.h - a checkpoint's tokenizer -------------*- C++ -*-===//
//
// From what checkpoints hold to the one description that the runtime works by.
// Files come from strangers: each error names the file and the place in it.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_TOKENIZERREADER_H
#define HEDDLE_FRONTEND_TOKENIZER_TOKENIZERREADER_H

#include "runtime/text/TokenizerModel.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace heddle {

class Checkpoint;

/// The texts of a Hugging Face folder that concern its tokenizer.
struct TokenizerFiles {
  llvm::StringRef tokenizer;       // tokenizer.json, or tokenizer.model
  llvm::StringRef tokenizerConfig; // tokenizer_config.json; may be empty
  llvm::StringRef chatTemplate;    // chat_template.jinja; may be empty, else it goes before the config's
  llvm::StringRef folder;          // for messages
};

/// Reads a tokenizer.json whose model is BPE, WordPiece or Unigram, and what tokenizer_config.json adds: more
/// added tokens, the special tokens' names, the chat template. Errors: what is malformed; kinds of model,
/// normalizer, pre-tokenizer, post-processor and decoder that are not supported.
llvm::Expected<TokenizerModel> readTokenizerJson(const TokenizerFiles &files);

/// Reads a tokenizer.model of SentencePiece, unigram or BPE, with what tokenizer_config.json adds: the chat
/// template, whether BOS and EOS are put around a text. Errors: a malformed file; other kinds of model.
llvm::Expected<TokenizerModel> readSentencePiece(const TokenizerFiles &files);

/// What GGUF's "tokenizer.*" keys say; a view into the file.
struct GgufTokenizerSource {
  // "tokenizer.ggml.model": "gpt2", "llama" (BPE of SentencePiece), "t5" (its unigram), "bert" (WordPiece)
  std::string model;
  std::string pre; // "tokenizer.ggml.pre"; may be empty
  llvm::ArrayRef<llvm::StringRef> tokens, merges;
  std::vector<float> scores;  // one a token; may be empty
  std::vector<int32_t> types; // one a token; may be empty
  std::optional<int64_t> bos, eos, unknown, separator, padding, mask;
  std::vector<int64_t> endTokens; // all that end an answer
  std::optional<bool> addBos, addEos, addSpacePrefix, removeExtraSpaces, lowercase, stripAccents;
  llvm::StringRef characterMap; // SentencePiece's precompiled normalization; may be empty
  std::string chatTemplate;
};

/// Turns them into a model. An unknown `model` or `pre` is an error that lists what is known.
llvm::Expected<TokenizerModel> readGgufTokenizer(const GgufTokenizerSource &source, llvm::StringRef file);

/// The tokenizer of an opened checkpoint; its end tokens are those of Checkpoint::endTokens() and the
/// tokenizer's own. No value, and no error, for a Hugging Face folder without tokenizer.json and
/// tokenizer.model, and for a GGUF file that says "none".
llvm::Expected<std::optional<TokenizerModel>> readTokenizer(const Checkpoint &checkpoint);

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_TOKENIZERREADER_H
