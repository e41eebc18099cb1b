//===- SentenceModules.h - what follows an encoder --------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_SENTENCEMODULES_H
#define HEDDLE_FRONTEND_CHECKPOINT_SENTENCEMODULES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace heddle {

/// Reads the text of a modules.json, a list of steps that each have a `type`
/// and a `path`, as one object: for each step, under the last part of its type,
/// what `readFolder` gives for its folder. A step without a folder has an empty
/// object; so has the first, whose folder is the model's own. A folder's name has
/// no other folder in it.
llvm::Expected<llvm::json::Object>
parseSentenceModules(llvm::StringRef text, llvm::StringRef file,
                     llvm::function_ref<llvm::Expected<llvm::json::Object>(llvm::StringRef)> readFolder);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_SENTENCEMODULES_H
