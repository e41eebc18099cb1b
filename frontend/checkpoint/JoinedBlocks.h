//===- JoinedBlocks.h - blocks that lie in several tensors ------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_JOINEDBLOCKS_H
#define HEDDLE_FRONTEND_CHECKPOINT_JOINEDBLOCKS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace heddle {

/// Makes the blocks of a quantised tensor, as GGUF stores them, from where their parts lie.
class JoinedBlocks {
public:
  virtual ~JoinedBlocks() = default;
  /// Writes block number `index`. Any number of threads may call this.
  virtual void make(int64_t index, uint8_t *block) const = 0;
};

/// Blocks of MXFP4 as Hugging Face stores them: the scales lie in a tensor of their own, and byte i of a
/// block's pairs (mxfp4Pairs of them) holds numbers 2i and 2i + 1, the former in its low half.
constexpr unsigned mxfp4Pairs = 16;

class Mxfp4Blocks : public JoinedBlocks {
public:
  Mxfp4Blocks(llvm::ArrayRef<uint8_t> pairs, llvm::ArrayRef<uint8_t> scales) : pairs(pairs), scales(scales) {}
  void make(int64_t index, uint8_t *block) const override;

private:
  llvm::ArrayRef<uint8_t> pairs, scales;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_JOINEDBLOCKS_H
