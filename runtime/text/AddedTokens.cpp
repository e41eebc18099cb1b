//===- AddedTokens.cpp - tokens found before anything else ------------------===//

#include "runtime/text/AddedTokens.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>

namespace heddle {

namespace {

size_t totalLength(const std::vector<std::string> &strings) {
  size_t total = 0;
  for (const std::string &string : strings)
    total += string.size();
  return total;
}

/// What a byte may be in an added token, as bits.
enum Role : uint8_t { First = 1, Second = 2 };

bool endsWithWord(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && (text[--begin] & 0xC0) == 0x80)
    ;
  return !text.empty() && isWordCharacter(readUtf8(text, begin).codePoint);
}

bool startsWithWord(std::string_view text) {
  return !text.empty() && isWordCharacter(readUtf8(text, 0).codePoint);
}

} // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> added, const std::vector<std::string> &contents)
    : tokens(std::move(added)), trie(totalLength(contents)) {
  for (uint32_t i = 0; i < tokens.size(); ++i)
    if (!contents[i].empty()) {
      trie.add(contents[i], i);
      roles[uint8_t(contents[i][0])] |= First;
      if (contents[i].size() > 1)
        roles[uint8_t(contents[i][1])] |= Second;
      else
        for (uint8_t &role : roles) // whatever stands behind it
          role |= Second;
    }
}

uint32_t AddedTokenFinder::match(std::string_view text, size_t offset, size_t &end) const {
  uint32_t best = Trie::none, node = Trie::root;
  for (size_t i = offset; i < text.size(); ++i) {
    node = trie.step(node, text[i]);
    if (node == Trie::none)
      break;
    if (uint32_t found = trie.valueAt(node); found != Trie::none) {
      best = found;
      end = i + 1;
    }
  }
  return best;
}

size_t AddedTokenFinder::skip(std::string_view text, size_t offset) const {
  constexpr size_t block = 16; // places that are looked at together: at few of them a token may begin
  auto roleAt = [&](size_t place) { return roles[uint8_t(text[place])]; };
  auto mayBegin = [&](size_t place) { return roleAt(place) & roleAt(place + 1) >> 1 & First; };
  for (int found = 0; offset + block < text.size(); offset += block) {
    for (size_t i = offset; i < offset + block; ++i)
      found |= mayBegin(i);
    if (found)
      break;
  }
  while (offset + 1 < text.size() && !mayBegin(offset))
    ++offset;
  return offset;
}

std::vector<Segment> AddedTokenFinder::split(std::string_view text, bool special) const {
  std::vector<Segment> segments;
  size_t done = 0;                                         // all before it is in `segments`
  for (size_t i = 0; (i = skip(text, i)) < text.size();) { // most bytes begin none
    size_t end = i;
    uint32_t found = match(text, i, end);
    if (found == Trie::none) {
      ++i;
      continue;
    }
    size_t begin = i;
    i = end; // a token that is refused below hides shorter ones all the same
    const AddedToken &token = tokens[found];
    if (token.special && !special)
      continue;
    if (token.singleWord && (endsWithWord(text.substr(0, begin)) || startsWithWord(text.substr(end))))
      continue;
    begin = std::max(begin, done); // the one before may have taken the space that this one begins with
    if (token.lstrip)
      begin -= whiteSpaceSuffix(text.substr(done, begin - done));
    if (token.rstrip)
      end += whiteSpacePrefix(text.substr(end));
    if (begin > done)
      segments.push_back({done, begin, std::nullopt});
    segments.push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size())
    segments.push_back({done, text.size(), std::nullopt});
  return segments;
}

} // namespace heddle
