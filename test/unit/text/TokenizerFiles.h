//===- TokenizerFiles.h - tokenizers for tests from files -------*- C++ -*-===//
#ifndef HEDDLE_TEST_UNIT_TEXT_TOKENIZERFILES_H
#define HEDDLE_TEST_UNIT_TEXT_TOKENIZERFILES_H

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include "runtime/text/Tokenizer.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>

namespace heddle::test {

/// Data beside the repository.
inline const std::string shared = HEDDLE_SHARED;

/// The text of a file; empty if it is not there.
inline std::string readFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// What a program would have: written, read back and made ready.
inline Tokenizer throughBytes(const TokenizerModel &model) {
  std::string bytes = serialize(model);
  return Tokenizer(parseTokenizerModel({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}));
}

inline std::vector<int32_t> ids(const llvm::json::Array *array) {
  std::vector<int32_t> out;
  for (const llvm::json::Value &value : *array)
    out.push_back(int32_t(*value.getAsInteger()));
  return out;
}

/// The tokenizer of a checkpoint; none, and a failure noted, if it has none.
inline std::optional<Tokenizer> fromCheckpoint(const std::string &path) {
  llvm::Expected<std::unique_ptr<Checkpoint>> checkpoint = openCheckpoint(path);
  if (!checkpoint) {
    ADD_FAILURE() << llvm::toString(checkpoint.takeError());
    return std::nullopt;
  }
  llvm::Expected<std::optional<TokenizerModel>> model = readTokenizer(**checkpoint);
  if (!model || !*model) {
    ADD_FAILURE() << (model ? "no tokenizer" : llvm::toString(model.takeError()));
    return std::nullopt;
  }
  return throughBytes(**model);
}

} // namespace heddle::test

#endif // HEDDLE_TEST_UNIT_TEXT_TOKENIZERFILES_H
