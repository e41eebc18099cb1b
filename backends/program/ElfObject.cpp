//===- ElfObject.cpp - an object file of constants ------------------------===//
//
// The file: header, sections' bytes, symbols, names, the table of sections.
// Sections: none (0), the constants (1 ... n), symbols, names, stack note.
//
//===----------------------------------------------------------------------===//

#include "backends/program/ElfObject.h"
#include "llvm/BinaryFormat/ELF.h"
#include <cstring>

using namespace llvm;
using namespace heddle;

namespace {

class ObjectWriter {
public:
  SmallVector<char, 0> write(ArrayRef<ElfConstant> constants);

private:
  uint32_t name(StringRef text) {
    uint32_t at = names.size();
    names += text.str() + '\0';
    return at;
  }

  /// Appends bytes at a multiple of `align`, and gives where they are.
  uint64_t append(const void *bytes, size_t size, uint64_t align) {
    file.resize((file.size() + align - 1) / align * align, 0);
    uint64_t at = file.size();
    file.append(static_cast<const char *>(bytes), static_cast<const char *>(bytes) + size);
    return at;
  }

  ELF::Elf64_Shdr &section(StringRef sectionName, uint32_t type, const void *bytes, size_t size,
                           uint64_t align) {
    ELF::Elf64_Shdr header = {};
    header.sh_name = name(sectionName);
    header.sh_type = type;
    header.sh_offset = append(bytes, size, align);
    header.sh_size = size;
    header.sh_addralign = align;
    sections.push_back(header);
    return sections.back();
  }

  void addConstant(const ElfConstant &constant);
  void writeHeader(uint64_t sectionTable);

  SmallVector<char, 0> file;
  std::string names = std::string(1, '\0');
  SmallVector<ELF::Elf64_Shdr, 8> sections = {{}};
  SmallVector<ELF::Elf64_Sym, 8> symbols = {{}};
};

} // namespace

void ObjectWriter::addConstant(const ElfConstant &constant) {
  auto &header = section(constant.section, ELF::SHT_PROGBITS, constant.bytes.data(), constant.bytes.size(),
                         constant.align);
  header.sh_flags = constant.loaded ? ELF::SHF_ALLOC : 0;
  if (constant.symbol.empty())
    return;
  ELF::Elf64_Sym symbol = {};
  symbol.st_name = name(constant.symbol);
  symbol.setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbol.st_other = ELF::STV_HIDDEN;
  symbol.st_shndx = sections.size() - 1;
  symbol.st_size = constant.bytes.size();
  symbols.push_back(symbol);
}

void ObjectWriter::writeHeader(uint64_t sectionTable) {
  ELF::Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELF::ElfMagic, 4);
  header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  header.e_type = ELF::ET_REL;
  header.e_machine = ELF::EM_X86_64;
  header.e_version = ELF::EV_CURRENT;
  header.e_shoff = sectionTable;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  header.e_shnum = sections.size();
  header.e_shstrndx = sections.size() - 1;
  std::memcpy(file.data(), &header, sizeof header);
}

SmallVector<char, 0> ObjectWriter::write(ArrayRef<ElfConstant> constants) {
  file.resize(sizeof(ELF::Elf64_Ehdr), 0);
  for (const ElfConstant &constant : constants)
    addConstant(constant);
  section(".note.GNU-stack", ELF::SHT_PROGBITS, nullptr, 0, 1);
  auto &table =
      section(".symtab", ELF::SHT_SYMTAB, symbols.data(), symbols.size() * sizeof(ELF::Elf64_Sym), 8);
  table.sh_entsize = sizeof(ELF::Elf64_Sym);
  table.sh_info = 1; // the first global symbol
  table.sh_link = sections.size();
  uint32_t own = name(".strtab"); // its own name is the last to be added
  auto &strings = section("", ELF::SHT_STRTAB, names.data(), names.size(), 1);
  strings.sh_name = own;
  uint64_t at = append(sections.data(), sections.size() * sizeof(ELF::Elf64_Shdr), 8);
  writeHeader(at);
  return std::move(file);
}

SmallVector<char, 0> heddle::makeElfObject(ArrayRef<ElfConstant> constants) {
  return ObjectWriter().write(constants);
}
