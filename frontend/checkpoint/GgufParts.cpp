//===- GgufParts.cpp - a model in several GGUF files ----------------------===//
#include "frontend/checkpoint/GgufParts.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace heddle;

static constexpr int64_t mostParts = 99999; // five digits in a name

Expected<GgufPart> heddle::ggufPart(const GgufMetadata &metadata, StringRef file) {
  GgufPart part;
  part.count = metadata.integer("split.count").value_or(1);
  if (part.count <= 1)
    return GgufPart();
  if (part.count > mostParts)
    return readError(file, "key 'split.count'", "at most " + Twine(mostParts), Twine(part.count),
                     damagedRemedy);
  part.number = metadata.integer("split.no").value_or(-1);
  if (part.number < 0 || part.number >= part.count)
    return readError(file, "key 'split.no'", "a number below " + Twine(part.count),
                     part.number < 0 ? "none" : Twine(part.number).str(), damagedRemedy);
  part.tensors = metadata.integer("split.tensors.count").value_or(-1);
  if (part.tensors < 0)
    return readError(file, "key 'split.tensors.count'", "the number of tensors of all parts", "none",
                     damagedRemedy);
  return part;
}

static std::string ending(int64_t number, int64_t count) {
  return formatv("-{0:d5}-of-{1:d5}.gguf", number + 1, count).str();
}

Expected<std::vector<std::string>> heddle::ggufPartPaths(const GgufPart &part, StringRef file) {
  StringRef stem = file;
  std::string expected = ending(part.number, part.count);
  if (!stem.consume_back(expected))
    return readError(file, "the file's name",
                     "the ending '" + expected + "', as the keys 'split.no' and 'split.count' say", "another",
                     "give the parts the names that they were made with");
  std::vector<std::string> paths;
  for (int64_t i = 0; i < part.count; ++i)
    paths.push_back(stem.str() + ending(i, part.count));
  return paths;
}
