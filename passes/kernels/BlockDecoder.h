// The numbers of one lane's row, or of its four neighbouring rows, in a block of a packed weight (see
// passes/Packing.h for the words).
#ifndef HEDDLE_PASSES_KERNELS_BLOCKDECODER_H
#define HEDDLE_PASSES_KERNELS_BLOCKDECODER_H

#include "passes/Packing.h"
#include "llvm/ADT/DenseMap.h"

namespace heddle {

/// Decodes a block, or the step of it that begins at column 8 * `first`: column c is  raw(c) * scale() +
/// offset(). Words are loaded once where their number is known when compiling.
class BlockDecoder {
public:
  /// `word(n)` loads word n of the lane's block, n an index: i32, or a vector of it, one a row; all numbers
  /// are then such vectors. `first` is an index, null for 0.
  BlockDecoder(mlir::OpBuilder &builder, mlir::Location loc, Format format,
               std::function<mlir::Value(mlir::Value)> word, mlir::Value first = {});

  /// The number of column 8 * eight + place of the step, place below 8, as f32 before scale and offset; of a
  /// format of halves, the number itself.
  mlir::Value raw(mlir::Value eight, mlir::Value place);
  /// The same times 2^power, and the power: bits stay where they are in their word where a float has room for
  /// that, which spares a shift for each number if what it is multiplied with is divided by 2^power once.
  std::pair<mlir::Value, int64_t> unshifted(mlir::Value eight, mlir::Value place);
  /// Columns 2 * number and 2 * number + 1 of the step as two int16 in a word, both with bias() added; of
  /// quantised formats.
  mlir::Value pair(int64_t number);
  /// Columns c, c + 4, c + 1 and c + 5 of the step as four bytes from a word's lowest on, c = 8 * eight + 2 *
  /// half (0 or 1), all with bias() added, from 0 to 255; of quantised formats.
  mlir::Value quad(mlir::Value eight, int64_t half);
  static int64_t bias(Format format);
  /// Whether quad's bytes are below 128.
  static bool isNarrow(Format format);
  /// f32 each, of the columns from 8 * eight of the step (null: from its first) on that share them; null
  /// where the format has none.
  mlir::Value scale(mlir::Value eight = {});
  mlir::Value offset(mlir::Value eight = {});
  /// The number of a column of the block itself, `column` an index.
  mlir::Value element(mlir::Value column);

private:
  mlir::Value word(mlir::Value number);
  mlir::Value half(mlir::Value word, bool high);
  mlir::Value fromHalves(mlir::Value place);
  /// The number of the word that has a column's low bits, and where in it, as indices.
  std::pair<mlir::Value, mlir::Value> lowPlace(mlir::Value eight, mlir::Value place);
  mlir::Value lowField(mlir::Value eight, mlir::Value place);
  mlir::Value highField(mlir::Value eight, mlir::Value place);
  mlir::Value highWord(mlir::Value four);
  mlir::Value highShift(mlir::Value four);
  mlir::Value pair(mlir::Value eight, int64_t number);
  mlir::Value lowPair(mlir::Value eight, int64_t number);
  mlir::Value withHigh(mlir::Value low, mlir::Value eight, int64_t number);
  mlir::Value ofGroup(mlir::Value whole, int64_t base, mlir::Value eight);
  mlir::Value chosen(mlir::Value code);
  mlir::Value toFloat(mlir::Value integer);

  mlir::Value index(int64_t value);
  /// i32, or the type, as vectors where the word is one.
  mlir::Value constant(int64_t value, mlir::Value word);
  static mlir::Type shaped(mlir::Type element, mlir::Value word);
  /// Of two indices or two i32, folded where they are known.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value times(mlir::Value a, int64_t b);
  mlir::Value divide(mlir::Value a, int64_t b);
  mlir::Value modulo(mlir::Value a, int64_t b);
  /// i32 moved by an index's number of bits.
  mlir::Value shiftRight(mlir::Value word, mlir::Value bits);
  mlir::Value mask(mlir::Value word, int64_t bits);
  /// The lowest byte, with its sign.
  mlir::Value signedByte(mlir::Value word);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  Format format;
  BlockShape shape;
  std::function<mlir::Value(mlir::Value)> loadWord;
  mlir::Value first;
  llvm::DenseMap<int64_t, mlir::Value> words;
};

} // namespace heddle

#endif
