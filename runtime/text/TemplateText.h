//===- TemplateText.h - Python's strings ------------------------*- C++ -*-===//
//
// Strings are valid UTF-8; Python counts code points.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATETEXT_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATETEXT_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::template_language {

size_t countCharacters(std::string_view text);

/// The character at a place that exists.
std::string characterAt(std::string_view text, size_t index);

/// The indices that [start:stop:step] chooses among `size`. Throws Error on a step of 0.
std::vector<size_t> sliceIndices(size_t size, std::optional<int64_t> start, std::optional<int64_t> stop,
                                 std::optional<int64_t> step);

/// str.strip and its halves: white space, or any of the characters in `characters`.
std::string_view strip(std::string_view text, std::optional<std::string_view> characters, bool left, bool right);

/// str.split at white space, and at a separator that is not empty; `limit` below 0: all.
std::vector<std::string_view> splitWords(std::string_view text, int64_t limit);
std::vector<std::string_view> split(std::string_view text, std::string_view separator, int64_t limit);
/// str.rsplit with a separator.
std::vector<std::string_view> splitFromRight(std::string_view text, std::string_view separator, int64_t limit);
/// str.splitlines.
std::vector<std::string_view> splitLines(std::string_view text, bool keepEnds = false);

/// str.replace; `count` below 0: all. An empty `from` stands between all characters.
/// Throws Error when the result would pass `limit` bytes.
std::string replaceText(std::string_view text, std::string_view from, std::string_view to, int64_t count,
                        size_t limit);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
/// str.title: a capital after anything that is no letter.
std::string titleMethod(std::string_view text);
/// Jinja's filter: a capital after white space, brackets and hyphens.
std::string titleFilter(std::string_view text);

/// & < > ' " as HTML's entities.
std::string escapeHtml(std::string_view text);

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATETEXT_H
