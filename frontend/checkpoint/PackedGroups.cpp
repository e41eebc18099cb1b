//===- PackedGroups.cpp - matrices of GPTQ and AWQ ------------------------===//
#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/BlockBytes.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace heddle;

static constexpr int64_t blockColumns = 32, wordBits = 32;
static constexpr uint8_t placeInWord[] = {0, 4, 1, 5, 2, 6, 3, 7}; // AWQ: where neighbour i is

//===- configs ------------------------------------------------------------===//

Expected<std::optional<PackedGroupsConfig>> heddle::packedGroupsConfig(const json::Object &quantization,
                                                                       StringRef file) {
  StringRef method = quantization.getString("quant_method").value_or("");
  if (method != "gptq" && method != "awq")
    return std::nullopt;
  PackedGroupsConfig config;
  config.alongRows = method == "awq";
  config.bits = quantization.getInteger("bits").value_or(config.bits);
  config.groupSize = quantization.getInteger("group_size").value_or(config.groupSize);
  bool meant = config.alongRows || quantization.getString("checkpoint_format").value_or("") == "gptq_v2";
  config.zerosLess = meant ? 0 : 1;
  StringRef version = quantization.getString("version").value_or("gemm");
  if (config.bits != 4 && (config.alongRows || config.bits != 8))
    return readError(file, "key 'quantization_config.bits'", config.alongRows ? "4" : "4 or 8",
                     Twine(config.bits), "take the model in GGUF");
  if (config.alongRows && version.lower() != "gemm")
    return readError(file, "key 'quantization_config.version'", "'gemm'", "'" + version + "'",
                     "take the model in GGUF");
  return config;
}

//===- blocks -------------------------------------------------------------===//

namespace {

class PackedGroups : public JoinedBlocks {
public:
  PackedGroups(const PackedGroupsConfig &config, int64_t rows, int64_t columns, int64_t groupSize)
      : config(config), rows(rows), columns(columns), groupSize(groupSize) {}

  void make(int64_t index, uint8_t *block) const override;
  uint32_t zero(int64_t row, int64_t group) const {
    return numberIn(zeros, row, group) + static_cast<uint32_t>(config.zerosLess);
  }

  const uint8_t *codes = nullptr, *zeros = nullptr, *scales = nullptr;
  StorageType scaleType = StorageType::F16;

private:
  uint32_t word(const uint8_t *words, int64_t index) const {
    return load<uint32_t>(words + index * sizeof(uint32_t));
  }
  int64_t perWord() const { return wordBits / config.bits; }
  /// Of words that hold neighbours of a row.
  uint32_t numberIn(const uint8_t *words, int64_t row, int64_t line) const {
    int64_t place = row % perWord();
    place = config.alongRows ? placeInWord[place] : place;
    return word(words, line * (rows / perWord()) + row / perWord()) >> place * config.bits & mask();
  }
  uint32_t mask() const { return (1u << config.bits) - 1; }
  uint32_t code(int64_t row, int64_t column) const {
    if (config.alongRows)
      return numberIn(codes, row, column);
    return word(codes, column / perWord() * rows + row) >> column % perWord() * config.bits & mask();
  }

  PackedGroupsConfig config;
  int64_t rows, columns, groupSize;
};

} // namespace

void PackedGroups::make(int64_t index, uint8_t *block) const {
  int64_t perRow = columns / blockColumns, row = index / perRow, first = index % perRow * blockColumns;
  int64_t group = first / groupSize;
  float scale;
  dequantize(scaleType, scales + (group * rows + row) * blockFacts(scaleType).bytes, 1, &scale);
  auto put = [&](uint16_t half) {
    std::memcpy(block, &half, sizeof half);
    block += sizeof half;
  };
  put(floatToHalf(scale));
  if (config.bits == 8) {
    for (int64_t i = 0; i < blockColumns; ++i)
      block[i] = static_cast<uint8_t>(code(row, first + i) - zero(row, group));
    return;
  }
  put(floatToHalf(-scale * static_cast<float>(zero(row, group))));
  constexpr int64_t half = blockColumns / 2;
  for (int64_t i = 0; i < half; ++i)
    block[i] = static_cast<uint8_t>(code(row, first + i) | code(row, first + half + i) << 4);
}

