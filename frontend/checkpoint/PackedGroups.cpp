//===- PackedGroups.cpp - matrices of GPTQ, AWQ and others ----------------===//
#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/BlockBytes.h"
#include "frontend/checkpoint/ReadError.h"
#include "frontend/checkpoint/TensorParts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle;

static constexpr int64_t blockColumns = 32, wordBits = 32;
static constexpr uint8_t placeInWord[] = {0, 4, 1, 5, 2, 6, 3, 7}; // AWQ: where neighbour i is

/// Whether scales, and zeros, of a row lie side by side, not those of a group.
static bool isByRow(PackedLayout layout) {
  return layout == PackedLayout::Compressed || layout == PackedLayout::Bytes;
}

//===- blocks -------------------------------------------------------------===//

namespace {

class PackedGroups : public JoinedBlocks {
public:
  PackedGroups(const PackedGroupsConfig &config, int64_t rows, int64_t columns, int64_t groupSize)
      : config(config), perWord(wordBits / config.bits), rows(rows), columns(columns), groupSize(groupSize),
        groups(divideCeil(columns, groupSize)) {}

  void make(int64_t index, uint8_t *block) const override;
  uint32_t zeroOf(int64_t row, int64_t group) const;

  const uint8_t *codes = nullptr, *zeros = nullptr, *scales = nullptr; // zeros null: in the middle
  StorageType scaleType = StorageType::F16;

private:
  /// Number `place` of a word.
  uint32_t number(const uint8_t *words, int64_t index, int64_t place) const {
    place = config.layout == PackedLayout::Awq ? placeInWord[place] : place;
    return load<uint32_t>(words + index * sizeof(uint32_t)) >> place * config.bits &
           ((1u << config.bits) - 1);
  }
  uint32_t code(int64_t row, int64_t column) const;

  PackedGroupsConfig config;
  int64_t perWord, rows, columns, groupSize, groups;
};

} // namespace

uint32_t PackedGroups::code(int64_t row, int64_t column) const {
  switch (config.layout) {
  case PackedLayout::Gptq:
    return number(codes, column / perWord * rows + row, column % perWord);
  case PackedLayout::Awq:
    return number(codes, column * (rows / perWord) + row / perWord, row % perWord);
  case PackedLayout::Compressed:
    return number(codes, row * (columns / perWord) + column / perWord, column % perWord);
  case PackedLayout::Bytes:
    return codes[row * columns + column] ^ 0x80; // 128 more
  }
  llvm_unreachable("all layouts are there");
}

uint32_t PackedGroups::zeroOf(int64_t row, int64_t group) const {
  if (!zeros)
    return 1u << (config.bits - 1);
  int64_t word = row / perWord;
  int64_t index = isByRow(config.layout) ? word * groups + group : group * (rows / perWord) + word;
  return number(zeros, index, row % perWord) + static_cast<uint32_t>(config.zerosAdd);
}

void PackedGroups::make(int64_t index, uint8_t *block) const {
  int64_t perRow = columns / blockColumns, row = index / perRow, first = index % perRow * blockColumns;
  int64_t group = first / groupSize;
  float scale =
      scaleAt(scaleType, scales, isByRow(config.layout) ? row * groups + group : group * rows + row);
  uint32_t zero = zeroOf(row, group);
  auto put = [&](uint16_t half) {
    std::memcpy(block, &half, sizeof half);
    block += sizeof half;
  };
  put(floatToHalf(scale));
  if (config.bits == 8) {
    for (int64_t i = 0; i < blockColumns; ++i)
      block[i] = static_cast<uint8_t>(code(row, first + i) - zero);
    return;
  }
  put(floatToHalf(-scale * static_cast<float>(zero)));
  constexpr int64_t half = blockColumns / 2;
  for (int64_t i = 0; i < half; ++i)
    block[i] = static_cast<uint8_t>(code(row, first + i) | code(row, first + half + i) << 4);
}

//===- tensors ------------------------------------------------------------===//

namespace {

/// What the parts of a matrix are called, behind its name and a dot.
struct PartNames {
  StringRef codes, zeros, scales, order, unread;
};
PartNames namesOf(PackedLayout layout) {
  switch (layout) {
  case PackedLayout::Gptq:
  case PackedLayout::Awq:
    return {"qweight", "qzeros", "scales", "g_idx", ""};
  case PackedLayout::Compressed:
    return {"weight_packed", "weight_zero_point", "weight_scale", "weight_g_idx", "weight_shape"};
  case PackedLayout::Bytes:
    return {"weight", "weight_zero_point", "weight_scale", "weight_g_idx", "input_scale"};
  }
  llvm_unreachable("all layouts are there");
}

/// Joins the tensors of one matrix.
class Joiner {
public:
  Joiner(const TensorParts &all, const PackedGroupsConfig &config, const PartNames &parts,
         const StoredTensor &words)
      : all(all), config(config), parts(parts), words(words),
        name(StringRef(words.name).drop_back(parts.codes.size())), perWord(wordBits / config.bits),
        isBytes(config.layout == PackedLayout::Bytes) {}

