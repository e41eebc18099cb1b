//===- Tokenize.cpp - the verb `tokenize` ---------------------------------===//

#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

#include <charconv>
#include <fmt/format.h>

namespace heddle {

/// Ids separated by white space or commas.
static std::vector<int32_t> parseIds(const std::vector<std::string> &words) {
  std::vector<int32_t> ids;
  for (const std::string &word : words) {
    const char *at = word.data(), *end = at + word.size();
    while (at != end) {
      if (*at == ',' || *at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
        ++at;
        continue;
      }
      int32_t id;
      auto [rest, error] = std::from_chars(at, end, id);
      if (error != std::errc() || id < 0)
        throw UsageError(fmt::format("--decode: expected token ids, not '{}'", std::string(at, end)));
      ids.push_back(id);
      at = rest;
    }
  }
  return ids;
}

void tokenizeVerb(const Invocation &call) {
  std::vector<std::string> words, ids;
  std::optional<std::string> file;
  bool noSpecial = false, plain = false;
  CommandLine line(call.name, "Prints the tokens of a text, a line each: id, tab, piece with escapes.");
  line.option("TEXT", words, "the text");
  line.option("--file", file, "read the text from a file; '-': standard input");
  line.option("--decode", ids, "print the text of these ids instead");
  line.flag("--no-special", noSpecial, "without the tokens that the model puts around a text");
  line.flag("--plain", plain, "special tokens in the text are text");
  if (!line.parse(call.arguments))
    return;
  if (words.empty() + !file + ids.empty() != 2 || words.size() > 1)
    throw UsageError("give one TEXT, --file or --decode");

  Model model(call.image, ModelOptions());
  const Tokenizer &tokenizer = model.tokenizer();
  if (!ids.empty())
    return print(tokenizer.decode(parseIds(ids), /*skipSpecial=*/false) + "\n");
  std::string output;
  for (int32_t id : tokenizer.encode(file ? readText(*file) : words.front(), !noSpecial, !plain))
    output += fmt::format("{}\t{}\n", id, tokenizer.piece(id));
  print(output);
}

} // namespace heddle
