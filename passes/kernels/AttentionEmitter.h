// heddle.attention: what its kernels have in common. For a tile of queries they go over blocks of keys with a
// running maximum and sum (the softmax of a stream: Milakov and Gimelshein, 2018; FlashAttention, 2022). A
// tile is `tokenTile` tokens times `groupTile` of the heads that share keys and values.
#ifndef HEDDLE_PASSES_KERNELS_ATTENTIONEMITTER_H
#define HEDDLE_PASSES_KERNELS_ATTENTIONEMITTER_H

#include "passes/kernels/KernelEmitter.h"

namespace heddle {

class AttentionEmitter : public KernelEmitter {
public:
  AttentionEmitter(AttentionOp op, EmitContext &context);
  virtual ~AttentionEmitter() = default;
  virtual void emit() = 0;

protected:
  static constexpr int64_t kKeys = 64; // keys to a block

  /// Chooses a tile of at most so many queries.
  void chooseTile(int64_t most);
  /// piece = (block of tokens, or another number; block of the group; shared head).
  void placeTile();
  /// Query `number` of the tile: its token and heads. Places beyond the last token or head repeat the last;
  /// `inside` then says so. `perLane`: the number differs from lane to lane.
  Env queryEnv(mlir::Value number, mlir::Value *inside = nullptr, bool perLane = false);
  /// Sets the axes that query n and its keys are multiplied over.
  void setOver(Env &env, unsigned n, const Idx &column);
  void setValueColumn(Env &env, const Idx &column);
  /// The keys that some query of the tile may see: [from, to), `from` a multiple of the lanes.
  std::pair<mlir::Value, mlir::Value> visitedKeys();
  /// Whether keys are a cache, which has room for whole blocks of them.
  static bool areCached(mlir::Value keys);
  /// The last key there is, and whether keys lie in whole vectors.
  mlir::Value lastKey(mlir::Value keys);
  bool lieInVectors(mlir::Value keys);
  Idx lanesAt(mlir::Value base) { return k.index.withLane(k.index.uniform(base, options.lanes)); }
  mlir::Value exponential(mlir::Value a, mlir::Value less) {
    return mlir::math::ExpOp::create(k.builder, k.loc,
                                     mlir::arith::SubFOp::create(k.builder, k.loc, a, less));
  }

  AttentionOp op;
  EmitContext &context;
  NamedTensorType valueType;
  llvm::StringRef axis;
  llvm::SmallVector<std::string> shared, grouped, valueAxes;
  llvm::SmallVector<int64_t> sharedSizes, groupSizes, valueSizes, depths;
  llvm::SmallVector<llvm::SmallVector<int64_t>> depthSizes;
  int64_t groups = 1, heads = 1, width = 1, groupTile, tokenTile, groupBlocks, queries;
  bool hasTokens;
  /// Of this piece.
  mlir::Value major, row, firstToken, firstGroup, before;
  Env headEnv;
};

/// On processors.
std::unique_ptr<AttentionEmitter> stagedAttention(AttentionOp op, EmitContext &context);
/// On devices: all of it in vectors of four.
std::unique_ptr<AttentionEmitter> directAttention(AttentionOp op, EmitContext &context);

} // namespace heddle

#endif
