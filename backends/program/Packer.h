//===- Packer.h - lays weights out in a program -----------------*- C++ -*-===//
//
// A plan says which weights a program holds, how each is packed, and where. It
// is made from the module, before anything is read; writing it then streams the
// stored tensors through a few megabytes.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_BACKENDS_PROGRAM_PACKER_H
#define HEDDLE_BACKENDS_PROGRAM_PACKER_H

#include "backends/program/Stored.h"
#include "passes/Packing.h"
#include "passes/WeightView.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include <vector>

namespace heddle {

/// A weight or a constant in the program.
struct PackedWeight {
  std::string name;                 // of the `heddle.stored`, or of the constant
  Format format = Format::F32;      // of its elements in the program
  llvm::SmallVector<int64_t> shape; // in the order of the packing's axes
  Packing packing;
  uint64_t offset = 0, bytes = 0;

  WeightView view;                  // a weight's
  int64_t parts = 1;                // that its rows have, each in panels of its own
  std::vector<Stored> tensors;      // a weight's
  double scale = 1, add = 0;        // a weight's
  mlir::DenseElementsAttr constant; // a constant's, else null
};

/// The rows of a weight as they are packed: of panels with those that fill up the last group of each part.
int64_t packedRows(const PackedWeight &weight);

/// Everything in the weights section. Weights begin at multiples of 64 bytes, large ones of 4096.
class PackPlan {
public:
  /// What is planned is looked up in `source`, which must outlive the plan.
  explicit PackPlan(const StoredSource &source) : source(source) {}

  /// Plans a weight and gives its byte offset. A weight that was planned before with the same packing, also
  /// under another name, is not stored again. Fails where the stored tensors are missing or do not have the
  /// elements.
  llvm::Expected<uint64_t> add(StoredOp weight, const Packing &packing);
  /// The same for a constant of 32-bit elements, which are in the order of the packing's axes.
  llvm::Expected<uint64_t> addConstant(llvm::StringRef name, mlir::ElementsAttr constant,
                                       const Packing &packing);

  llvm::ArrayRef<PackedWeight> weights() const { return list; }
  /// The bytes at an offset that `add` gave.
  uint64_t bytesAt(uint64_t offset) const { return sizes.lookup(offset); }
  /// Bytes of the whole section.
  uint64_t bytes() const { return end; }

  using Sink = llvm::function_ref<llvm::Error(llvm::ArrayRef<uint8_t>)>;
  /// Hands the section to `sink`, piece by piece from its start. A second thread packs while the sink is at
  /// work. At most some ten megabytes are held; pages of stored tensors that have been read are given back to
  /// the system.
  llvm::Error write(Sink sink) const;

private:
  llvm::Expected<uint64_t> place(PackedWeight weight, llvm::StringRef key);

  const StoredSource &source;
  std::vector<PackedWeight> list;
  llvm::StringMap<uint64_t> known; // what a weight is made of and its packing -> offset
  llvm::DenseMap<uint64_t, uint64_t> sizes;
  uint64_t end = 0;
};

/// Packs rows [first, first + count) of packedRows: of panels whole groups of `lanes` rows, rows beyond the
/// weight's being zeros. `out` receives what the program holds of them.
void packRows(const PackedWeight &weight, int64_t first, int64_t count, std::vector<uint8_t> &out);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_PACKER_H
