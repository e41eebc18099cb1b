//===- MappedFile.h - a file's bytes, read-only, never copied ---*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_MAPPEDFILE_H
#define HEDDLE_FRONTEND_CHECKPOINT_MAPPEDFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include <memory>
#include <string>

namespace heddle {

/// A regular file mapped into memory. An empty file has no mapping and no bytes.
class MappedFile {
public:
  /// Errors: the path is missing, unreadable or not a regular file.
  static llvm::Expected<std::unique_ptr<MappedFile>> open(llvm::StringRef path);

  llvm::StringRef path() const { return filePath; }
  llvm::ArrayRef<uint8_t> bytes() const {
    return {reinterpret_cast<const uint8_t *>(region ? region.const_data() : nullptr),
            region ? region.size() : 0};
  }
  llvm::StringRef text() const {
    return {reinterpret_cast<const char *>(bytes().data()), bytes().size()};
  }

private:
  std::string filePath;
  llvm::sys::fs::mapped_file_region region;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_MAPPEDFILE_H
