//===- OutputFile.h - a file that appears whole or not at all ---*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_OUTPUTFILE_H
#define HEDDLE_BACKENDS_PROGRAM_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include <memory>
#include <string>

namespace heddle {

/// Writes to a temporary file beside the target, which `keep` renames. Without it, and when the process is
/// told to end, the temporary file is removed. Errors name the target.
class OutputFile {
public:
  /// Refuses a target that is there and no regular file. `bytes` are reserved at once where the file system
  /// can, so that a full disk is noticed before the work begins.
  static llvm::Expected<OutputFile> create(llvm::StringRef path, bool executable, uint64_t bytes);
  OutputFile(OutputFile &&) = default;
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// Writes all bytes at an offset.
  llvm::Error writeAt(uint64_t offset, llvm::ArrayRef<uint8_t> bytes);
  /// The file is complete.
  llvm::Error keep();

private:
  OutputFile(std::string path, llvm::sys::fs::TempFile file)
      : path(std::move(path)), file(std::make_unique<llvm::sys::fs::TempFile>(std::move(file))) {}

  std::string path;
  std::unique_ptr<llvm::sys::fs::TempFile> file; // null once kept
};

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_OUTPUTFILE_H
