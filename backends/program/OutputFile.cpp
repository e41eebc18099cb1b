//===- OutputFile.cpp - a file that appears whole or not at all -----------===//

#include "backends/program/OutputFile.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace llvm;
using namespace heddle;
namespace fs = llvm::sys::fs;

static Error cannotWrite(StringRef path, const Twine &why) {
  return createStringError("cannot write '" + path + "': " + why);
}

static Error cannotWrite(StringRef path, int number) {
  return cannotWrite(path, std::generic_category().message(number) +
                               (number == ENOSPC ? "; free some, or choose another place with -o" : ""));
}

Expected<OutputFile> OutputFile::create(StringRef path, bool executable, uint64_t bytes) {
  fs::file_status status;
  if (!fs::status(path, status) && status.type() != fs::file_type::regular_file)
    return cannotWrite(path, status.type() == fs::file_type::directory_file
                                 ? "it is a folder; name a file with -o"
                                 : "it is not a regular file");
  auto file =
      fs::TempFile::create(path + ".%%%%%%%%.tmp", executable ? fs::all_all : fs::all_read | fs::all_write);
  if (!file)
    return cannotWrite(path, toString(file.takeError()));
  OutputFile output(path.str(), std::move(*file));
  if (bytes != 0 && fallocate(output.file->FD, 0, 0, static_cast<off_t>(bytes)) != 0)
    if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT)
      return cannotWrite(path, errno);
  return output;
}

OutputFile::~OutputFile() {
  if (file)
    consumeError(file->discard());
}

Error OutputFile::writeAt(uint64_t offset, ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = pwrite(file->FD, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return cannotWrite(path, written < 0 ? errno : ENOSPC);
    offset += written;
    bytes = bytes.drop_front(written);
  }
  return Error::success();
}

Error OutputFile::keep() {
  Error error = file->keep(path);
  file.reset();
  return error ? cannotWrite(path, toString(std::move(error))) : Error::success();
}
