//===- ElfSections.h - finds a section of a program's file ------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_PROGRAM_ELFSECTIONS_H
#define HEDDLE_RUNTIME_PROGRAM_ELFSECTIONS_H

#include "runtime/support/FileMap.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle {

/// Where a section lies in its file; the range is within the file.
struct SectionRange {
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// Finds a section by its name in a 64-bit little-endian ELF file. Nothing when there is none of that name;
/// throws Error when the file is no such ELF file, or its tables or the section reach beyond its end.
std::optional<SectionRange> findSection(const InputFile &file, std::string_view name);

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_ELFSECTIONS_H
