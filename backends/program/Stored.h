//===- Stored.h - the numbers that weights are made of ----------*- C++ -*-===//
//
// A source of stored tensors: a checkpoint, or a seed from which numbers are
// drawn for tests and benchmarks.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_BACKENDS_PROGRAM_STORED_H
#define HEDDLE_BACKENDS_PROGRAM_STORED_H

#include "frontend/checkpoint/Checkpoint.h"
#include "ir/Heddle.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace heddle {

/// One stored tensor: its bytes, or what is needed to draw them.
struct Stored {
  StorageType type = StorageType::F32;
  int64_t elements = 0;
  const uint8_t *bytes = nullptr;  // null: drawn from `seed`
  uint64_t size = 0;               // of `bytes`
  std::shared_ptr<const JoinedBlocks> joined; // of what lies in several tensors
  std::optional<Float8Scales> float8;         // of BF16 whose bytes are in float8
  uint64_t seed = 0;
  float centre = 0, spread = 0; // drawn evenly from [centre - spread, centre + spread]

  /// Writes elements [first, first + count) as float32. The range must lie inside the tensor; it may begin
  /// and end within a block.
  void read(int64_t first, int64_t count, float *out) const;
  /// The same for tensors of 16-bit numbers, as they are stored.
  void readHalves(int64_t first, int64_t count, uint16_t *out) const;
  /// Block number `index` as GGUF stores it; `room` holds it where it has to be made.
  const uint8_t *block(int64_t index, uint8_t *room) const;
};

/// Where the packer finds stored tensors.
class StoredSource {
public:
  /// Reads from a checkpoint, which must outlive this.
  explicit StoredSource(const Checkpoint &checkpoint) : checkpoint(&checkpoint) {}
  /// Draws all numbers from a seed: the same ones for the same seed and names, on every machine.
  explicit StoredSource(uint64_t seed) : seed(seed) {}

  /// To be called on a module without a checkpoint, before any pass: names a tensor for each weight, and
  /// remembers what its numbers are like, so that parts of weights are parts of the same numbers.
  void nameTensors(mlir::ModuleOp module);

  /// The tensor that `weight` calls `name`; `elements` is how many it reaches. Fails where a checkpoint has
  /// no such tensor, or one that is smaller.
  llvm::Expected<Stored> find(StoredOp weight, llvm::StringRef name, int64_t elements) const;

private:
  const Checkpoint *checkpoint = nullptr;
  uint64_t seed = 0;
  llvm::StringMap<Stored> named;
};

/// The storage type of a format, and the format in which the dialect sees a storage type.
StorageType storageType(Format format);

} // namespace heddle

#endif // HEDDLE_BACKENDS_PROGRAM_STORED_H
