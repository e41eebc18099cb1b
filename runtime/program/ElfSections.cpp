//===- ElfSections.cpp - finds a section of a program's file --------------===//

#include "runtime/program/ElfSections.h"

#include "runtime/support/Error.h"

#include <cstring>
#include <elf.h>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace heddle {

/// More sections than any program has; keeps a damaged header from asking for gigabytes.
static constexpr uint64_t mostSections = 1 << 16;
static constexpr uint64_t longestNames = 1 << 26;

static Error damaged(const InputFile &file, std::string_view what) {
  return Error(fmt::format("'{}' is cut off or damaged: {}", file.path(), what));
}

static bool within(uint64_t offset, uint64_t size, uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

static Elf64_Ehdr readHeader(const InputFile &file) {
  Elf64_Ehdr header;
  if (file.size() < sizeof header)
    throw damaged(file, "it is too short for a program");
  file.readAt(0, &header, sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)
    throw Error(fmt::format("'{}' is not a compiled program: no 64-bit little-endian ELF file", file.path()));
  return header;
}

/// The table of sections. Files with very many keep their number, and that of the names, in its first row.
static std::vector<Elf64_Shdr> readSections(const InputFile &file, Elf64_Ehdr &header) {
  if (header.e_shoff == 0)
    return {};
  if (header.e_shentsize != sizeof(Elf64_Shdr) || !within(header.e_shoff, sizeof(Elf64_Shdr), file.size()))
    throw damaged(file, "its table of sections lies outside of it");
  Elf64_Shdr first;
  file.readAt(header.e_shoff, &first, sizeof first);
  uint64_t count = header.e_shnum != 0 ? header.e_shnum : first.sh_size;
  if (header.e_shstrndx == SHN_XINDEX)
    header.e_shstrndx = first.sh_link < SHN_LORESERVE ? static_cast<uint16_t>(first.sh_link) : SHN_UNDEF;
  if (count > mostSections || !within(header.e_shoff, count * sizeof(Elf64_Shdr), file.size()))
    throw damaged(file, "its table of sections lies outside of it");
  std::vector<Elf64_Shdr> sections(count);
  if (count > 0)
    file.readAt(header.e_shoff, sections.data(), count * sizeof(Elf64_Shdr));
  return sections;
}

static std::string readNames(const InputFile &file, const Elf64_Shdr &section) {
  if (section.sh_type == SHT_NOBITS || section.sh_size > longestNames ||
      !within(section.sh_offset, section.sh_size, file.size()))
    throw damaged(file, "the names of its sections lie outside of it");
  std::string names(section.sh_size, '\0');
  if (!names.empty())
    file.readAt(section.sh_offset, names.data(), names.size());
  return names;
}

std::optional<SectionRange> findSection(const InputFile &file, std::string_view name) {
  Elf64_Ehdr header = readHeader(file);
  std::vector<Elf64_Shdr> sections = readSections(file, header);
  if (header.e_shstrndx >= sections.size())
    return std::nullopt;
  std::string names = readNames(file, sections[header.e_shstrndx]);
  for (const Elf64_Shdr &section : sections) {
    if (section.sh_name >= names.size() || section.sh_type == SHT_NOBITS)
      continue;
    // c_str: the name ends at its zero byte, or at the end of the names.
    if (std::string_view(names.c_str() + section.sh_name) != name)
      continue;
    if (!within(section.sh_offset, section.sh_size, file.size()))
      throw damaged(file, fmt::format("section '{}' should reach to byte {}, the file has {}", name,
                                      section.sh_offset + section.sh_size, file.size()));
    return SectionRange{section.sh_offset, section.sh_size};
  }
  return std::nullopt;
}

} // namespace heddle