  Expected<StoredTensor> run() {
    scales = all.find(name + parts.scales);
    zeros = all.find(name + parts.zeros);
    if (Error error = measure())
      return std::move(error);
    if (Error error = checkParts())
      return std::move(error);
    auto blocks = std::make_shared<PackedGroups>(config, rows, columns, groupSize);
    blocks->codes = words.bytes.data();
    blocks->zeros = zeros ? zeros->bytes.data() : nullptr;
    blocks->scales = scales->bytes.data();
    blocks->scaleType = scales->type;
    for (int64_t group = 0; config.bits == 8 && group < groups; ++group)
      for (int64_t row = 0; row < rows; ++row)
        if (blocks->zeroOf(row, group) != 128)
          return fail(*zeros, "zeros of 128 beside 8 bits", Twine(blocks->zeroOf(row, group)));
    StoredTensor made = words;
    made.name = (name + "weight").str();
    made.type = config.bits == 8 ? StorageType::Q8_0 : StorageType::Q4_1;
    made.shape = {rows, columns};
    made.joined = std::move(blocks);
    return made;
  }

private:
  Error fail(const StoredTensor &tensor, const Twine &expected, const Twine &found) {
    return readError(tensor.file, "header: tensor '" + tensor.name + "'", expected, found, ggufRemedy);
  }
  Error fail(const StoredTensor &tensor, const Twine &expected) {
    return fail(tensor, expected, describe(tensor));
  }

  /// Rows, columns and groups.
  Error measure() {
    if (words.type != (isBytes ? StorageType::I8 : StorageType::I32) || words.shape.size() != 2)
      return fail(words, isBytes ? "a matrix" : "words of I32, a matrix");
    rows = words.shape[0], columns = words.shape[1];
    if (!isByRow(config.layout))
      std::swap(rows, columns);
    if (!isBytes)
      (config.layout == PackedLayout::Awq ? rows : columns) *= perWord;
    groupSize = config.groupSize > 0 ? config.groupSize : columns;
    if (isByRow(config.layout) && scales && scales->shape.size() == 2 && scales->shape[1] > 0)
      groupSize = divideCeil(columns, scales->shape[1]);
    groupSize = std::max<int64_t>(groupSize, 1);
    if (columns % blockColumns || groupSize % blockColumns || (!isBytes && rows % perWord))
      return fail(words, "columns and groups in multiples of " + Twine(blockColumns) + ", of groups of " +
                             Twine(groupSize));
    groups = divideCeil(columns, groupSize);
    return Error::success();
  }

  Error checkParts() {
    if (Error error = check(scales, parts.scales, isScaleType, "F16", rows))
      return error;
    if (zeros && isBytes)
      return fail(*zeros, "no zeros beside bytes");
    auto isWord = [](StorageType type) { return type == StorageType::I32; };
    if (zeros || !isByRow(config.layout))
      if (Error error = check(zeros, parts.zeros, isWord, "I32", rows / perWord))
        return error;
    return checkOrder();
  }

  /// A part with numbers for so many rows, or words of them, and each group.
  Error check(const StoredTensor *tensor, StringRef part, function_ref<bool(StorageType)> fits,
              StringRef type, int64_t lines) {
    if (!tensor)
      return readError(words.file, "header: tensor '" + words.name + "'",
                       "a tensor '" + name + part + "' beside it", "none");
    SmallVector<int64_t> shape{groups, lines};
    if (isByRow(config.layout))
      std::swap(shape[0], shape[1]);
    if (!fits(tensor->type) || ArrayRef(tensor->shape) != ArrayRef(shape))
      return fail(*tensor, shapeText(shape) + " of " + type);
    return Error::success();
  }

  /// Columns may have been sorted before they were put into groups.
  Error checkOrder() {
    const StoredTensor *order = all.find(name + parts.order);
    if (!order)
      return Error::success();
    if (order->type != StorageType::I32 || order->elements() != columns)
      return fail(*order, Twine(columns) + " numbers of I32");
    for (int64_t column = 0; column < columns; ++column)
      if (int32_t group = load<int32_t>(order->bytes.data() + column * sizeof group);
          group != column / groupSize)
        return fail(*order, "columns in the order of their groups",
                    "column " + Twine(column) + " in group " + Twine(group) + " (desc_act)");
    return Error::success();
  }

  const TensorParts &all;
  const PackedGroupsConfig &config;
  const PartNames &parts;
  const StoredTensor &words, *scales = nullptr, *zeros = nullptr;
  StringRef name; // with its dot
  int64_t perWord, rows = 0, columns = 0, groupSize = 0, groups = 0;
  bool isBytes;
};

} // namespace

Error heddle::joinPackedGroups(std::vector<StoredTensor> &tensors, const PackedGroupsConfig &config) {
  TensorParts parts(tensors);
  const PartNames names = namesOf(config.layout);
  std::vector<StoredTensor> joined;
  for (const StoredTensor &tensor : tensors) {
    StringRef name = tensor.name;
    if (!name.consume_back(names.codes) || !name.ends_with("."))
      continue;
    if (config.layout == PackedLayout::Bytes && tensor.type != StorageType::I8)
      continue; // not all matrices are packed
    Expected<StoredTensor> made = Joiner(parts, config, names, tensor).run();
    if (!made)
      return made.takeError();
    joined.push_back(std::move(*made));
    for (StringRef part : {names.codes, names.zeros, names.scales, names.order, names.unread})
      parts.use(name + part);
  }
  parts.remove();
  llvm::move(joined, std::back_inserter(tensors));
  return Error::success();
}
