//===- VocabularyBuilder.h - tokens in any order ----------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_TOKENIZER_VOCABULARYBUILDER_H
#define HEDDLE_FRONTEND_TOKENIZER_VOCABULARYBUILDER_H

#include "runtime/text/TokenizerModel.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"

namespace heddle {

/// Collects tokens with their ids, and finds them by spelling. Strings must outlive it.
class VocabularyBuilder {
public:
  static constexpr const char *rule = "an id of its own below 16,777,216";

  /// False if the id is out of range or taken. Of tokens spelled alike the first is found.
  bool add(int64_t id, llvm::StringRef token) {
    if (!inRange(id) || taken[id])
      return false;
    set(id, token);
    return true;
  }

  /// The same for a token that may take the place of another.
  bool replace(int64_t id, llvm::StringRef token) {
    if (!inRange(id))
      return false;
    if (auto found = ids.find(tokens[id]); found != ids.end() && found->second == id && tokens[id] != token)
      ids.erase(found);
    set(id, token);
    return true;
  }

  std::optional<uint32_t> find(llvm::StringRef token) const {
    auto found = token.empty() ? ids.end() : ids.find(token);
    return found == ids.end() ? std::nullopt : std::optional<uint32_t>(found->second);
  }

  /// The merge of two tokens, if both and their concatenation are tokens; `inner` is what the second begins
  /// with only because it goes on with a word.
  std::optional<Merge> merge(llvm::StringRef left, llvm::StringRef right, llvm::StringRef inner = "") const {
    std::optional<uint32_t> l = find(left), r = find(right);
    right.consume_front(inner);
    std::optional<uint32_t> both = find((left + right).str());
    return l && r && both ? std::optional<Merge>(Merge{*l, *r, *both}) : std::nullopt;
  }

  /// All tokens by id; empty where there is none.
  StringTable finish() const {
    StringTable table;
    for (llvm::StringRef token : tokens)
      table.add(token);
    return table;
  }

private:
  /// Makes room for `id`.
  bool inRange(int64_t id) {
    if (id < 0 || id >= (int64_t(1) << 24))
      return false;
    if (size_t(id) >= tokens.size()) {
      tokens.resize(id + 1);
      taken.resize(id + 1);
    }
    return true;
  }

  void set(int64_t id, llvm::StringRef token) {
    tokens[id] = token;
    taken[id] = true;
    ids.try_emplace(token, uint32_t(id));
  }

  std::vector<llvm::StringRef> tokens;
  std::vector<bool> taken;
  llvm::DenseMap<llvm::StringRef, uint32_t> ids;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_TOKENIZER_VOCABULARYBUILDER_H
