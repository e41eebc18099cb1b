//===- Weights.cpp - maps a program's weights -----------------------------===//

#include "runtime/program/Weights.h"

#include "runtime/program/ElfSections.h"
#include "runtime/program/Format.h"
#include "runtime/support/Error.h"

#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

namespace heddle {

static constexpr uint64_t longestName = 4096;

static void expectSize(const std::string &where, uint64_t found, uint64_t expected) {
  if (found != expected)
    throw Error(
        fmt::format("the weights in '{}' have {} bytes, expected {}: the file is damaged, or of another "
                    "program; compile the model again",
                    where, found, expected));
}

static MappedWeights mapInside(const InputFile &file, const SectionRange &range, uint64_t bytes) {
  expectSize(file.path(), range.size, bytes);
  if (range.offset % static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) != 0)
    throw Error(fmt::format("the weights in '{}' do not begin at a page: compile the model again, and do not "
                            "rewrite the program with strip or objcopy",
                            file.path()));
  return {Mapping::file(file, range.offset, bytes), file.path()};
}

/// The folder of the program, where /proc/self/exe leads rather than where it lies.
static std::filesystem::path folderOf(const std::string &path) {
  std::error_code ignored;
  std::filesystem::path real = std::filesystem::canonical(path, ignored);
  return (real.empty() ? std::filesystem::path(path) : real).parent_path();
}

static MappedWeights mapBeside(const InputFile &program, const SectionRange &range, uint64_t bytes) {
  uint8_t size[8];
  if (range.size <= sizeof size || range.size - sizeof size > longestName)
    throw Error(fmt::format("section '{}' of '{}' is damaged", weightsBesideSection, program.path()));
  program.readAt(range.offset, size, sizeof size);
  std::string name(range.size - sizeof size, '\0');
  program.readAt(range.offset + sizeof size, name.data(), name.size());
  if (name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
    throw Error(fmt::format("section '{}' of '{}' is damaged", weightsBesideSection, program.path()));

  uint64_t recorded = 0;
  for (int i = 7; i >= 0; --i)
    recorded = recorded << 8 | size[i];
  expectSize(program.path(), recorded, bytes);

  std::string path = (folderOf(program.path()) / name).string();
  if (!std::filesystem::exists(path))
    throw Error(
        fmt::format("the weights '{}' are missing: this program was compiled with --weights beside, and "
                    "both files must stay together",
                    path));
  InputFile file(path);
  expectSize(path, file.size(), bytes);
  return {Mapping::file(file, 0, bytes), path};
}

MappedWeights mapWeights(const std::string &path, uint64_t bytes) {
  if (bytes == 0)
    return {};
  InputFile file(path);
  if (auto inside = findSection(file, weightsSection))
    return mapInside(file, *inside, bytes);
  if (auto beside = findSection(file, weightsBesideSection))
    return mapBeside(file, *beside, bytes);
  throw Error(fmt::format("'{}' has no weights (section '{}'): it was stripped, or is not a compiled program",
                          path, weightsSection));
}

} // namespace heddle
