//===- TokenizerConfig.h - what tokenizer_config.json says ------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_TOKENIZERCONFIG_H
#define HEDDLE_FRONTEND_TOKENIZER_TOKENIZERCONFIG_H

#include "frontend/tokenizer/TokenizerReader.h"
#include "llvm/Support/JSON.h"

namespace heddle {

/// The file's object; an empty one where there is no such file. `name`: the file's, for messages.
llvm::Expected<llvm::json::Object> readTokenizerConfig(const TokenizerFiles &files, llvm::StringRef name);

/// The chat template: of its own file, or else of the config, where that names several the default one.
std::string readChatTemplate(const TokenizerFiles &files, const llvm::json::Object &config);

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_TOKENIZERCONFIG_H
