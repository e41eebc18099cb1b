//===- PackedGroups.cpp - matrices of GPTQ, AWQ and others ----------------===//
#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/BlockBytes.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle;

static constexpr int64_t blockColumns = 32, wordBits = 32;
static constexpr const char *ggufRemedy = "take the model in GGUF";
static constexpr uint8_t placeInWord[] = {0, 4, 1, 5, 2, 6, 3, 7}; // AWQ: where neighbour i is

//===- configs ------------------------------------------------------------===//

/// The bits of all groups of layers in "compressed-tensors".
static int64_t compressedBits(const json::Object &quantization, int64_t otherwise) {
  if (const json::Object *groups = quantization.getObject("config_groups"))
    for (const auto &[name, group] : *groups)
      if (const json::Object *object = group.getAsObject())
        if (const json::Object *weights = object->getObject("weights"))
          return weights->getInteger("num_bits").value_or(otherwise);
  return otherwise;
}

Expected<std::optional<PackedGroupsConfig>> heddle::packedGroupsConfig(const json::Object &quantization,
                                                                       StringRef file) {
  StringRef method = quantization.getString("quant_method").value_or("");
  PackedGroupsConfig config;
  config.bits = quantization.getInteger("bits").value_or(config.bits);
  config.groupSize = quantization.getInteger("group_size").value_or(config.groupSize);
  StringRef format = quantization.getString("format").value_or("");
  if (method == "awq") {
    config.layout = PackedLayout::Awq;
  } else if (method == "compressed-tensors" && (format == "pack-quantized" || format == "int-quantized")) {
    config.layout = format == "pack-quantized" ? PackedLayout::Compressed : PackedLayout::Bytes;
    config.bits = compressedBits(quantization, config.layout == PackedLayout::Bytes ? 8 : config.bits);
  } else if (method != "gptq") {
    return std::nullopt;
  }
  bool isGptq = config.layout == PackedLayout::Gptq, isAwq = config.layout == PackedLayout::Awq;
  if (!isGptq || quantization.getString("checkpoint_format").value_or("") == "gptq_v2")
    config.zerosLess = 0;
  bool isBytes = config.layout == PackedLayout::Bytes;
  if (!(config.bits == 4 && !isBytes) && !(config.bits == 8 && !isAwq))
    return readError(file, "key 'quantization_config'",
                     isAwq     ? "4 bits"
                     : isBytes ? "8 bits"
                               : "4 or 8 bits",
                     Twine(config.bits), ggufRemedy);
  StringRef version = quantization.getString("version").value_or("gemm");
  if (isAwq && version.lower() != "gemm")
    return readError(file, "key 'quantization_config.version'", "'gemm'", "'" + version + "'", ggufRemedy);
  return config;
}

//===- blocks -------------------------------------------------------------===//

namespace {

class PackedGroups : public JoinedBlocks {
public:
  PackedGroups(const PackedGroupsConfig &config, int64_t rows, int64_t columns, int64_t groupSize)
      : config(config), perWord(wordBits / config.bits), rows(rows), columns(columns), groupSize(groupSize),
        groups(divideCeil(columns, groupSize)) {}

