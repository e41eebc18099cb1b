//===- ElfImage.cpp - changes to a linked file ----------------------------===//

#include "backends/program/ElfImage.h"
#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

using namespace llvm;
using namespace heddle;
using ElfFile = object::ELFFile<object::ELF64LE>;
using Section = object::ELF64LE::Shdr;

static Expected<ElfFile> parse(ArrayRef<char> bytes) {
  return ElfFile::create(StringRef(bytes.data(), bytes.size()));
}

static Error missing(const Twine &what) { return createStringError("the linked program has no " + what); }

/// Where an address lies in the file.
static Expected<uint64_t> fileOffset(const ElfFile &elf, uint64_t address, uint64_t size) {
  auto segments = elf.program_headers();
  if (!segments)
    return segments.takeError();
  for (const auto &segment : *segments)
    if (segment.p_type == ELF::PT_LOAD && address >= segment.p_vaddr && size <= segment.p_filesz &&
        address - segment.p_vaddr <= segment.p_filesz - size)
      return segment.p_offset + (address - segment.p_vaddr);
  return missing("bytes at address " + Twine(address));
}

Expected<MutableArrayRef<uint8_t>> ElfImage::symbol(StringRef name, uint64_t size) {
  auto elf = parse(file);
  if (!elf)
    return elf.takeError();
  auto sections = elf->sections();
  if (!sections)
    return sections.takeError();
  for (const Section &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB)
      continue;
    auto symbols = elf->symbols(&section);
    auto names = elf->getStringTableForSymtab(section);
    if (!symbols || !names)
      return joinErrors(symbols.takeError(), names.takeError());
    for (const auto &symbol : *symbols) {
      auto text = symbol.getName(*names);
      if (!text)
        return text.takeError();
      if (*text != name || symbol.st_size != size)
        continue;
      auto offset = fileOffset(*elf, symbol.st_value, size);
      if (!offset)
        return offset.takeError();
      return MutableArrayRef(reinterpret_cast<uint8_t *>(file.data()) + *offset, size);
    }
  }
  return missing("symbol '" + name + "' of " + Twine(size) + " bytes");
}

Error ElfImage::moveSection(StringRef name, uint64_t offset, uint64_t size) {
  auto elf = parse(file);
  if (!elf)
    return elf.takeError();
  auto sections = elf->sections();
  if (!sections)
    return sections.takeError();
  for (const Section &section : *sections) {
    auto text = elf->getSectionName(section);
    if (!text)
      return text.takeError();
    if (*text != name)
      continue;
    auto &header = const_cast<Section &>(section); // it lies in `file`
    header.sh_offset = offset;
    header.sh_size = size;
    return Error::success();
  }
  return missing("section '" + name + "'");
}

Error ElfImage::allowDlopen() {
  auto elf = parse(file);
  if (!elf)
    return elf.takeError();
  auto entries = elf->dynamicEntries();
  if (!entries)
    return entries.takeError();
  for (const auto &entry : *entries)
    if (entry.getTag() == ELF::DT_FLAGS_1)
      const_cast<object::ELF64LE::Dyn &>(entry).d_un.d_val = entry.getVal() & ~uint64_t(ELF::DF_1_PIE);
  return Error::success();
}
