// How the packer lays a weight out in the program, and what a kernel may therefore assume.
//
// A `heddle.packed` op names one weight (`heddle.stored`) and a packing, written as text:
//
//   dense [a b c]                    float32, the axes from outermost to innermost, no padding
//   panels 16 FORMAT [rows] over [k] rows side by side, for `lanes` = 16 lanes, in FORMAT
//
// Panels: the row axes are flattened in the order given (R rows, outermost axis first), the axes contracted over likewise (K
// columns). Group g holds rows g * 16 ... g * 16 + 15; rows beyond R are zeros. Columns come in blocks of B; a block is W words of
// 32 bits a row; neighbouring rows' words lie side by side. The memref is [G][K / B][W][16], G = ceil(R / 16), elements i32
// (format f32, B = 1: [G][K][16] of f32). All words are little-endian. Words of a block, for one row:
//
//   f32    B = 1,  W = 1: the number
//   f16    B = 2,  W = 1: column 0 in the low half, column 1 in the high half; the same for bf16. K odd: padded with zero
//   q8_0   B = 32, W = 9: word j < 8 has columns 4j, 4j+2, 4j+1, 4j+3 in its bytes from the lowest (signed); word 8: d as float16 in the
//                     low half
//   q4_0   B = 32, W = 5: word j < 4 has columns 8j, +2, +4, +6, +1, +3, +5, +7 in its nibbles from the lowest (0..15, value q - 8); word 4:
//                     d in the low half. So a shift brings two neighbouring columns into the halves of a word, as int16
//   q4_1   B = 32, W = 5: the same (value q); word 4: d in the low half, m in the high half (value q * d + m)
//   q5_0   B = 32, W = 6: words 0..3: low four bits as above; word 4: the fifth bits, column c in bit c (value q - 16); word 5: d
//   q5_1   B = 32, W = 6: the same (value q); word 5: d and m
//
// A weight keeps its stored format in panels when its blocks lie along the columns: the columns are one run of the stored tensor with
// stride 1, in whole blocks that begin at block boundaries, without scale or add. Otherwise FORMAT is f32.
#ifndef HEDDLE_PASSES_PACKING_H
#define HEDDLE_PASSES_PACKING_H

#include "ir/Heddle.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>

namespace heddle {

/// Columns to a block and words to a block of a format in panels.
struct BlockShape {
  int64_t columns;
  int64_t words;
};
BlockShape blockShape(Format format);

/// A packing as text and back.
struct Packing {
  bool panels = false;
  int64_t lanes = 0;                   // panels only
  Format format = Format::F32;
  llvm::SmallVector<std::string> rows; // dense: all axes
  llvm::SmallVector<std::string> over; // panels only
  std::string str() const;
  static llvm::Expected<Packing> parse(llvm::StringRef text);
};

/// Panels for a weight: in its stored format where its blocks lie along `over`, else in float32.
Packing choosePanels(StoredOp weight, llvm::ArrayRef<std::string> rows, llvm::ArrayRef<std::string> over, int64_t lanes);

/// Bytes of a packed weight, with its type's sizes.
uint64_t packedBytes(const Packing &packing, NamedTensorType type);

} // namespace heddle

#endif
