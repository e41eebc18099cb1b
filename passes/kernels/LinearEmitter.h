// heddle.linear: what its kernels have in common. A lane owns a row of the weights; activations are uniform;
// no sum crosses lanes.
//
// Staged, for processors. For many tokens a piece of the grid is a block of tokens times a chunk of rows. It
// evaluates the prologue for its tokens into scratch memory, tile by tile; then, for each group of rows, it
// unpacks the weights into panels in scratch, once for all its tokens, and runs the register tile (vectors of
// rows x tokens) over the columns. For one token there is nothing to amortise: weights are unpacked in
// registers as they are multiplied.
//
// Where weights are chosen, a vector is one of a token's choices. For one token a piece of the grid has one
// vector, and reads what it chooses. For many, vectors with the same choice are brought together first; a
// piece has all vectors of one choice, tile by tile. Where each index of an axis has a matrix, a piece has
// one.
//
// Direct, for devices (DirectLinear.cpp): no memory is near, so that nothing is copied; activations are read
// from where they lie, and the register tile is large.
#ifndef HEDDLE_PASSES_KERNELS_LINEAREMITTER_H
#define HEDDLE_PASSES_KERNELS_LINEAREMITTER_H

#include "passes/kernels/BlockDecoder.h"
#include "passes/kernels/Choices.h"
#include "passes/kernels/KernelEmitter.h"

namespace heddle {

class LinearEmitter : public KernelEmitter {
public:
  LinearEmitter(LinearOp op, EmitContext &context);
  virtual ~LinearEmitter() = default;
  virtual void emit() = 0;

protected:
  /// The prologue's vector for the token in `env`, handed out 16 columns at a time; columns beyond the last
  /// are zero.
  void forEachColumn(Env &env, llvm::function_ref<void(mlir::Value column, mlir::Value value)> body);
  /// The lane's row in a group.
  Idx row(mlir::Value group) {
    return k.index.withLane(k.index.scale(k.index.uniform(group), options.lanes));
  }
  /// How weight n is packed in panels, or null where it is computed, not stored.
  const Packing *packing(unsigned n);
  mlir::Value panels(unsigned n) { return k.read(k.memory.packed(op.getWeights()[n].getDefiningOp())); }
  /// Column `column` of a row (of the lane's row in a group) of a weight that has no panels.
  mlir::Value computedElement(unsigned n, const Idx &row, mlir::Value column);
  mlir::Value computedElement(unsigned n, mlir::Value group, mlir::Value column);
  /// Weight n in the group's row and step `step` of `width` columns, which divide its format's block, or are
  /// one: a block of halves.
  BlockDecoder decoder(unsigned n, mlir::Value group, mlir::Value step, int64_t width);
  /// The same, of the columns from 8 * first of a block on.
  BlockDecoder decoder(unsigned n, mlir::Value group, mlir::Value block, mlir::Value first);
  /// The same of rows whose words `load` loads.
  BlockDecoder decoder(unsigned n, mlir::Value step, int64_t width,
                       std::function<mlir::Value(mlir::Value block, mlir::Value word)> load);
  /// Whether weight n is packed in a quantised format.
  bool quantized(unsigned n) { return packing(n) && blockShape(packing(n)->format).quantized(); }
  /// The most columns, 32 or 16, of which each quantised weight has one scale.
  int64_t commonGroup();
  /// A group of rows among the panels: those of the chosen matrix, where there is a choice.
  mlir::Value packedGroup(mlir::Value group) { return choice ? plus(times(choice, groups), group) : group; }

  /// Where vector `number` stands: of a token, or of one of its choices.
  Env vectorAt(mlir::Value number);
  /// The vectors that the kernel has beside those of other choices: T (S, U), or 1.
  mlir::Value vectorCount() { return hasTokens ? k.size(sequence) : k.constant(1); }
  /// Whether vectors are brought together by what they choose.
  bool isGrouped() const { return choices && isMany; }
  /// Where each index of an axis has a matrix: sets `choice` to the part's, and returns the part of the
  /// vectors.
  mlir::Value takeMatrix(mlir::Value part);
  /// Sets `choice` to the part of the piece, and hands out [from, to) in the order of its vectors.
  std::pair<mlir::Value, mlir::Value> takeGroup(mlir::Value part);
  /// Vector `place` of a group's order.
  Env groupedVectorAt(mlir::Value place);
  /// Sets `choice` to what a vector chooses.
  void takeChoice(const Env &env) { choice = choices->choiceAt(points, k, env, matrices); }

