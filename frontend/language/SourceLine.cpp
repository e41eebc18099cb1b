//===- SourceLine.cpp -----------------------------------------------------===//

#include "frontend/language/SourceLine.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/Unicode.h"

using namespace heddle;
using llvm::SMLoc;
using llvm::SMRange;
using llvm::StringRef;

namespace {

constexpr unsigned tabStop = 8;
constexpr unsigned windowBefore = 120; ///< places shown before the caret of a line that is too long
constexpr unsigned windowWidth = 160;
constexpr StringRef replacement = "\xEF\xBF\xBD";
constexpr StringRef cut = "...";

/// A character of the source and how it is shown.
struct Character {
  StringRef source;
  std::string shown;
  unsigned width;
};

/// The first character of a non-empty text that begins in terminal place `place`.
Character firstCharacter(StringRef text, unsigned place) {
  if (text.front() == '\t') {
    unsigned width = tabStop - place % tabStop;
    return {text.take_front(1), std::string(width, ' '), width};
  }
  size_t length = std::min<size_t>(llvm::getNumBytesForUTF8(llvm::UTF8(text.front())), text.size());
  const auto *bytes = reinterpret_cast<const llvm::UTF8 *>(text.data());
  if (!llvm::isLegalUTF8Sequence(bytes, bytes + length))
    return {text.take_front(1), replacement.str(), 1};
  StringRef character = text.take_front(length);
  int width = llvm::sys::unicode::columnWidthUTF8(character);
  if (width < 0)
    return {character, replacement.str(), 1};
  return {character, character.str(), unsigned(width)};
}

} // namespace

SourceLine::SourceLine(const llvm::SourceMgr &sources, SMLoc place) {
  unsigned id = sources.FindBufferContainingLoc(place);
  const llvm::MemoryBuffer &buffer = *sources.getMemoryBuffer(id);
  name = buffer.getBufferIdentifier();
  line = sources.getLineAndColumn(place, id).first;
  StringRef all = buffer.getBuffer();
  size_t offset = place.getPointer() - all.data();
  size_t begin = all.take_front(offset).rfind('\n') + 1; // npos + 1 is 0
  text = all.slice(begin, all.find('\n', offset));
  text.consume_back("\r");
}

unsigned SourceLine::column(SMLoc place) const {
  size_t offset = std::min<size_t>(place.getPointer() - text.data(), text.size());
  unsigned column = 1;
  for (StringRef rest = text.take_front(offset); !rest.empty(); ++column)
    rest = rest.drop_front(firstCharacter(rest, 0).source.size());
  return column;
}

SourceLine::Excerpt SourceLine::excerpt(SMLoc caret, llvm::ArrayRef<SMRange> marks) const {
  auto markAt = [&](StringRef character) {
    const char *at = character.begin();
    if (at == caret.getPointer())
      return '^';
    for (SMRange range : marks)
      if (range.Start.getPointer() <= at && at < range.End.getPointer())
        return '~';
    return ' ';
  };
  unsigned caretPlace = 0, total = 0;
  for (StringRef rest = text; !rest.empty();) {
    Character c = firstCharacter(rest, total);
    if (c.source.begin() <= caret.getPointer())
      caretPlace = total;
    total += c.width;
    rest = rest.drop_front(c.source.size());
  }
  unsigned from = total > windowWidth && caretPlace > windowBefore ? caretPlace - windowBefore : 0;
  unsigned to = from + windowWidth;

  Excerpt result;
  if (from)
    result = {cut.str(), std::string(cut.size(), ' ')};
  unsigned place = 0;
  for (StringRef rest = text; !rest.empty() && place < to;) {
    Character c = firstCharacter(rest, place);
    if (place >= from) {
      char mark = markAt(c.source);
      result.text += c.shown;
      // A character of double width has its caret under its first place.
      result.marks += std::string(std::min(c.width, 1u), mark);
      if (c.width > 1)
        result.marks += std::string(c.width - 1, mark == '~' ? '~' : ' ');
    }
    place += c.width;
    rest = rest.drop_front(c.source.size());
  }
  if (total > to)
    result.text += cut;
  if (caret.getPointer() >= text.end() && total <= to)
    result.marks += '^';
  result.text.erase(StringRef(result.text).rtrim().size());
  result.marks.erase(StringRef(result.marks).rtrim().size());
  return result;
}

std::string heddle::printable(StringRef text) {
  std::string shown;
  while (!text.empty()) {
    Character c = firstCharacter(text, 0);
    shown += c.source == "\t" ? std::string(" ") : c.shown;
    text = text.drop_front(c.source.size());
  }
  return shown;
}