//===- tensors ------------------------------------------------------------===//

namespace {

/// Joins the tensors of one matrix.
class Joiner {
public:
  Joiner(const StringMap<const StoredTensor *> &byName, const PackedGroupsConfig &config,
         const StoredTensor &words)
      : byName(byName), config(config), words(words),
        name(StringRef(words.name).drop_back(strlen("qweight"))) {}

  Expected<StoredTensor> run() {
    int64_t perWord = wordBits / config.bits;
    if (words.type != StorageType::I32 || words.shape.size() != 2)
      return fail(words, "words of I32, a matrix");
    rows = words.shape[1] * (config.alongRows ? perWord : 1);
    columns = words.shape[0] * (config.alongRows ? 1 : perWord);
    groupSize = config.groupSize > 0 ? config.groupSize : std::max<int64_t>(columns, 1);
    if (columns % blockColumns || groupSize % blockColumns || rows % perWord)
      return fail(words, "columns and groups in multiples of " + Twine(blockColumns) + ", of groups of " +
                             Twine(groupSize));
    int64_t groups = (columns + groupSize - 1) / groupSize;
    auto zeros = find("qzeros", {StorageType::I32}, {groups, rows / perWord});
    if (!zeros)
      return zeros.takeError();
    auto scales = find("scales", {StorageType::F16, StorageType::BF16, StorageType::F32}, {groups, rows});
    if (!scales)
      return scales.takeError();
    if (Error error = checkOrder())
      return std::move(error);
    auto blocks = std::make_shared<PackedGroups>(config, rows, columns, groupSize);
    blocks->codes = words.bytes.data();
    blocks->zeros = (*zeros)->bytes.data();
    blocks->scales = (*scales)->bytes.data();
    blocks->scaleType = (*scales)->type;
    for (int64_t group = 0; config.bits == 8 && group < groups; ++group)
      for (int64_t row = 0; row < rows; ++row)
        if (blocks->zero(row, group) != 128)
          return fail(**zeros, "zeros of 128 beside 8 bits", Twine(blocks->zero(row, group)).str());
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
    return readError(tensor.file, "header: tensor '" + tensor.name + "'", expected, found,
                     "take the model in GGUF");
  }

  Expected<const StoredTensor *> find(StringRef part, ArrayRef<StorageType> types, ArrayRef<int64_t> shape) {
    const StoredTensor *tensor = byName.lookup((name + part).str());
    if (!tensor)
      return readError(words.file, "header: tensor '" + words.name + "'",
                       "a tensor '" + name + part + "' beside it", "none");
    if (!is_contained(types, tensor->type) || ArrayRef(tensor->shape) != shape)
      return fail(*tensor,
                  "[" + Twine(shape[0]) + ", " + Twine(shape[1]) + "] of " + blockFacts(types[0]).name);
    return tensor;
  }

  /// GPTQ may have sorted the columns before it put them into groups.
  Error checkOrder() {
    const StoredTensor *order = byName.lookup((name + "g_idx").str());
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
  const StoredTensor &words;
  StringRef name; // with its dot
  int64_t rows = 0, columns = 0, groupSize = 0;
};

} // namespace

Error heddle::joinPackedGroups(std::vector<StoredTensor> &tensors, const PackedGroupsConfig &config) {
  StringMap<const StoredTensor *> byName;
  for (const StoredTensor &tensor : tensors)
    byName[tensor.name] = &tensor;
  std::vector<StoredTensor> joined;
  StringSet<> parts;
  for (const StoredTensor &tensor : tensors) {
    StringRef name = tensor.name;
    if (!name.consume_back(".qweight"))
      continue;
    Expected<StoredTensor> made = Joiner(byName, config, tensor).run();
    if (!made)
      return made.takeError();
    joined.push_back(std::move(*made));
    for (StringRef part : {".qweight", ".qzeros", ".scales", ".g_idx"})
      parts.insert((name + part).str());
  }
  erase_if(tensors, [&](const StoredTensor &tensor) { return parts.contains(tensor.name); });
  llvm::move(joined, std::back_inserter(tensors));
  return Error::success();
}
