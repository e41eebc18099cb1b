//===- ElfImage.cpp - changes to a linked file ----------------------------===//

#include "backends/program/ElfImage.h"

using namespace llvm;
using namespace heddle;
using Section = object::ELF64LE::Shdr;

Expected<ElfImage> ElfImage::create(SmallVector<char, 0> bytes) {
  auto elf = Elf::create(StringRef(bytes.data(), bytes.size()));
  if (!elf)
    return elf.takeError();
  return ElfImage(std::move(bytes), *elf);
}

static Error missing(const Twine &what) { return createStringError("the linked program has no " + what); }

/// Where an address lies in the file.
Expected<uint64_t> ElfImage::fileOffset(uint64_t address, uint64_t size) const {
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
  auto sections = elf.sections();
  if (!sections)
    return sections.takeError();
  for (const Section &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB)
      continue;
    auto symbols = elf.symbols(&section);
    auto names = elf.getStringTableForSymtab(section);
    if (!symbols || !names)
      return joinErrors(symbols.takeError(), names.takeError());
    for (const auto &symbol : *symbols) {
      auto text = symbol.getName(*names);
      if (!text)
        return text.takeError();
      if (*text != name || symbol.st_size != size)
        continue;
      auto offset = fileOffset(symbol.st_value, size);
      if (!offset)
        return offset.takeError();
      return MutableArrayRef(reinterpret_cast<uint8_t *>(file.data()) + *offset, size);
    }
  }
  return missing("symbol '" + name + "' of " + Twine(size) + " bytes");
}

Error ElfImage::moveSection(StringRef name, uint64_t offset, uint64_t size) {
  auto sections = elf.sections();
  if (!sections)
    return sections.takeError();
  for (const Section &section : *sections) {
    auto text = elf.getSectionName(section);
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
  auto entries = elf.dynamicEntries();
  if (!entries)
    return entries.takeError();
  for (const auto &entry : *entries)
    if (entry.getTag() == ELF::DT_FLAGS_1)
      const_cast<object::ELF64LE::Dyn &>(entry).d_un.d_val = entry.getVal() & ~uint64_t(ELF::DF_1_PIE);
  return Error::success();
}
