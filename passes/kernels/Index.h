// Indices inside a kernel: a uniform part, perhaps plus the lane. Kept apart so that splitting an axis leaves
// neighbouring lanes at neighbouring addresses wherever that can be known.
#ifndef HEDDLE_PASSES_KERNELS_INDEX_H
#define HEDDLE_PASSES_KERNELS_INDEX_H

#include "ir/Heddle.h"
#include "llvm/ADT/StringMap.h"
#include <numeric>

namespace heddle {

/// base, or base + lane * neighbours. `align` is a known divisor of base (0: base is zero). A base may itself
/// vary by lane; `lane` is then false.
struct Idx {
  mlir::Value base;
  bool lane = false;
  int64_t align = 1;
  bool varying = false;
  int64_t neighbours = 1; // indices from one lane's to the next's

  /// A known divisor of the index in every lane, 0 where it is zero.
  int64_t divisor() const { return lane ? std::gcd(align, neighbours) : align; }
};

/// Where one stands: an index for each axis.
using Env = llvm::StringMap<Idx>;

class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes, mlir::Value lane)
      : builder(builder), loc(loc), lanes(lanes), lane(lane) {}

  Idx constant(int64_t value);
  /// A uniform value, known to be a multiple of `align`.
  Idx uniform(mlir::Value value, int64_t align = 1) { return {value, false, align, false}; }
  Idx perLane(mlir::Value value, int64_t align = 1) { return {value, false, align, true}; }
  Idx withLane(Idx index, int64_t neighbours = 1) {
    return {index.base, true, index.align, false, neighbours};
  }
  mlir::Value value(const Idx &index);
  Idx add(const Idx &a, const Idx &b);
  Idx addConstant(const Idx &a, int64_t b);
  Idx scale(const Idx &a, int64_t factor);
  Idx divide(const Idx &a, int64_t divisor);
  Idx modulo(const Idx &a, int64_t divisor);
  /// The indices of axes with these sizes, outermost first, from the index of their product; and back.
  llvm::SmallVector<Idx> split(const Idx &index, llvm::ArrayRef<int64_t> sizes);
  Idx join(llvm::ArrayRef<Idx> indices, llvm::ArrayRef<int64_t> sizes);

private:
  /// Whether all lanes fall in the same block of `size`.
  bool staysInBlock(const Idx &a, int64_t size) const {
    return !a.lane || (size % (lanes * a.neighbours) == 0 && a.align % (lanes * a.neighbours) == 0);
  }
  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t lanes;
  mlir::Value lane;
};

} // namespace heddle

#endif
