//===- ElfImage.h - changes to a linked file --------------------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_ELFIMAGE_H
#define HEDDLE_BACKENDS_PROGRAM_ELFIMAGE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace heddle {

/// A linked 64-bit little-endian ELF file in memory. Errors say what is missing in it.
class ElfImage {
public:
  static llvm::Expected<ElfImage> create(llvm::SmallVector<char, 0> bytes);

  llvm::ArrayRef<char> bytes() const { return file; }

  /// The bytes of a symbol in the file, `size` of them.
  llvm::Expected<llvm::MutableArrayRef<uint8_t>> symbol(llvm::StringRef name, uint64_t size);
  /// Says that a section is at `offset` of the file (which may lie behind what is here) and has `size` bytes.
  llvm::Error moveSection(llvm::StringRef name, uint64_t offset, uint64_t size);
  /// Clears DF_1_PIE, so that dlopen takes an executable.
  llvm::Error allowDlopen();

private:
  using Elf = llvm::object::ELFFile<llvm::object::ELF64LE>;
  ElfImage(llvm::SmallVector<char, 0> bytes, const Elf &elf) : file(std::move(bytes)), elf(elf) {}
  llvm::Expected<uint64_t> fileOffset(uint64_t address, uint64_t size) const;

  llvm::SmallVector<char, 0> file; // with none inline, its bytes stay in place when an image is moved
  Elf elf;                         // a view of them
};

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_ELFIMAGE_H
