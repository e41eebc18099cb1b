//===- Regex.cpp - compiled regular expressions -----------------------------===//

#define PCRE2_CODE_UNIT_WIDTH 8
#define PCRE2_STATIC

#include "runtime/text/Regex.h"
#include "runtime/support/Error.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <new>
#include <pcre2.h>

namespace heddle {

namespace {

std::string describe(int code) {
  unsigned char buffer[256];
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<char *>(buffer);
}

PCRE2_SPTR units(std::string_view text) {
  // PCRE2 10.42 does not take a null pointer for an empty subject.
  return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
}

/// What matching in one text needs: room for the bounds of a match, and a limit.
class Search {
public:
  Search(const pcre2_code *code, std::string_view text, std::string_view pattern)
      : code(code), text(text), pattern(pattern) {
    if (!data || !context)
      throw std::bad_alloc();
    // PCRE2's limit is a constant, and a long run of spaces alone may take a step a byte to walk back.
    size_t limit = 10'000'000 + std::min<size_t>(text.size(), 100'000'000) * 16;
    pcre2_set_match_limit(context, uint32_t(limit));
  }
  Search(const Search &) = delete;
  ~Search() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }

  /// The first match at or behind `offset`; false if there is none.
  bool find(size_t offset, TextRange &found) {
    int count = run(offset, PCRE2_NO_UTF_CHECK);
    if (count == PCRE2_ERROR_JIT_STACKLIMIT) // the interpreter keeps its stack on the heap
      count = run(offset, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
    if (count == PCRE2_ERROR_NOMATCH)
      return false;
    if (count < 0)
      throw Error("pattern \"" + std::string(pattern) + "\" gave up: " + describe(count));
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(data);
    found = {bounds[0], bounds[1]};
    return true;
  }

private:
  int run(size_t offset, uint32_t options) {
    return pcre2_match(code, units(text), text.size(), offset, options, data, context);
  }

  const pcre2_code *code;
  std::string_view text, pattern;
  pcre2_match_data *data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context *context = pcre2_match_context_create(nullptr);
};

} // namespace

void Regex::Free::operator()(void *code) const { pcre2_code_free(static_cast<pcre2_code *>(code)); }

Regex::Regex(std::string_view pattern) : pattern(pattern) {
  int error;
  PCRE2_SIZE offset;
  constexpr uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  code.reset(pcre2_compile(units(pattern), pattern.size(), options, &error, &offset, nullptr));
  if (!code)
    throw Error("pattern \"" + this->pattern + "\", byte " + std::to_string(offset) + ": " + describe(error));
  // Where no memory may be executable this fails, and matching goes on in the interpreter.
  (void)pcre2_jit_compile(static_cast<pcre2_code *>(code.get()), PCRE2_JIT_COMPLETE);
}

std::vector<TextRange> Regex::findAll(std::string_view text) const {
  std::vector<TextRange> matches;
  Search search(static_cast<const pcre2_code *>(code.get()), text, pattern);
  TextRange found;
  size_t from = 0;
  while (from <= text.size() && search.find(from, found)) {
    bool touches = !matches.empty() && matches.back().end == found.end;
    if (found.begin >= found.end && (touches || found.begin > found.end)) {
      from += from < text.size() ? readUtf8(text, from).length : 1;
      continue;
    }
    matches.push_back(found);
    from = found.end;
  }
  return matches;
}

} // namespace heddle
