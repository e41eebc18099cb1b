//===- Float8.cpp - tensors in float8 and their scales --------------------===//
#include "frontend/checkpoint/Float8.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <array>
#include <cmath>
#include <limits>

using namespace llvm;
using namespace heddle;

//===- numbers ------------------------------------------------------------===//

/// The numbers of all codes.
static const std::array<float, 256> &float8Numbers() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> made;
    for (unsigned code = 0; code < 256; ++code) {
      unsigned exponent = code >> 3 & 15, fraction = code & 7;
      float magnitude =
          exponent ? std::ldexp(8.0f + fraction, int(exponent) - 10) : std::ldexp(float(fraction), -9);
      if ((code & 127) == 127)
        magnitude = std::numeric_limits<float>::quiet_NaN();
      made[code] = code & 128 ? -magnitude : magnitude;
    }
    return made;
  }();
  return table;
}

float Float8Scales::at(int64_t element, int64_t &run) const {
  int64_t column = element % columns, row = element / columns % rows, matrix = element / columns / rows;
  int64_t down = divideCeil(rows, blockRows), across = divideCeil(columns, blockColumns);
  int64_t index = (matrix * down + row / blockRows) * across + column / blockColumns;
  run = std::min(blockColumns - column % blockColumns, columns - column);
  float scale;
  dequantize(type, bytes + index * blockFacts(type).bytes, 1, &scale);
  return scale;
}

void heddle::readFloat8(const uint8_t *codes, const Float8Scales *scales, int64_t first, int64_t count,
                        float *out) {
  const std::array<float, 256> &table = float8Numbers();
  for (int64_t end = first + count; first < end;) {
    int64_t run = end - first;
    float scale = scales ? scales->at(first, run) : 1;
    run = std::min(run, end - first);
    for (int64_t i = 0; i < run; ++i) {
      float number = table[codes[first + i]];
      *out++ = scales ? bfloatToFloat(floatToBfloat(number * scale)) : number;
    }
    first += run;
  }
}

//===- configs ------------------------------------------------------------===//

static void readBlock(const json::Value *value, Float8Config &config) {
  const json::Array *block = value ? value->getAsArray() : nullptr;
  if (!block || block->size() != 2)
    return;
  config.blockRows = std::max<int64_t>((*block)[0].getAsInteger().value_or(0), 1);
  config.blockColumns = std::max<int64_t>((*block)[1].getAsInteger().value_or(0), 1);
}

std::optional<Float8Config> heddle::float8Config(const json::Object &quantization) {
  Float8Config config;
  StringRef method = quantization.getString("quant_method").value_or("");
  if (method == "fp8" || method == "fbgemm_fp8") {
    readBlock(quantization.get("weight_block_size"), config);
    return config;
  }
  if (method != "compressed-tensors" || quantization.getString("format").value_or("") != "float-quantized")
    return std::nullopt;
  if (const json::Object *groups = quantization.getObject("config_groups"))
    for (const auto &[name, group] : *groups)
      if (const json::Object *object = group.getAsObject())
        if (const json::Object *weights = object->getObject("weights"))
          readBlock(weights->get("block_structure"), config);
  return config;
}

//===- scales -------------------------------------------------------------===//

static bool isReal(StorageType type) {
  return type == StorageType::F32 || type == StorageType::F16 || type == StorageType::BF16;
}

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, extent] : enumerate(shape))
    text += (i ? ", " : "") + std::to_string(extent);
  return text + "]";
}

/// The blocks that so many scales stand for along an axis; none where they cannot.
static std::optional<int64_t> blockAlong(int64_t extent, int64_t scales, int64_t usual) {
  if (scales == 1)
    return std::max<int64_t>(extent, 1);
  if (scales == extent)
    return 1;
  return divideCeil(extent, usual) == static_cast<uint64_t>(scales) ? std::optional(usual) : std::nullopt;
}

static Error join(StoredTensor &tensor, const StoredTensor &scales, const Float8Config &config) {
  ArrayRef<int64_t> shape = tensor.shape;
  SmallVector<int64_t, 4> wide(shape), given(scales.shape);
  wide.insert(wide.begin(), wide.size() < 2 ? 2 - wide.size() : 0, 1);
  if (given.size() < 2) // one for all, or for each row
    given.resize(2, 1);
  auto fail = [&] {
    return readError(scales.file, "header: tensor '" + scales.name + "'",
                     "scales for the rows or blocks of '" + tensor.name + "', " + shapeText(shape),
                     shapeText(scales.shape) + " of " + blockFacts(scales.type).name,
                     "blocks of " + Twine(config.blockRows) + " x " + Twine(config.blockColumns) +
                         " were expected; quantization_config may say otherwise");
  };
  size_t outer = wide.size() - 2;
  if (!isReal(scales.type) || given.size() != wide.size() ||
      ArrayRef(given).take_front(outer) != ArrayRef(wide).take_front(outer))
    return fail();
  std::optional<int64_t> blockRows = blockAlong(wide[outer], given[outer], config.blockRows),
                         blockColumns = blockAlong(wide[outer + 1], given[outer + 1], config.blockColumns);
  if (!blockRows || !blockColumns)
    return fail();
  tensor.float8 = {scales.bytes.data(), scales.type, wide[outer], wide[outer + 1], *blockRows, *blockColumns};
  return Error::success();
}

Error heddle::joinFloat8(std::vector<StoredTensor> &tensors, const Float8Config &config) {
  StringMap<const StoredTensor *> byName;
  for (const StoredTensor &tensor : tensors)
    byName[tensor.name] = &tensor;
  StringSet<> used;
  for (StoredTensor &tensor : tensors) {
    if (tensor.type != StorageType::F8_E4M3)
      continue;
    const StoredTensor *scales = nullptr;
    for (StringRef suffix : {"_scale_inv", "_scale"})
      if (!scales)
        scales = byName.lookup((tensor.name + suffix).str());
    if (!scales)
      return readError(
          tensor.file, "header: tensor '" + tensor.name + "'",
          "a tensor of its scales, '" + tensor.name + "_scale_inv' or '" + tensor.name + "_scale'", "none");
    if (Error error = join(tensor, *scales, config))
      return error;
    used.insert(scales->name);
    StringRef module = tensor.name;
    if (module.consume_back("weight"))
      for (StringRef ofActivations : {"input_scale", "activation_scale"})
        used.insert((module + ofActivations).str());
  }
  erase_if(tensors, [&](const StoredTensor &tensor) { return used.contains(tensor.name); });
  return Error::success();
}
