//===- Float8.cpp - tensors in float8 and their scales --------------------===//
#include "frontend/checkpoint/Float8.h"
#include "frontend/checkpoint/ReadError.h"
#include "frontend/checkpoint/TensorParts.h"
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
  return scaleAt(type, bytes, index);
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

//===- scales -------------------------------------------------------------===//

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
                     describe(scales),
                     "blocks of " + Twine(config.blockRows) + " x " + Twine(config.blockColumns) +
                         " were expected; quantization_config may say otherwise");
  };
  size_t outer = wide.size() - 2;
  if (!isScaleType(scales.type) || given.size() != wide.size() ||
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
  TensorParts parts(tensors);
  for (StoredTensor &tensor : tensors) {
    if (tensor.type != StorageType::F8_E4M3)
      continue;
    const StoredTensor *scales = nullptr;
    for (StringRef suffix : {"_scale_inv", "_scale"})
      if (!scales)
        scales = parts.find(tensor.name + suffix);
    if (!scales)
      return readError(
          tensor.file, "header: tensor '" + tensor.name + "'",
          "a tensor of its scales, '" + tensor.name + "_scale_inv' or '" + tensor.name + "_scale'", "none");
    if (Error error = join(tensor, *scales, config))
      return error;
    parts.use(scales->name);
    StringRef module = tensor.name;
    if (module.consume_back("weight"))
      for (StringRef ofActivations : {"input_scale", "activation_scale"})
        parts.use(module + ofActivations);
  }
  parts.remove();
  return Error::success();
}
