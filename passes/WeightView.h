//===- WeightView.h - where a weight's numbers lie --------------*- C++ -*-===//
//
// A `heddle.stored` op says, axis by axis, how an index moves through the stored
// tensors. This is the same for two groups of axes, flattened: rows and columns.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_PASSES_WEIGHTVIEW_H
#define HEDDLE_PASSES_WEIGHTVIEW_H

#include "ir/Heddle.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>

namespace heddle {

/// A place in the stored tensors, or a distance between two: which tensor, and which of its elements.
struct Place {
  int64_t tensor = 0;
  int64_t element = 0;
  Place operator+(Place other) const { return {tensor + other.tensor, element + other.element}; }
};

/// A flattened group of axes: an index is read as digits, and each digit moves the place by its own step.
class IndexMap {
public:
  struct Digit {
    int64_t size;
    Place step;
  };

  /// Adds a digit within those that are there.
  void append(Digit digit);
  llvm::ArrayRef<Digit> digits() const { return list; }

  /// The number of indices; 1 without digits.
  int64_t size() const { return count; }
  /// Where an index in [0, size()) leads, from index 0.
  Place at(int64_t index) const;
  /// How many neighbouring indices, from each multiple of this number on, are neighbouring elements of one
  /// tensor.
  int64_t run() const;

private:
  llvm::SmallVector<Digit, 4> list; // outermost first
  int64_t count = 1;
};

/// A weight as a matrix: element (r, c) is at `base` + rows.at(r) + columns.at(c).
struct WeightView {
  Place base;
  IndexMap rows, columns;

  /// Fails where the axes are not just those of the weight, each once.
  static llvm::Expected<WeightView> create(StoredOp weight, llvm::ArrayRef<std::string> rows,
                                           llvm::ArrayRef<std::string> columns);
  /// Whether each run of `block` columns, from each multiple of `block` on, is a run of `block` elements of
  /// one tensor that begins at a multiple of `block`.
  bool hasWholeBlocks(int64_t block) const;
};

} // namespace heddle

#endif // HEDDLE_PASSES_WEIGHTVIEW_H
