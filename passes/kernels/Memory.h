// Where the tensors of one function (an entry or a layer) are while its ops become kernels.
#ifndef HEDDLE_PASSES_KERNELS_MEMORY_H
#define HEDDLE_PASSES_KERNELS_MEMORY_H

#include "passes/Packing.h"
#include "passes/kernels/Layout.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace heddle {

/// A memref of the function's body, outside all kernels, and the order of the axes in it.
struct Storage {
  mlir::Value memref;
  Layout layout;
};

/// Buffers in which vectors are brought together by what they choose: see Choices::group.
struct VectorGroups {
  mlir::Value order, bounds;
  llvm::SmallVector<mlir::Attribute> dims; // of `order`
};

/// Rows of activations in blocks of int8, q * scale each, |q| <= 127: see quantizeRows.
struct ActivationBlocks {
  mlir::Value words;   // i32 [axes, block, width / 4]: bytes in the order of BlockDecoder::quad
  mlir::Value factors; // f32 [axes, block, 4]: the scale, the sum of q, their product, 0
};

class Memory {
public:
  explicit Memory(mlir::ModuleOp module) : module(module) {}

  void set(mlir::Value tensor, Storage storage) { storages[tensor] = storage; }
  const Storage *find(mlir::Value tensor) const {
    auto found = storages.find(tensor);
    return found == storages.end() ? nullptr : &found->second;
  }

  /// How a weight of this function is packed: as panels once some linear reads it as such, otherwise dense.
  void setPacking(llvm::StringRef weight, Packing packing) { packings[weight] = packing; }
  const Packing *packing(llvm::StringRef weight) const {
    auto found = packings.find(weight);
    return found == packings.end() ? nullptr : &found->second;
  }
  /// The packed weight or constant as a memref, made at the head of the function's body.
  mlir::Value packed(mlir::Operation *weightOrConstant);

  mlir::ModuleOp module;
  llvm::DenseMap<mlir::Value, VectorGroups> groups; // by the tensor that chooses
  /// By tensor, how many of its inner dimensions are columns, and the blocks' width.
  llvm::DenseMap<std::tuple<mlir::Value, int64_t, int64_t>, ActivationBlocks> blocks;

private:
  llvm::DenseMap<mlir::Value, Storage> storages;
  llvm::StringMap<Packing> packings;
  llvm::StringMap<mlir::Value> packedValues;
  llvm::DenseMap<mlir::Attribute, mlir::Value> packedConstants;
};

/// The shape of a packed weight's memref.
mlir::MemRefType packedType(const Packing &packing, NamedTensorType type);

} // namespace heddle

#endif
