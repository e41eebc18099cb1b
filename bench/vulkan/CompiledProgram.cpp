//===- CompiledProgram.cpp - a compiled program as data -------------------===//

#include "CompiledProgram.h"

#include "backends/program/ElfImage.h"
#include "runtime/support/Error.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"
#include <xxhash.h>

using namespace heddle;
using namespace heddle::bench;

template <typename T> static T orThrow(llvm::Expected<T> value, const std::string &path) {
  if (!value)
    throw Error("'" + path + "' is no program: " + llvm::toString(value.takeError()));
  return std::move(*value);
}

/// The bytes of the symbol heddle_description.
static std::vector<uint8_t> readDescription(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    throw Error("cannot read '" + path + "': " + file.getError().message());
  llvm::StringRef bytes = (*file)->getBuffer();
  ElfImage image = orThrow(ElfImage::create({bytes.begin(), bytes.end()}), path);
  uint64_t size =
      llvm::support::endian::read64le(orThrow(image.symbol("heddle_description_size", 8), path).data());
  return orThrow(image.symbol("heddle_description", size), path).vec();
}

static ProgramImage imageOf(const std::string &path, std::span<const uint8_t> description) {
  ProgramImage image;
  image.path = path;
  image.description = description;
  image.descriptionHash = XXH3_64bits(description.data(), description.size());
  return image;
}

CompiledProgram::CompiledProgram(const std::string &path)
    : description(readDescription(path)), program(imageOf(path, description)) {}
