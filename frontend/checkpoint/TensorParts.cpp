//===- TensorParts.cpp - tensors that are parts of others -----------------===//
#include "frontend/checkpoint/TensorParts.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace heddle;

TensorParts::TensorParts(std::vector<StoredTensor> &tensors) : tensors(tensors) {
  for (const StoredTensor &tensor : tensors)
    byName[tensor.name] = &tensor;
}

void TensorParts::remove() {
  erase_if(tensors, [&](const StoredTensor &tensor) { return used.contains(tensor.name); });
}

std::string heddle::describe(const StoredTensor &tensor) {
  return shapeText(tensor.shape) + " of " + blockFacts(tensor.type).name.str();
}

bool heddle::isScaleType(StorageType type) {
  return type == StorageType::F32 || type == StorageType::F16 || type == StorageType::BF16;
}

float heddle::scaleAt(StorageType type, const uint8_t *bytes, int64_t index) {
  float scale;
  dequantize(type, bytes + index * blockFacts(type).bytes, 1, &scale);
  return scale;
}
