// Any bytes as a GGUF file: an error, or contents that can all be read.
#include "frontend/checkpoint/Gguf.h"
#include "test/unit/checkpoint/Touch.h"

using namespace heddle;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto contents = parseGguf({data, size}, "fuzz");
  if (!contents) {
    llvm::consumeError(contents.takeError());
    return 0;
  }
  test::touch(contents->tensors);
  test::touch(contents->metadata);
  llvm::StringMap<std::string> keys;
  llvm::consumeError(ggufConfig(contents->metadata, "fuzz", keys).takeError());
  return 0;
}
