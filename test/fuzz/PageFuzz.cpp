//===- PageFuzz.cpp - pages from strangers ----------------------------------===//
//
// Any text as a page beside the library, and as the library itself: errors, each of which can be shown with its
// line, or a page that is checked to its end.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Check.h"
#include "frontend/language/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace heddle;

namespace {

/// The text of std.heddle, which every page may use.
llvm::StringRef libraryText() {
  static const auto buffer = llvm::MemoryBuffer::getFile(modelsFolder() + "/std.heddle");
  if (!buffer)
    std::abort();
  return (*buffer)->getBuffer();
}

std::unique_ptr<ast::Page> parse(LoadedPage &loaded, llvm::StringRef text, llvm::StringRef name) {
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(text, name);
  return parsePage(loaded.sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc()), loaded.diagnostics);
}

void check(llvm::StringRef text, bool isLibrary) {
  LoadedPage loaded;
  loaded.page = parse(loaded, text, "fuzz.heddle");
  if (!isLibrary)
    loaded.library = parse(loaded, libraryText(), "std.heddle");
  bool sound = checkPage(loaded, &llvm::nulls());
  if (sound == loaded.diagnostics.hasErrors())
    std::abort();
  loaded.diagnostics.print(llvm::nulls());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  check(text, /*isLibrary=*/false);
  check(text, /*isLibrary=*/true);
  return 0;
}
