// The numbers of one lane's row in a block of a packed weight (see passes/Packing.h for the words).
#ifndef HEDDLE_PASSES_KERNELS_BLOCKDECODER_H
#define HEDDLE_PASSES_KERNELS_BLOCKDECODER_H

#include "passes/Packing.h"
#include "llvm/ADT/DenseMap.h"

namespace heddle {

/// Decodes a block: column c is raw(c) * scale() + offset(). Words are loaded once where their number is
/// known when compiling.
class BlockDecoder {
public:
  /// `word(n)` loads word n of the lane's block, n an index: i32 (f32 for format f32).
  BlockDecoder(mlir::OpBuilder &builder, mlir::Location loc, Format format,
               std::function<mlir::Value(mlir::Value)> word)
      : builder(builder), loc(loc), format(format), loadWord(std::move(word)) {}

  /// The stored number of a column, `column` an index below the block's columns, as f32 before scale and
  /// offset.
  mlir::Value raw(mlir::Value column);
  /// The same of column 8 * eight + place, place below 8: words are found without a division. Of blocks
  /// of 32.
  mlir::Value raw(mlir::Value eight, mlir::Value place);
  /// Columns 2 * number and 2 * number + 1 as two int16 in a word, both with `bias` added; of formats that
  /// have pairs.
  mlir::Value pair(int64_t number);
  static bool hasPairs(Format format);
  static int64_t bias(Format format);
  /// f32 each; null where the format has none.
  mlir::Value scale();
  mlir::Value offset();
  /// The column's number itself.
  mlir::Value element(mlir::Value column);

private:
  mlir::Value word(mlir::Value number);
  mlir::Value word(int64_t number);
  mlir::Value half(mlir::Value word, bool high);
  mlir::Value interleaved(mlir::Value place, int64_t bits, int64_t half);
  mlir::Value constant(int64_t value);
  mlir::OpBuilder &builder;
  mlir::Location loc;
  Format format;
  std::function<mlir::Value(mlir::Value)> loadWord;
  llvm::DenseMap<int64_t, mlir::Value> words;
};

} // namespace heddle

#endif
