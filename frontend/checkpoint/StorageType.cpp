//===- StorageType.cpp - how a checkpoint stores numbers ------------------===//
#include "frontend/checkpoint/StorageType.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <iterator>

using namespace llvm;
using namespace heddle;

// In the order of the enumeration.
static constexpr BlockFacts facts[] = {
    {"F64", 1, 8},      {"F32", 1, 4},        {"F16", 1, 2},       {"BF16", 1, 2},       {"F8_E4M3", 1, 1},
    {"I64", 1, 8},      {"I32", 1, 4},        {"I16", 1, 2},       {"I8", 1, 1},         {"U8", 1, 1},
    {"BOOL", 1, 1},     {"Q4_0", 32, 18},     {"Q4_1", 32, 20},    {"Q5_0", 32, 22},     {"Q5_1", 32, 24},
    {"Q8_0", 32, 34},   {"IQ4_NL", 32, 18},   {"MXFP4", 32, 17},   {"Q2_K", 256, 84},    {"Q3_K", 256, 110},
    {"Q4_K", 256, 144}, {"Q5_K", 256, 176},   {"Q6_K", 256, 210},  {"IQ4_XS", 256, 136}, {"TQ1_0", 256, 54},
    {"TQ2_0", 256, 66}, {"IQ1_S", 256, 50},   {"IQ1_M", 256, 56},  {"IQ2_XXS", 256, 66}, {"IQ2_XS", 256, 74},
    {"IQ2_S", 256, 82}, {"IQ3_XXS", 256, 98}, {"IQ3_S", 256, 110},
};
static_assert(std::size(facts) == static_cast<size_t>(StorageType::IQ3_S) + 1);

const BlockFacts &heddle::blockFacts(StorageType type) { return facts[static_cast<size_t>(type)]; }

std::optional<StorageType> heddle::storageTypeNamed(StringRef name) {
  const BlockFacts *known = find_if(facts, [&](const BlockFacts &fact) { return fact.name.equals_insensitive(name); });
  if (known == std::end(facts))
    return std::nullopt;
  return static_cast<StorageType>(known - facts);
}

std::string heddle::shapeText(ArrayRef<int64_t> shape) {
  return "[" + join(map_range(shape, [](int64_t size) { return std::to_string(size); }), ", ") + "]";
}

std::optional<uint64_t> heddle::storedBytes(ArrayRef<int64_t> shape, StorageType type) {
  const BlockFacts &block = blockFacts(type);
  if (!shape.empty() && shape.back() % block.elements != 0)
    return std::nullopt;
  if (shape.empty() && block.elements != 1)
    return std::nullopt;
  // A zero must not hide an overflow: the other extents have to fit as well.
  int64_t elements = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0 || MulOverflow(elements, std::max<int64_t>(extent, 1), elements))
      return std::nullopt;
    empty |= extent == 0;
  }
  int64_t bytes;
  if (MulOverflow<int64_t>(elements / block.elements, block.bytes, bytes))
    return std::nullopt;
  return empty ? 0 : bytes;
}
