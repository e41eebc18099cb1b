//===- PackRows.cpp - packs some rows of a weight -------------------------===//
//
// Rows go through a tile [row][column] of numbers, read in the order in which
// they are stored; panels then lay the tile's rows side by side. Blocks that
// keep their format skip the tile: their words are only moved.
//
//===----------------------------------------------------------------------===//

#include "backends/program/Blocks.h"
#include "backends/program/Packer.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace heddle;

//===- tiles --------------------------------------------------------------===//

static void readRun(const Stored &tensor, int64_t first, int64_t count, float *out) {
  tensor.read(first, count, out);
}
static void readRun(const Stored &tensor, int64_t first, int64_t count, uint16_t *out) {
  tensor.readHalves(first, count, out);
}

/// Reads rows [first, first + count) to tile[row][column]; T is float, or uint16_t for halves as they are
/// stored. Runs along the rows are followed where those along the columns are shorter (a transposed matrix).
template <typename T>
static void readTile(const PackedWeight &weight, int64_t first, int64_t count, T *tile) {
  const WeightView &view = weight.view;
  int64_t columns = view.columns.size(), alongColumns = view.columns.run(), alongRows = view.rows.run();
  auto read = [&](int64_t row, int64_t column, int64_t length, T *out) {
    Place place = view.base + view.rows.at(row) + view.columns.at(column);
    readRun(weight.tensors[place.tensor], place.element, length, out);
  };
  if (alongColumns >= alongRows) {
    for (int64_t r = 0; r < count; ++r)
      for (int64_t c = 0; c < columns; c += alongColumns)
        read(first + r, c, alongColumns, tile + r * columns + c);
    return;
  }
  std::vector<T> run(std::min(count, alongRows));
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = 0, length; r < count; r += length) {
      length = std::min(alongRows - (first + r) % alongRows, count - r);
      read(first + r, c, length, run.data());
      for (int64_t i = 0; i < length; ++i)
        tile[(r + i) * columns + c] = run[i];
    }
}

static void readNumbers(const PackedWeight &weight, int64_t first, int64_t count, std::vector<float> &tile) {
  tile.resize(count * weight.view.columns.size());
  readTile(weight, first, count, tile.data());
  if (weight.scale == 1 && weight.add == 0)
    return;
  for (float &number : tile) // in double, so that the result is rounded once
    number = static_cast<float>(number * weight.scale + weight.add);
}

//===- dense --------------------------------------------------------------===//

/// Integers are stored as such where they have more digits than a float32 keeps.
static int32_t readInteger(const Stored &tensor, int64_t index, double scale, double add) {
  auto stored = [&]<typename T>(T) {
    T value;
    std::memcpy(&value, tensor.bytes + index * sizeof(T), sizeof(T));
    return static_cast<double>(value);
  };
  float number;
  double value;
  if (tensor.bytes && tensor.type == StorageType::I64)
    value = stored(int64_t());
  else if (tensor.bytes && tensor.type == StorageType::I32)
    value = stored(int32_t());
  else {
    tensor.read(index, 1, &number);
    value = number;
  }
  return static_cast<int32_t>(std::clamp<double>(value * scale + add, INT32_MIN, INT32_MAX));
}

static void packDense(const PackedWeight &weight, int64_t first, int64_t count, std::vector<uint8_t> &out) {
  int64_t columns = weight.view.columns.size();
  out.resize(count * columns * 4);
  if (weight.format == Format::I32) {
    auto *numbers = reinterpret_cast<int32_t *>(out.data());
    for (int64_t i = 0; i < count * columns; ++i) {
      Place place =
          weight.view.base + weight.view.rows.at(first + i / columns) + weight.view.columns.at(i % columns);
      numbers[i] = readInteger(weight.tensors[place.tensor], place.element, weight.scale, weight.add);
    }
    return;
  }
  std::vector<float> tile;
  readNumbers(weight, first, count, tile);
  if (!tile.empty())
    std::memcpy(out.data(), tile.data(), out.size());
}

//===- panels -------------------------------------------------------------===//

/// Words of row r of the group at words[block][word][lane r], for each format.
static void panelFloats(const PackedWeight &weight, int64_t first, int64_t rows, uint32_t *words) {
  std::vector<float> tile;
  readNumbers(weight, first, rows, tile);
  int64_t columns = weight.view.columns.size(), lanes = weight.packing.lanes;
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = 0; r < rows; ++r)
      words[c * lanes + r] = bit_cast<uint32_t>(tile[r * columns + c]);
}

