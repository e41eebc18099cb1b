//===- Load.cpp -----------------------------------------------------------===//

#include "frontend/language/Load.h"
#include "frontend/language/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace heddle;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static constexpr llvm::StringRef libraryName = "std.heddle";
/// A page is about a hundred lines; whatever is larger than this is no page.
static constexpr uint64_t maxPageBytes = 1 << 20;

std::string heddle::modelsFolder() {
  if (std::optional<std::string> folder = llvm::sys::Process::GetEnv("HEDDLE_MODELS"))
    return *folder;
  if (fs::is_directory(HEDDLE_MODELS_SOURCE))
    return HEDDLE_MODELS_SOURCE;
  static int anchor;
  llvm::SmallString<128> beside(path::parent_path(fs::getMainExecutable(nullptr, &anchor)));
  path::append(beside, "..", "share", "heddle", "models");
  return fs::is_directory(beside) ? beside.str().str() : std::string();
}

/// Reads the file into `sources`; its number there.
static llvm::Expected<unsigned> addFile(llvm::SourceMgr &sources, llvm::StringRef file) {
  uint64_t bytes = 0;
  std::error_code failure = fs::file_size(file, bytes);
  if (!failure && fs::is_directory(file))
    failure = std::make_error_code(std::errc::is_a_directory);
  if (!failure && bytes > maxPageBytes)
    return llvm::createStringError("'" + file + "' has " + llvm::Twine(bytes) +
                                   " bytes, a page has at most " + llvm::Twine(maxPageBytes));
  if (failure)
    return llvm::createStringError(failure, "cannot read '" + file + "': " + failure.message());
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/false);
  if (!buffer)
    return llvm::createStringError(buffer.getError(),
                                   "cannot read '" + file + "': " + buffer.getError().message());
  return sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
}

/// Where the library for the page at `page` is.
static std::string libraryFor(llvm::StringRef page) {
  llvm::SmallString<128> beside(path::parent_path(page));
  path::append(beside, libraryName);
  if (fs::exists(beside))
    return beside.str().str();
  llvm::SmallString<128> shipped(modelsFolder());
  path::append(shipped, libraryName);
  return shipped.str().str();
}

llvm::Expected<std::unique_ptr<LoadedPage>> heddle::loadPage(llvm::StringRef file) {
  auto loaded = std::make_unique<LoadedPage>();
  llvm::Expected<unsigned> page = addFile(loaded->sources, file);
  if (!page)
    return page.takeError();
  loaded->page = parsePage(*page, loaded->diagnostics);
  if (path::filename(file) == libraryName)
    return loaded;
  llvm::Expected<unsigned> library = addFile(loaded->sources, libraryFor(file));
  if (!library)
    return library.takeError();
  loaded->library = parsePage(*library, loaded->diagnostics);
  return loaded;
}
