//===- Stored.cpp - the numbers that weights are made of ------------------===//

#include "backends/program/Stored.h"
#include "backends/program/Blocks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

using namespace llvm;
using namespace heddle;

StorageType heddle::storageType(Format format) {
  return format == Format::I1 ? StorageType::Bool : *storageTypeNamed(stringifyFormat(format));
}

//===- drawing ------------------------------------------------------------===//

/// A number in [-1, 1) for each seed and index (splitmix64).
static float draw(uint64_t seed, int64_t index) {
  uint64_t x = seed + 0x9e3779b97f4a7c15u * (static_cast<uint64_t>(index) + 1);
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return static_cast<float>(static_cast<int64_t>(x) >> 40) * 0x1p-23f;
}

static void drawMany(const Stored &stored, int64_t first, int64_t count, float *out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = stored.centre + stored.spread * draw(stored.seed, first + i);
}

/// One block in the layout of a file.
static void drawBlock(const Stored &stored, int64_t index, uint8_t *block) {
  unsigned elements = blockFacts(stored.type).elements;
  float values[mostElements];
  drawMany(stored, index * elements, elements, values);
  if (elements > 1)
    return quantizeBlock(stored.type, values, block);
  uint16_t half = stored.type == StorageType::F16 ? floatToHalf(values[0]) : floatToBfloat(values[0]);
  if (blockFacts(stored.type).bytes == 2)
    std::memcpy(block, &half, 2);
  else
    std::memcpy(block, &values[0], 4);
}

//===- reading ------------------------------------------------------------===//

const uint8_t *Stored::block(int64_t index, uint8_t *room) const {
  if (joined) {
    joined->make(index, room);
    return room;
  }
  if (bytes)
    return bytes + index * blockFacts(type).bytes;
  drawBlock(*this, index, room);
  return room;
}

void Stored::read(int64_t first, int64_t count, float *out) const {
  if (float8)
    return readFloat8(bytes, &*float8, first, count, out);
  const BlockFacts &facts = blockFacts(type);
  if (bytes && facts.elements == 1)
    return dequantize(type, bytes + first * facts.bytes, count, out);
  if (!bytes && type == StorageType::F32)
    return drawMany(*this, first, count, out);
  uint8_t room[mostBlockBytes];
  float values[mostElements];
  for (int64_t end = first + count; first < end;) {
    int64_t number = first / facts.elements, skip = first % facts.elements;
    int64_t taken = std::min<int64_t>(facts.elements - skip, end - first);
    dequantize(type, block(number, room), facts.elements, values);
    std::copy_n(values + skip, taken, out);
    first += taken;
    out += taken;
  }
}

void Stored::readHalves(int64_t first, int64_t count, uint16_t *out) const {
  if (float8) {
    std::vector<float> numbers(count);
    read(first, count, numbers.data());
    llvm::transform(numbers, out, floatToBfloat);
    return;
  }
  if (bytes) {
    std::memcpy(out, bytes + 2 * first, 2 * count);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    drawBlock(*this, first + i, reinterpret_cast<uint8_t *>(out + i));
}

//===- finding ------------------------------------------------------------===//

/// Numbers of a size at which a network neither dies nor explodes: norms and biases around one half, matrices
/// such that a sum over the last axis keeps its variance.
static Stored drawn(uint64_t seed, StoredOp weight, StringRef name, int64_t elements) {
  auto type = cast<NamedTensorType>(weight.getType());
  Stored stored;
  stored.type = storageType(type.getFormat());
  if (isBlockQuantised(stored.type) && !canQuantize(stored.type))
    stored.type = StorageType::F32;
  stored.elements = elements;
  stored.seed = seed ^ xxh3_64bits(name);
  stored.centre = type.rank() < 2 ? 0.5f : 0.0f;
  stored.spread = type.rank() < 2 ? 0.5f : std::sqrt(3.0f / std::max<int64_t>(type.getSizes().back(), 1));
  return stored;
}

void StoredSource::nameTensors(mlir::ModuleOp module) {
  for (StoredOp weight : module.getOps<StoredOp>()) {
    StringRef name = weight.getSymName();
    weight.setTensorsAttr(mlir::Builder(weight.getContext()).getStrArrayAttr({name}));
    named[name] = drawn(seed, weight, name, 0);
  }
}

Expected<Stored> StoredSource::find(StoredOp weight, StringRef name, int64_t elements) const {
  if (!checkpoint) {
    auto known = named.find(name);
    Stored stored = known == named.end() ? drawn(seed, weight, name, elements) : known->second;
    stored.elements = elements;
    return stored;
  }
  const StoredTensor *tensor = checkpoint->find(name);
  if (!tensor)
    return createStringError("weight '" + weight.getSymName() + "': the checkpoint has no tensor '" + name +
                             "'");
  if (tensor->elements() < elements)
    return createStringError("weight '" + weight.getSymName() + "': tensor '" + name + "' has " +
                             Twine(tensor->elements()) + " elements, expected " + Twine(elements));
  Stored stored;
  stored.type = tensor->type;
  stored.elements = tensor->elements();
  stored.bytes = tensor->bytes.data();
  stored.size = tensor->bytes.size();
  stored.joined = tensor->joined;
  stored.float8 = tensor->float8;
  if (stored.float8)
    stored.type = StorageType::BF16;
  return stored;
}