  void make(int64_t index, uint8_t *block) const override;
  uint32_t zero(int64_t row, int64_t group) const;

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
  float scale(int64_t row, int64_t group) const;

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

uint32_t PackedGroups::zero(int64_t row, int64_t group) const {
  if (!zeros)
    return 1u << (config.bits - 1);
  int64_t index = config.layout == PackedLayout::Compressed ? row / perWord * groups + group
                                                            : group * (rows / perWord) + row / perWord;
  return number(zeros, index, row % perWord) + static_cast<uint32_t>(config.zerosLess);
}

float PackedGroups::scale(int64_t row, int64_t group) const {
  bool byRow = config.layout == PackedLayout::Compressed || config.layout == PackedLayout::Bytes;
  int64_t index = byRow ? row * groups + group : group * rows + row;
  float scale;
  dequantize(scaleType, scales + index * blockFacts(scaleType).bytes, 1, &scale);
  return scale;
}

void PackedGroups::make(int64_t index, uint8_t *block) const {
  int64_t perRow = columns / blockColumns, row = index / perRow, first = index % perRow * blockColumns;
  int64_t group = first / groupSize;
  auto put = [&](uint16_t half) {
    std::memcpy(block, &half, sizeof half);
    block += sizeof half;
  };
  put(floatToHalf(scale(row, group)));
  if (config.bits == 8) {
    for (int64_t i = 0; i < blockColumns; ++i)
      block[i] = static_cast<uint8_t>(code(row, first + i) - zero(row, group));
    return;
  }
  put(floatToHalf(-scale(row, group) * static_cast<float>(zero(row, group))));
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
constexpr PartNames namesOfGptq = {"qweight", "qzeros", "scales", "g_idx", ""},
                    namesOfCompressed = {"weight_packed", "weight_zero_point", "weight_scale", "weight_g_idx",
                                         "weight_shape"},
                    namesOfBytes = {"weight", "weight_zero_point", "weight_scale", "weight_g_idx",
                                    "input_scale"};

const PartNames &namesOf(PackedLayout layout) {
  switch (layout) {
  case PackedLayout::Gptq:
  case PackedLayout::Awq:
    return namesOfGptq;
  case PackedLayout::Compressed:
    return namesOfCompressed;
  case PackedLayout::Bytes:
    return namesOfBytes;
  }
  llvm_unreachable("all layouts are there");
}

/// Joins the tensors of one matrix.
class Joiner {
public:
  Joiner(const StringMap<const StoredTensor *> &byName, const PackedGroupsConfig &config,
         const PartNames &parts, const StoredTensor &words)
      : byName(byName), config(config), parts(parts), words(words),
        name(StringRef(words.name).drop_back(parts.codes.size())), perWord(wordBits / config.bits),
        byRow(config.layout == PackedLayout::Compressed || config.layout == PackedLayout::Bytes) {}

  Expected<StoredTensor> run() {
    bool isBytes = config.layout == PackedLayout::Bytes;
    if ((!isBytes && words.type != StorageType::I32) || words.shape.size() != 2)
      return fail(words, isBytes ? "a matrix" : "words of I32, a matrix");
    bool alongRows = config.layout == PackedLayout::Awq;
    rows = words.shape[1] * (alongRows ? perWord : 1);
    columns = words.shape[0] * (alongRows ? 1 : perWord);
    if (byRow) {
      rows = words.shape[0];
      columns = words.shape[1] * (isBytes ? 1 : perWord);
    }
    const StoredTensor *scales = byName.lookup((name + parts.scales).str());
    groupSize = config.groupSize > 0 ? config.groupSize : columns;
    if (byRow && scales && scales->shape.size() == 2 && scales->shape[1] > 0)
      groupSize = divideCeil(columns, scales->shape[1]);
    groupSize = std::max<int64_t>(groupSize, 1);
    if (columns % blockColumns || groupSize % blockColumns || (!isBytes && rows % perWord))
      return fail(words, "columns and groups in multiples of " + Twine(blockColumns) + ", of groups of " +
                             Twine(groupSize));
    int64_t groups = divideCeil(columns, groupSize);
    SmallVector<int64_t> scaleShape{groups, rows}, zeroShape{groups, rows / perWord};
    if (byRow) {
      std::swap(scaleShape[0], scaleShape[1]);
      std::swap(zeroShape[0], zeroShape[1]);
    }
    if (Error error =
            check(scales, parts.scales, {StorageType::F16, StorageType::BF16, StorageType::F32}, scaleShape))
      return std::move(error);
    const StoredTensor *zeros = byName.lookup((name + parts.zeros).str());
    if (zeros || !byRow)
      if (Error error = check(zeros, parts.zeros, {StorageType::I32}, zeroShape))
        return std::move(error);
    if (Error error = checkOrder())
      return std::move(error);
    auto blocks = std::make_shared<PackedGroups>(config, rows, columns, groupSize);
    blocks->codes = words.bytes.data();
    blocks->zeros = zeros ? zeros->bytes.data() : nullptr;
    blocks->scales = scales->bytes.data();
    blocks->scaleType = scales->type;
    for (int64_t group = 0; config.bits == 8 && group < groups; ++group)
      for (int64_t row = 0; row < rows; ++row)
        if (blocks->zero(row, group) != 128)
          return fail(*zeros, "zeros of 128 beside 8 bits", Twine(blocks->zero(row, group)).str());
    StoredTensor made = words;
    made.name = (name + "weight").str();
    made.type = config.bits == 8 ? StorageType::Q8_0 : StorageType::Q4_1;
    made.shape = {rows, columns};
    made.joined = std::move(blocks);
    return made;
  }

private:
  Error fail(const StoredTensor &tensor, const Twine &expected, std::string found = "") {
    if (found.empty())
      found = "[" +
              join(map_range(tensor.shape, [](int64_t extent) { return std::to_string(extent); }), ", ") +
              "] of " + blockFacts(tensor.type).name.str();
    return readError(tensor.file, "header: tensor '" + tensor.name + "'", expected, found, ggufRemedy);
  }

  Error check(const StoredTensor *tensor, StringRef part, ArrayRef<StorageType> types,
              ArrayRef<int64_t> shape) {
    if (!tensor)
      return readError(words.file, "header: tensor '" + words.name + "'",
                       "a tensor '" + name + part + "' beside it", "none");
    if (!is_contained(types, tensor->type) || ArrayRef(tensor->shape) != shape)
      return fail(*tensor,
                  "[" + Twine(shape[0]) + ", " + Twine(shape[1]) + "] of " + blockFacts(types[0]).name);
    return Error::success();
  }

  /// Columns may have been sorted before they were put into groups.
  Error checkOrder() {
    const StoredTensor *order = byName.lookup((name + parts.order).str());
    if (!order)
      return Error::success();
    if (order->type != StorageType::I32 || order->elements() != columns)
      return fail(*order, Twine(columns) + " numbers of I32");
    for (int64_t column = 0; column < columns; ++column)
      if (int32_t group = load<int32_t>(order->bytes.data() + column * sizeof group);
          group != column / groupSize)
        return fail(*order, "columns in the order of their groups",
                    ("column " + Twine(column) + " in group " + Twine(group) + " (desc_act)").str());
    return Error::success();
  }

  const StringMap<const StoredTensor *> &byName;
  const PackedGroupsConfig &config;
  const PartNames &parts;
  const StoredTensor &words;
  StringRef name; // with its dot
  int64_t perWord, rows = 0, columns = 0, groupSize = 0;
  bool byRow;
};

} // namespace

Error heddle::joinPackedGroups(std::vector<StoredTensor> &tensors, const PackedGroupsConfig &config) {
  StringMap<const StoredTensor *> byName;
  for (const StoredTensor &tensor : tensors)
    byName[tensor.name] = &tensor;
  const PartNames &names = namesOf(config.layout);
  std::vector<StoredTensor> joined;
  StringSet<> used;
  for (const StoredTensor &tensor : tensors) {
    StringRef name = tensor.name;
    if (!name.consume_back(names.codes) || !name.ends_with("."))
      continue;
    if (config.layout == PackedLayout::Bytes && tensor.type != StorageType::I8)
      continue; // not all matrices are packed
    Expected<StoredTensor> made = Joiner(byName, config, names, tensor).run();
    if (!made)
      return made.takeError();
    joined.push_back(std::move(*made));
    for (StringRef part : {names.codes, names.zeros, names.scales, names.order, names.unread})
      used.insert((name + part).str());
  }
  erase_if(tensors, [&](const StoredTensor &tensor) { return used.contains(tensor.name); });
  llvm::move(joined, std::back_inserter(tensors));
  return Error::success();
}