  /// Ends the kernel.
  void finish(GridFactor tokens, int64_t pieces);
  /// The epilogue at the vector in `env` (a token's, if there is one) and the rows of a group, with the
  /// products of all weights there.
  void epilogue(Env env, mlir::Value group, llvm::ArrayRef<mlir::Value> products);
  /// The same at a row; stored `where` the condition holds, null for everywhere.
  void epilogue(Env env, const Idx &row, llvm::ArrayRef<mlir::Value> products, mlir::Value where);

  LinearOp op;
  EmitContext &context;
  NamedTensorType weightType;
  llvm::SmallVector<llvm::StringRef> over, rowAxes;
  llvm::SmallVector<int64_t> columnSizes, rowSizes;
  int64_t columns, rows, groups, paddedColumns;
  llvm::StringRef sequence; // what vectors lie along: T, S, U or nothing
  bool hasTokens, isMany;   // there is a sequence; there may be more than one vector
  std::optional<Choices> choices;
  int64_t matrices =
      1; // of each weight: the size of the axis that is chosen along, or that each has its own of
  mlir::Value choice; // which of them, in the piece; null where there is one

private:
  VectorGroups vectorGroups;
  void setColumn(Env &env, const Idx &column);
};

class StagedLinear : public LinearEmitter {
public:
  using LinearEmitter::LinearEmitter;
  void emit() override;

protected:
  /// Scratch memory for the activations of tiles * tokens tokens, and for a panel of each register tile's
  /// vectors.
  virtual void allocate(int64_t tiles, int64_t tokens, int64_t vectors) = 0;
  /// Evaluates the prologue for the token in `env` into place `place` of tile `tile`.
  virtual void placeToken(Env &env, mlir::Value tile, mlir::Value place) = 0;
  /// Unpacks the group's rows of weight n into panel v.
  virtual void unpackPanel(unsigned n, mlir::Value group, int64_t v) = 0;
  /// The products of all panels with all tokens of a tile: sum [v * tokens + t].
  virtual llvm::SmallVector<mlir::Value> multiplyTile(mlir::Value tile, int64_t tokens, int64_t vectors) = 0;
  /// The product of the group's rows of weight n with the one token there is.
  virtual mlir::Value dot(unsigned n, mlir::Value group) = 0;
  /// Registers that one sum of the tile takes, and bytes of scratch that a token takes.
  virtual int64_t registersPerSum() const = 0;
  virtual int64_t bytesPerToken() const = 0;
  /// Asks for part `part` of `parts` of what a dot reads some blocks behind this one.
  void prefetch(unsigned n, mlir::Value group, mlir::Value block, mlir::Value part, int64_t parts);

private:
  void oneToken();
  void manyTokens();
  /// How manyTokens cuts its work.
  struct Tiling {
    int64_t count, together, vectors, tokens, tiles;
  };
  /// Places [first, end) of the vectors, as many as the tiles hold, times the groups [from, to) of rows.
  void computeTiles(const Tiling &tiling, mlir::Value first, mlir::Value end, mlir::Value from,
                    mlir::Value to, mlir::Value results);
  mlir::Value held; // a scratch number: of manyTokens, the first vector that the thread has
};

/// Whether all weights are packed in quantised formats.
bool allQuantized(LinearOp op, const Memory &memory);

/// Activations as float32, weights decoded to float32: any format, exact.
std::unique_ptr<LinearEmitter> floatLinear(LinearOp op, EmitContext &context);
/// Activations as int16 or int8 in blocks beside a float32 scale, weights as stored: null unless all weights are
/// quantised.
std::unique_ptr<LinearEmitter> integerLinear(LinearOp op, EmitContext &context);
/// Activations where they lie, as float32 or, beside quantised weights, int8 in blocks, if the options say
/// so.
std::unique_ptr<LinearEmitter> directLinear(LinearOp op, EmitContext &context);

} // namespace heddle

#endif
