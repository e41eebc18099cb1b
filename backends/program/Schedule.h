//===- Schedule.h - what a program does, step by step -----------*- C++ -*-===//
//
// The module after all passes, unrolled: for each entry the launches in their
// order, with every buffer resolved to a slot of the arena, a cache or an offset
// in the weights.
//
// The module holds `heddle.kernel`s, and `heddle.entry`s and `heddle.layer`s
// that return nothing and consist of buffer, cache, packed, launch, invoke, tap
// and return on memrefs.
//   - An entry's arguments are its inputs, then its outputs, in the order of
//     their names; further ones are memory like any other. `entry` is its name
//     on the page where its symbol is another (@forward.all).
//   - Arguments of entries have the attributes `heddle.dims`, what each dynamic
//     dimension is (as a kernel's `dims`: "T", "T:16", "C/16"), and
//     `heddle.axes`, a name for each dimension; the latter may be missing.
//   - Slots of buffers count from 0 in each function; a buffer without one gets
//     its own.
//   - A launch may have `weight_bytes`, an i64: what it reads of the weights where
//     that is not all of those it is given (a look-up); and `operations`, factors
//     like a grid's.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_BACKENDS_PROGRAM_SCHEDULE_H
#define HEDDLE_BACKENDS_PROGRAM_SCHEDULE_H

#include "backends/program/Packer.h"
#include "runtime/program/program_generated.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace heddle {

/// The terms of program.fbs as plain data; see there for what each means.
struct Factor {
  format::Param param = format::Param::One;
  uint32_t divide = 1;
  uint64_t times = 1;
};

struct SizeTerm {
  uint64_t coefficient = 0; // bytes
  llvm::SmallVector<format::Param, 2> params;
  uint32_t round = 1;
};
using SizeTerms = llvm::SmallVector<SizeTerm, 1>;

struct ScheduledAxis {
  std::string name;
  format::Param param = format::Param::One;
  uint64_t size = 1;
};

struct ScheduledValue {
  std::string name;
  format::ElementType type = format::ElementType::F32;
  uint32_t slot = 0;
  llvm::SmallVector<ScheduledAxis, 3> axes;
  uint64_t extent = 0;
  bool optional = false;
  int32_t otherwise = 0;
};

struct ScheduledBinding {
  format::Space space = format::Space::Arena;
  uint64_t index = 0;
  uint64_t bytes = 0; // of weights
  SizeTerms row;      // of what may be bound in windows
};

struct ScheduledStep {
  uint32_t kernel = 0;
  llvm::SmallVector<ScheduledBinding, 6> bindings;
  llvm::SmallVector<float, 0> scalars;
  uint64_t weightBytes = 0;
  llvm::SmallVector<Factor, 0> operations;
};

struct ScheduledTap {
  uint32_t after = 0;
  ScheduledValue value;
};

struct ScheduledEntry {
  std::string name;
  format::Variant variant = format::Variant::All;
  std::vector<ScheduledStep> steps;
  std::vector<SizeTerms> slots;
  std::vector<ScheduledValue> inputs, outputs;
  std::vector<ScheduledTap> taps;
};

struct ScheduledKernel {
  std::string name;
  llvm::SmallVector<Factor, 2> grid;
  std::vector<std::string> reads; // lines of the page, "llama.heddle:25"
  bool serial = false;
  std::vector<uint8_t> writes;   // for each binding 1 if it is written
  std::vector<uint8_t> integers; // for each binding 1 if it holds int32
  uint64_t beyond = 0;           // it runs where S is greater
  uint64_t windowRows = 0;       // 0: all that it uses is bound whole
};

struct ScheduledCache {
  std::string name;
  SizeTerms size;
  uint32_t ring = 0, window = 0; // 0: it has room for C positions
};

/// A program but for its weights, its code and its texts. Kernels are in the order of the module.
struct Schedule {
  std::vector<ScheduledEntry> entries;
  std::vector<ScheduledKernel> kernels;
  std::vector<ScheduledCache> caches;

  /// As text, for `--emit=schedule`.
  void print(llvm::raw_ostream &os) const;
};

/// Unrolls the module. Weights and constants that steps read are added to `plan`. An error names the op and
/// its function.
llvm::Expected<Schedule> buildSchedule(mlir::ModuleOp module, PackPlan &plan);

/// The factors of a grid attribute: [param, divide, times] each.
llvm::Expected<llvm::SmallVector<Factor, 2>> readFactors(mlir::ArrayAttr attribute);

/// Bytes of a memref whose dynamic dimensions are `dims`.
llvm::Expected<SizeTerms> sizeOfMemref(mlir::MemRefType type, mlir::ArrayAttr dims);

/// Makes `size` hold at least `other` as well, whatever the params are.
void growSize(SizeTerms &size, const SizeTerms &other);

/// The axes of a memref: params from `dims`, names from `names` where it has them.
llvm::SmallVector<ScheduledAxis, 3> axesOfMemref(mlir::MemRefType type, mlir::ArrayAttr dims,
                                                 mlir::ArrayAttr names);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_SCHEDULE_H
