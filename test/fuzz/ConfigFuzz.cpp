// Any text as a config.json and as an index of shards. A config that was read
// is written and read again, and must be the same.
#include "frontend/checkpoint/HuggingFace.h"
#include "frontend/checkpoint/JsonText.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace heddle;
using llvm::json::Value;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::consumeError(parseShardIndex(text, "fuzz").takeError());
  auto config = parseJsonObject(text, "fuzz");
  if (!config) {
    llvm::consumeError(config.takeError());
    return 0;
  }
  std::string written;
  llvm::raw_string_ostream(written) << Value(llvm::json::Object(*config));
  auto again = parseJsonObject(written, "fuzz");
  if (!again) // infinity, from a number such as 1e999, cannot be written
    llvm::consumeError(again.takeError());
  else if (Value(std::move(*config)) != Value(std::move(*again)))
    std::abort();
  return 0;
}
