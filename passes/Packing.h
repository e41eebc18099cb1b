// How the packer lays a weight out in the program, and what a kernel may therefore assume.
//
// A `heddle.packed` op names one weight (`heddle.stored`) and a packing, written as text:
//
//   dense [a b c]                    float32, the axes from outermost to innermost, no padding
//   panels 16 FORMAT [rows] over [k] rows side by side, for `lanes` = 16 lanes, in FORMAT
//   panels ... over [k] each [E]     such panels for each index of E, one behind the other
//
// Panels: the row axes are flattened in the order given (R rows, outermost axis first), the axes contracted over
// likewise (K columns). Group g holds rows g * 16 ... g * 16 + 15; rows beyond R are zeros. Columns come in blocks of
// B; a block is W words of 32 bits a row; neighbouring rows' words lie side by side. The memref is
// [G][K / B][W][16], G = ceil(R / 16), elements i32 (format f32, B = 1: [G][K][16] of f32). All words are
// little-endian. Words of a block, for one row:
//
//   f32        B = 1, W = 1: the number
//   f16, bf16  B = 2, W = 1: column 0 in the low half, column 1 in the high half. K odd: padded with zero
//
// Quantised formats, B = 32 or 256, are all of one form, which BlockShape describes. A column has a code, whose low
// bits and further ones lie apart; its number is the code less a bias, or what a table has for the code.
//
//   low bits   2, 4 or 8 a column: the even columns of a word from its lowest bit on, the odd ones the same from bit
//              16 on. So a shift brings two neighbouring columns into the halves of a word, as int16
//   high bits  0, 1 or 2 a column, in words behind those: of each eight columns 0, 4, 1 and 5 in the four bytes of a
//              word, from their lowest bits on, then 2, 6, 3 and 7. So a shift brings them above their low bits, as four
//              bytes, where those are 4
//   scale      a word: d as float32; of formats with offsets d as float16 in the low half, m in the high half
//   scales     B = 256 only: int8, one for each 16 or 32 columns, the first in the lowest byte; their offsets behind
//              them, the same. B = 32: as if all were one
//
// The value is  d * scale * number + m * offset,  exactly what the stored block means.
//
// A weight keeps its stored format in panels when its blocks lie along the columns: the columns are one run of the
// stored tensor with stride 1, in whole blocks that begin at block boundaries, without scale or add. Otherwise FORMAT
// is f32. A weight to be quantised to q4_k whose columns are no whole blocks of 256 becomes q5_0.
#ifndef HEDDLE_PASSES_PACKING_H
#define HEDDLE_PASSES_PACKING_H

#include "ir/Heddle.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>

namespace heddle {

/// A block of a format in panels.
struct BlockShape {
  int64_t columns, words;
  // Quantised formats only:
  int64_t lowBits = 0, highBits = 0; // of a column
  int64_t bias = 0;                  // a number is its code less this,
  llvm::ArrayRef<int8_t> table = {}; // or, where there are any, one of these 16
  int64_t group = 0;                 // columns with one scale
  bool offsets = false;

  bool quantized() const { return lowBits != 0; }
  int64_t highWord() const { return columns * lowBits / 32; }
  int64_t scaleWord() const { return highWord() + columns * highBits / 32; }
  /// Words of a block's scales, and of its offsets; none where there is one scale.
  int64_t groupWords() const { return group == columns ? 0 : columns / group / 4; }
};
BlockShape blockShape(Format format);

/// A packing as text and back.
struct Packing {
  bool panels = false;
  int64_t lanes = 0;                   // panels only
  Format format = Format::F32;
  llvm::SmallVector<std::string> rows; // dense: all axes
  llvm::SmallVector<std::string> over; // panels only
  llvm::SmallVector<std::string> each; // panels only
  std::string str() const;
  /// The axes `each`, then `rows`.
  llvm::SmallVector<std::string> allRows() const;
  static llvm::Expected<Packing> parse(llvm::StringRef text);
};

/// Panels for a weight, for each index of the axes `each`: in its stored format where its blocks lie along `over`, else in
/// float32.
Packing choosePanels(StoredOp weight, llvm::ArrayRef<std::string> rows, llvm::ArrayRef<std::string> over, int64_t lanes,
                     llvm::ArrayRef<std::string> each = {});

/// Bytes of a packed weight, with its type's sizes.
uint64_t packedBytes(const Packing &packing, NamedTensorType type);

} // namespace heddle

#endif
