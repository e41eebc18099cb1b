//===- ElfImage.h - changes to a linked file --------------------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_ELFIMAGE_H
#define HEDDLE_BACKENDS_PROGRAM_ELFIMAGE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace heddle {

/// A linked 64-bit little-endian ELF file in memory. Errors say what is missing in it.
class ElfImage {
public:
  explicit ElfImage(llvm::SmallVector<char, 0> bytes) : file(std::move(bytes)) {}

  llvm::ArrayRef<char> bytes() const { return file; }

  /// The bytes of a symbol in the file, `size` of them.
  llvm::Expected<llvm::MutableArrayRef<uint8_t>> symbol(llvm::StringRef name, uint64_t size);
  /// Says that a section is at `offset` of the file (which may lie behind what is here) and has `size` bytes.
  llvm::Error moveSection(llvm::StringRef name, uint64_t offset, uint64_t size);
  /// Clears DF_1_PIE, so that dlopen takes an executable.
  llvm::Error allowDlopen();

private:
  llvm::SmallVector<char, 0> file;
};

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_ELFIMAGE_H
