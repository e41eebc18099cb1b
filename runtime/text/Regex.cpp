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

} // namespace

void Regex::Free::operator()(void *code) const { pcre2_code_free(static_cast<pcre2_code *>(code)); }

Regex::Regex(std::string_view pattern) : pattern(pattern) {
  int error;
  PCRE2_SIZE offset;
  constexpr uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  pcre2_code *compiled = pcre2_compile(units(pattern), pattern.size(), options, &error, &offset, nullptr);
  code.reset(compiled);
  if (!code)
    throw Error("pattern \"" + this->pattern + "\", byte " + std::to_string(offset) + ": " + describe(error));
  // Where no memory may be executable this fails, and matching goes on in the interpreter.
  isMachineCode = pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE) == 0;
  uint32_t empty = 1;
  pcre2_pattern_info(compiled, PCRE2_INFO_MATCHEMPTY, &empty);
  matchesEmpty = empty;
}

void Regex::Matches::Free::operator()(void *block) const {
  pcre2_match_data_free(static_cast<pcre2_match_data *>(block));
}

void Regex::Matches::FreeContext::operator()(void *context) const {
  pcre2_match_context_free(static_cast<pcre2_match_context *>(context));
}

Regex::Matches::Matches(const Regex &regex)
    : regex(&regex), block(pcre2_match_data_create(1, nullptr)),
      context(pcre2_match_context_create(nullptr)) {
  if (!block || !context)
    throw std::bad_alloc();
}

void Regex::Matches::start(std::string_view given) {
  text = given;
  from = 0;
  end = std::string_view::npos;
  // PCRE2's limit is a constant, and a long run of spaces alone may take a step a byte to walk back.
  size_t limit = 10'000'000 + std::min<size_t>(text.size(), 100'000'000) * 16;
  pcre2_set_match_limit(static_cast<pcre2_match_context *>(context.get()), uint32_t(limit));
}

/// PCRE2's result for the first match at or behind `offset`.
int Regex::Matches::run(size_t offset) const {
  const auto *code = static_cast<const pcre2_code *>(regex->code.get());
  auto *data = static_cast<pcre2_match_data *>(block.get());
  auto *limits = static_cast<pcre2_match_context *>(context.get());
  if (regex->isMachineCode) {
    int count = pcre2_jit_match(code, units(text), text.size(), offset, 0, data, limits);
    if (count != PCRE2_ERROR_JIT_STACKLIMIT) // the interpreter keeps its stack on the heap
      return count;
  }
  return pcre2_match(code, units(text), text.size(), offset, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, limits);
}

/// The first match at or behind `offset`; false if there is none.
bool Regex::Matches::find(size_t offset, TextRange &found) const {
  int count = run(offset);
  if (count == PCRE2_ERROR_NOMATCH)
    return false;
  if (count < 0)
    throw Error("pattern \"" + regex->pattern + "\" gave up: " + describe(count));
  const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(static_cast<pcre2_match_data *>(block.get()));
  found = {bounds[0], bounds[1]};
  return true;
}

bool Regex::Matches::next(TextRange &match) {
  while (from < text.size() + regex->matchesEmpty && find(from, match)) {
    if (match.begin >= match.end && (match.end == end || match.begin > match.end)) {
      from += from < text.size() ? readUtf8(text, from).length : 1;
      continue;
    }
    from = end = match.end;
    return true;
  }
  return false;
}

} // namespace heddle
