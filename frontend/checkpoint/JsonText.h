//===- JsonText.h - JSON from strangers -------------------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_JSONTEXT_H
#define HEDDLE_FRONTEND_CHECKPOINT_JSONTEXT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace heddle {

/// Parses `text` as one JSON object. What LLVM's parser would let through is
/// refused here: nesting beyond 64 levels (it recurses), and a key twice in one
/// object (the last would silently win). `where` is put before the place in
/// messages and may be empty.
llvm::Expected<llvm::json::Object> parseJsonObject(llvm::StringRef text, llvm::StringRef file,
                                                   llvm::StringRef where = "");

/// "a string", "a number" ...: what a value is, for messages.
llvm::StringRef jsonKind(const llvm::json::Value &value);

/// A value as JSON, cut to some 60 bytes, for messages.
std::string jsonExcerpt(const llvm::json::Value &value);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_JSONTEXT_H