static void panelHalves(const PackedWeight &weight, int64_t first, int64_t rows, uint32_t *words) {
  int64_t columns = weight.view.columns.size(), lanes = weight.packing.lanes;
  std::vector<uint16_t> tile(rows * columns);
  if (weight.tensors.front().type == storageType(weight.format)) {
    readTile(weight, first, rows, tile.data());
  } else {
    std::vector<float> numbers;
    readNumbers(weight, first, rows, numbers);
    std::transform(numbers.begin(), numbers.end(), tile.begin(),
                   weight.format == Format::F16 ? floatToHalf : floatToBfloat);
  }
  for (int64_t c = 0; c < columns; c += 2)
    for (int64_t r = 0; r < rows; ++r) {
      const uint16_t *pair = &tile[r * columns + c];
      words[c / 2 * lanes + r] = pair[0] | (c + 1 < columns ? static_cast<uint32_t>(pair[1]) << 16 : 0);
    }
}

/// Blocks as they are stored.
static void panelBlocks(const PackedWeight &weight, int64_t first, int64_t rows, uint32_t *words) {
  const WeightView &view = weight.view;
  BlockShape shape = blockShape(weight.format);
  BlockWords writer(weight.format);
  int64_t lanes = weight.packing.lanes, blocks = view.columns.size() / shape.columns;
  uint8_t room[mostBlockBytes];
  for (int64_t r = 0; r < rows; ++r) {
    Place row = view.base + view.rows.at(first + r);
    for (int64_t b = 0; b < blocks; ++b) {
      Place place = row + view.columns.at(shape.columns * b);
      const uint8_t *stored = weight.tensors[place.tensor].block(place.element / shape.columns, room);
      writer.write(stored, words + b * shape.words * lanes + r, lanes);
    }
  }
}

/// Blocks that are made here.
static void panelQuantized(const PackedWeight &weight, int64_t first, int64_t rows, uint32_t *words) {
  std::vector<float> tile;
  readNumbers(weight, first, rows, tile);
  BlockShape shape = blockShape(weight.format);
  BlockWords writer(weight.format);
  int64_t lanes = weight.packing.lanes, blocks = weight.view.columns.size() / shape.columns;
  StorageType type = storageType(weight.format);
  uint8_t block[mostBlockBytes];
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t b = 0; b < blocks; ++b) {
      quantizeBlock(type, &tile[(r * blocks + b) * shape.columns], block);
      writer.write(block, words + b * shape.words * lanes + r, lanes);
    }
}

static auto panelPacker(const PackedWeight &weight) {
  BlockShape block = blockShape(weight.format);
  if (block.columns == 1)
    return panelFloats;
  if (block.columns == 2)
    return panelHalves;
  return weight.tensors.front().type == storageType(weight.format) ? panelBlocks : panelQuantized;
}

static void packPanels(const PackedWeight &weight, int64_t first, int64_t count, std::vector<uint8_t> &out) {
  BlockShape block = blockShape(weight.format);
  int64_t lanes = weight.packing.lanes, rows = weight.view.rows.size() / weight.parts; // of a part
  int64_t padded = alignTo(rows, lanes), end = std::min(first + count, packedRows(weight));
  int64_t group = divideCeil(weight.view.columns.size(), block.columns) * block.words * lanes;
  out.assign(divideCeil(count, lanes) * group * 4, 0);
  auto *words = reinterpret_cast<uint32_t *>(out.data());
  for (int64_t r = first; r < end; r += lanes, words += group) {
    int64_t inPart = r % padded;
    panelPacker(weight)(weight, r / padded * rows + inPart, std::min(lanes, rows - inPart), words);
  }
}

int64_t heddle::packedRows(const PackedWeight &weight) {
  int64_t rows = weight.view.rows.size();
  return weight.packing.panels ? weight.parts * alignTo(rows / weight.parts, weight.packing.lanes) : rows;
}

void heddle::packRows(const PackedWeight &weight, int64_t first, int64_t count, std::vector<uint8_t> &out) {
  if (weight.packing.panels)
    packPanels(weight, first, count, out);
  else
    packDense(weight, first, count, out);
}
