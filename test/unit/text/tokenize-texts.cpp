//===- tokenize-texts.cpp - the tokens of many texts ------------------------===//
//
//   tokenize-texts TOKENIZER < TEXTS          prints a line of ids for each text
//   tokenize-texts TOKENIZER --both < TEXTS   with the tokens around the text; behind a tab each what decoding
//                                             gives with and without special tokens, in hexadecimal
//   tokenize-texts TOKENIZER --time FILE      takes a file as one text; prints megabytes per second, one thread
//
// TOKENIZER: a folder with a tokenizer.json or tokenizer.model, or a GGUF file. What is a special token's
// spelling becomes that token. For scripts that compare with another implementation.
//
//===----------------------------------------------------------------------===//

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include "runtime/support/Error.h"
#include "runtime/text/Tokenizer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <ctime>
#include <limits>

using namespace heddle;
using namespace llvm;

namespace {

ExitOnError exitOnError("tokenize-texts: ");

/// The text of a file; empty if it is not there.
std::string readText(const Twine &path) {
  auto file = MemoryBuffer::getFile(path);
  return file ? (*file)->getBuffer().str() : std::string();
}

Tokenizer open(StringRef path) {
  if (!sys::fs::is_directory(path)) {
    std::unique_ptr<Checkpoint> checkpoint = exitOnError(openCheckpoint(path.str()));
    if (std::optional<TokenizerModel> model = exitOnError(readTokenizer(*checkpoint)))
      return Tokenizer(std::move(*model));
    exitOnError(createStringError("no tokenizer in " + path));
  }
  std::string tokenizer = readText(path + "/tokenizer.json"),
              config = readText(path + "/tokenizer_config.json");
  if (!tokenizer.empty())
    return Tokenizer(exitOnError(readTokenizerJson({tokenizer, config, "", path})));
  std::string pieces = readText(path + "/tokenizer.model");
  return Tokenizer(exitOnError(readSentencePiece({pieces, config, "", path})));
}

/// `texts`: each behind its length in bytes, in decimal, and a new line.
void printIds(const Tokenizer &tokenizer, StringRef texts, bool both) {
  while (!texts.empty()) {
    auto [length, rest] = texts.split('\n');
    size_t size;
    if (length.getAsInteger(10, size) || size > rest.size())
      exitOnError(createStringError("expected the length of a text, found '" + length.take_front(20) + "'"));
    const char *separator = "";
    std::vector<int32_t> ids = tokenizer.encode(std::string_view(rest.take_front(size)), /*addSpecial=*/both);
    for (int32_t id : ids) {
      outs() << separator << id;
      separator = " ";
    }
    if (both)
      for (bool skipSpecial : {false, true})
        outs() << '\t' << toHex(tokenizer.decode(ids, skipSpecial), /*LowerCase=*/true);
    outs() << '\n';
    texts = rest.drop_front(size);
  }
}

/// Of five runs the best, in the time of this thread.
void printSpeed(const Tokenizer &tokenizer, StringRef text) {
  double best = std::numeric_limits<double>::infinity();
  size_t count = 0;
  for (int run = 0; run < 5; ++run) {
    std::clock_t begin = std::clock();
    count = tokenizer.encode(std::string_view(text), /*addSpecial=*/false).size();
    best = std::min(best, double(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  outs() << format("%.1f MB/s, %zu tokens\n", double(text.size()) / 1e6 / best, count);
}

} // namespace

int main(int argc, char **argv) {
  bool time = argc == 4 && StringRef(argv[2]) == "--time";
  bool both = argc == 3 && StringRef(argv[2]) == "--both";
  if (argc != 2 && !time && !both) {
    errs() << "usage: tokenize-texts TOKENIZER [--both | --time FILE]\n";
    return 2;
  }
  try {
    Tokenizer tokenizer = open(argv[1]);
    auto input = exitOnError(errorOrToExpected(MemoryBuffer::getFileOrSTDIN(time ? argv[3] : "-")));
    time ? printSpeed(tokenizer, input->getBuffer()) : printIds(tokenizer, input->getBuffer(), both);
  } catch (const heddle::Error &error) {
    errs() << "tokenize-texts: " << error.what() << '\n';
    return 1;
  }
}
