//===- ElfObject.h - an object file of constants ----------------*- C++ -*-===//

#ifndef HEDDLE_BACKENDS_PROGRAM_ELFOBJECT_H
#define HEDDLE_BACKENDS_PROGRAM_ELFOBJECT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <string>
#include <vector>

namespace heddle {

/// A constant of a program: a symbol for other objects, or with an empty name only the bytes of a section.
struct ElfConstant {
  std::string section, symbol;
  std::vector<uint8_t> bytes;
  uint64_t align = 8;
  bool loaded = true; // part of the program's memory, else only of its file
};

/// An object file for x86-64 with one section for each constant.
llvm::SmallVector<char, 0> makeElfObject(llvm::ArrayRef<ElfConstant> constants);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_ELFOBJECT_H
