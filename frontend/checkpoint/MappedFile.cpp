//===- MappedFile.cpp - a file's bytes, read-only, never copied -----------===//
#include "frontend/checkpoint/MappedFile.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/ScopeExit.h"

using namespace llvm;
namespace fs = llvm::sys::fs;

static Error cannotOpen(StringRef path, std::error_code code) {
  if (code == std::errc::no_such_file_or_directory)
    return heddle::readError(path, "", "a file", "nothing at this path", "check the spelling");
  if (code == std::errc::permission_denied)
    return heddle::readError(path, "", "a file that can be read", "permission denied", "check its permissions");
  return heddle::readError(path, "", "a file that can be read", code.message());
}

Expected<std::unique_ptr<heddle::MappedFile>> heddle::MappedFile::open(StringRef path) {
  // Before opening: opening a pipe would wait for a writer.
  fs::file_status status;
  if (std::error_code code = fs::status(path, status))
    return cannotOpen(path, code);
  if (!fs::is_regular_file(status))
    return readError(path, "", "a regular file", fs::is_directory(status) ? "a folder" : "a special file");

  Expected<fs::file_t> file = fs::openNativeFileForRead(path);
  if (!file)
    return cannotOpen(path, errorToErrorCode(file.takeError()));
  scope_exit closeFile([&] { fs::closeFile(*file); });
  // Again, of what was opened: the path may have changed meanwhile.
  if (std::error_code code = fs::status(*file, status))
    return cannotOpen(path, code);

  auto mapped = std::make_unique<MappedFile>();
  mapped->filePath = path.str();
  if (!fs::is_regular_file(status) || status.getSize() == 0)
    return mapped;
  std::error_code code;
  mapped->region =
      fs::mapped_file_region(*file, fs::mapped_file_region::readonly, status.getSize(), /*offset=*/0, code);
  if (code)
    return cannotOpen(path, code);
  return mapped;
}
