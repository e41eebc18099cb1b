//===- Touch.h - reads all that a reader handed out -------------*- C++ -*-===//
#ifndef HEDDLE_TEST_UNIT_CHECKPOINT_TOUCH_H
#define HEDDLE_TEST_UNIT_CHECKPOINT_TOUCH_H

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/GgufMetadata.h"
#include <algorithm>

namespace heddle::test {

/// Dequantises the first and the last block of each tensor.
inline double touch(llvm::ArrayRef<StoredTensor> tensors) {
  double sum = 0;
  for (const StoredTensor &tensor : tensors) {
    int64_t elements = tensor.elements(), block = blockFacts(tensor.type).elements;
    float out[32];
    for (int64_t first : {int64_t(0), elements - block})
      if (elements > 0) {
        dequantize(tensor, first, block, out);
        sum += out[0] + out[block - 1];
      }
  }
  return sum;
}

/// Asks every value for its first and last element in every type.
inline uint64_t touch(const GgufMetadata &metadata) {
  uint64_t found = 0;
  for (const GgufValue &value : metadata.values())
    for (uint64_t i : {uint64_t(0), value.count - 1, value.count}) {
      found += value.integer(i).has_value() + value.real(i).has_value() + value.flag(i).has_value();
      if (std::optional<llvm::StringRef> text = value.text(i))
        found += std::count(text->begin(), text->end(), 'e');
    }
  return found;
}

} // namespace heddle::test

#endif // HEDDLE_TEST_UNIT_CHECKPOINT_TOUCH_H
