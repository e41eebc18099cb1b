//===- WordPiece.cpp - the longest tokens of one word -----------------------===//

#include "runtime/text/WordPiece.h"
#include "runtime/support/Error.h"

#include <algorithm>

namespace heddle {

namespace {

bool continuesCharacter(char byte) { return (byte & 0xC0) == 0x80; }

} // namespace

WordPiece::WordPiece(const TokenizerModel &model, const TokenIndex &index) : model(model), index(index) {
  if (!model.unknown)
    throw Error("tokenizer: WordPiece without an unknown token");
}

/// The longest token that `word` goes on with at `offset`, which is moved behind it; `none` if there is no
/// such.
uint32_t WordPiece::takeLongest(std::string_view word, size_t &offset, Scratch &scratch) const {
  size_t mark = offset > 0 ? model.subwordPrefix.size() : 0;
  scratch.assign(model.subwordPrefix, 0, mark);
  scratch += word.substr(offset, index.longest());
  for (size_t size = scratch.size(); size > mark; --size) {
    uint32_t id = index.find(std::string_view(scratch).substr(0, size));
    if (id == TokenIndex::none)
      continue;
    offset += size - mark;
    return id;
  }
  return TokenIndex::none;
}

void WordPiece::encode(std::string_view word, std::vector<int32_t> &out, Scratch &scratch) const {
  size_t before = out.size(), offset = 0;
  bool known = size_t(word.size() - std::count_if(word.begin(), word.end(), continuesCharacter)) <=
               model.maxWordCharacters;
  while (known && offset < word.size()) {
    uint32_t id = takeLongest(word, offset, scratch);
    known = id != TokenIndex::none;
    out.push_back(int32_t(id));
  }
  if (known)
    return;
  out.resize(before);
  out.push_back(int32_t(*model.unknown));
}

} // namespace heddle
