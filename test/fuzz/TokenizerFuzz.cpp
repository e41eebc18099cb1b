//===- TokenizerFuzz.cpp - tokenizers from strangers ------------------------===//
//
// The first byte says what the rest is: a program's tokenizer, a tokenizer.json, or a tokenizer.model. What is accepted must encode
// text without harm, and its stream of pieces must equal the whole where no byte tokens are in play.
//
//===----------------------------------------------------------------------===//

#include "frontend/tokenizer/TokenizerReader.h"
#include "runtime/support/Error.h"
#include "runtime/text/Tokenizer.h"

#include <cstdlib>

using namespace heddle;

namespace {

/// What a tokenizer is tried on: words, digits, spaces, marks, added tokens' brackets and other scripts.
constexpr std::string_view sample =
    "Hello, wo\xCC\x88rld!  It's 12345\t\n\n<|end|>caf\xC3\xA9 \xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x98\x80 a_b  ";

void use(const Tokenizer &tokenizer) {
  for (bool special : {false, true}) {
    std::vector<int32_t> ids = tokenizer.encode(sample, special, special);
    for (int32_t id : ids) {
      if (id < 0 || size_t(id) >= tokenizer.vocabularySize())
        std::abort();
      (void)tokenizer.piece(id);
    }
    std::string whole = tokenizer.decode(ids, special), streamed;
    StreamDecoder stream(tokenizer, special);
    for (int32_t id : ids)
      streamed += stream.push(id);
    streamed += stream.finish();
    if (!tokenizer.model().byteFallback && tokenizer.model().decoder.empty() && whole != streamed)
      std::abort();
  }
}

void tryModel(TokenizerModel model) {
  std::string bytes = serialize(model);
  TokenizerModel again = parseTokenizerModel({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()});
  if (serialize(again) != bytes)
    std::abort();
  use(Tokenizer(std::move(again)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  try {
    if (data[0] == '{' || data[0] == '\n') { // a piece's tag is a new line
      llvm::StringRef text(reinterpret_cast<const char *>(data), size);
      TokenizerFiles files{text, "", "", "fuzz"};
      llvm::Expected<TokenizerModel> model = data[0] == '{' ? readTokenizerJson(files) : readSentencePiece(files);
      if (model)
        tryModel(std::move(*model));
      else
        llvm::consumeError(model.takeError());
    } else {
      tryModel(parseTokenizerModel({data + 1, size - 1}));
    }
  } catch (const Error &) {
  }
  return 0;
}
