// The order of a tensor's axes in memory, as text: "T kv group hd", outermost first. "S/16" and "S%16" are an
// axis cut in blocks of 16: an element with index s lies at s / 16 in the one dimension and s % 16 in the
// other.
#ifndef HEDDLE_PASSES_KERNELS_LAYOUT_H
#define HEDDLE_PASSES_KERNELS_LAYOUT_H

#include "ir/Heddle.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include <string>

namespace heddle {

struct LayoutDim {
  std::string axis;
  int64_t ring = 0;    // where that is not 0, index means index % ring
  int64_t divide = 1;  // this dimension has index / divide,
  int64_t modulo = 0;  // or index % modulo, where that is not 0
  int64_t size = 0;    // kDynamic: see `dynamic`
  std::string dynamic; // "T", "T:16", "C/16", "C<64" ...: see KernelOp's dims
};

struct Layout {
  llvm::SmallVector<LayoutDim> dims;

  /// Reads the text for a tensor. `keep`: the one that made it, if so, whose cache has room for C positions,
  /// or for its ring's. An innermost T, S or U is padded to whole vectors of 16.
  static Layout parse(llvm::StringRef text, NamedTensorType type, KeepOp keep = {});
  mlir::MemRefType memref(mlir::Type element) const;
  llvm::SmallVector<mlir::Attribute> dynamicDims(mlir::MLIRContext *context) const;
};

/// The order in which a module's weights name their axes: what its tensors follow, so that a row of numbers
/// is the next weight's column.
class AxisOrder {
public:
  explicit AxisOrder(mlir::ModuleOp module);
  /// Axes that no weight has come first; "hd/2" goes with "hd".
  int64_t rank(llvm::StringRef axis) const;

private:
  llvm::StringMap<int64_t> ranks;
};

/// The layout that a function's arguments and results have, and all other tensors where nothing speaks
/// against it: on the plain road sequences innermost, so that lanes run along the tokens and nothing is ever
/// reduced across lanes; otherwise tokens outermost.
std::string defaultLayout(NamedTensorType type, bool plain, const AxisOrder &order);

} // namespace heddle

#endif
