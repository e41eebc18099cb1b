//===- FakeWriter.cpp - parts of a fake program, as files -----------------===//
//
//   fake-writer parts FOLDER   writes description.bin, weights.bin, beside.bin and FakeHash.h
//   fake-writer library FILE   lets dlopen take an executable: clears DF_1_PIE, as the compiler does
//
//===----------------------------------------------------------------------===//

#include "FakeProgram.h"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <string>

using namespace heddle::test;

static void writeFile(const std::string &path, const void *data, size_t size) {
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char *>(data), static_cast<std::streamsize>(size));
}

static void writeParts(const std::string &folder) {
  FakeProgram fake;
  size_t weights = fake.bias.size() * sizeof(float);
  writeFile(folder + "/description.bin", fake.description.data(), fake.description.size());
  writeFile(folder + "/weights.bin", fake.bias.data(), weights);
  std::string beside(8, '\0');
  beside[0] = static_cast<char>(weights);
  beside += "fake.weights";
  writeFile(folder + "/beside.bin", beside.data(), beside.size());
  std::ofstream(folder + "/FakeHash.h") << "#define FAKE_HASH " << fake.image().descriptionHash << "u\n"
                                        << "#define FAKE_SIZE " << fake.description.size() << "u\n";
}

static int clearPie(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto *header = reinterpret_cast<Elf64_Ehdr *>(bytes.data());
  auto *segments = reinterpret_cast<Elf64_Phdr *>(bytes.data() + header->e_phoff);
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type != PT_DYNAMIC)
      continue;
    auto *entry = reinterpret_cast<Elf64_Dyn *>(bytes.data() + segments[i].p_offset);
    for (; entry->d_tag != DT_NULL; ++entry)
      if (entry->d_tag == DT_FLAGS_1)
        entry->d_un.d_val &= ~uint64_t(DF_1_PIE);
  }
  std::ofstream(path, std::ios::binary | std::ios::in)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  if (std::strcmp(argv[1], "library") == 0)
    return clearPie(argv[2]);
  writeParts(argv[2]);
  return 0;
}
