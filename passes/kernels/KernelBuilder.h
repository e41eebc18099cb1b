// Builds one heddle.kernel and the launch that runs it.
#ifndef HEDDLE_PASSES_KERNELS_KERNELBUILDER_H
#define HEDDLE_PASSES_KERNELS_KERNELBUILDER_H

#include "passes/kernels/Index.h"
#include "passes/kernels/Memory.h"
#include "llvm/ADT/MapVector.h"

namespace heddle {

/// One factor of a grid: times * ceil(param / divide); param as in KernelOp's `grid`.
struct GridFactor {
  int64_t param = 0;
  int64_t divide = 1;
  int64_t times = 1;
};
/// An axis' number as a factor's param; 0, no param, for no axis.
inline int64_t paramNumber(llvm::StringRef axis) {
  return axis.empty() ? 0 : axis == "T" ? 1 : axis == "S" ? 2 : 4;
}

class KernelBuilder {
public:
  /// `name` is made unique in the module; `loc` leads back to the page. The kernel comes at the module's end,
  /// its launch at `launchAt`.
  KernelBuilder(Memory &memory, llvm::StringRef name, mlir::Location loc, mlir::OpBuilder &launchAt,
                int64_t lanes);

  /// A buffer of the function as the kernel sees it.
  mlir::Value read(mlir::Value memref, llvm::ArrayRef<mlir::Attribute> dims = {});
  mlir::Value write(mlir::Value memref, llvm::ArrayRef<mlir::Attribute> dims = {});

  /// T, S, C or U; an axis's size, dynamic or not.
  mlir::Value size(llvm::StringRef param);
  mlir::Value axisSize(NamedTensorType type, llvm::StringRef axis);
  mlir::Value constant(int64_t value) { return mlir::arith::ConstantIndexOp::create(builder, loc, value); }
  mlir::Value real(double value);

  /// for (iv = from; iv < to; iv += step): the body's results are the loop-carried values.
  using LoopBody =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value iv, mlir::ValueRange carried)>;
  llvm::SmallVector<mlir::Value> loop(mlir::Value from, mlir::Value to, int64_t step,
                                      mlir::ValueRange carried, LoopBody body);
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// if (condition) { body }; the condition is uniform.
  void when(mlir::Value condition, llvm::function_ref<void()> body);

  /// Ends the kernel; an equal one that is there already is launched instead. `operations`: how many
  /// floating-point operations it takes, as a grid's product, where that is known. `beyond`: it runs only
  /// where S is greater.
  LaunchOp finish(llvm::ArrayRef<GridFactor> grid, bool serial = false,
                  llvm::ArrayRef<GridFactor> operations = {}, int64_t beyond = 0);

  Memory &memory;
  mlir::Location loc;
  int64_t lanes;

private:
  KernelOp kernel;

public:
  mlir::OpBuilder builder;
  mlir::Value lane, piece;
  IndexMath index;

private:
  mlir::Value argument(mlir::Value memref, llvm::ArrayRef<mlir::Attribute> dims);
  std::string name;
  mlir::OpBuilder &launchAt;
  llvm::StringMap<mlir::Value> sizes;
  llvm::MapVector<mlir::Value, mlir::Value> arguments; // function's memref -> kernel's argument
  llvm::SmallVector<mlir::Attribute> dimNames;
  llvm::SmallVector<int64_t> writes;
};

} // namespace heddle

#endif
