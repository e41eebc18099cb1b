//===- Blocks.cpp - stored blocks as words in panels ----------------------===//
#include "backends/program/Blocks.h"
#include "backends/program/Stored.h"
#include "frontend/checkpoint/BlockBytes.h"
#include "llvm/ADT/bit.h"

using namespace heddle;

/// Four numbers below 16, one in each 16 bits, as four nibbles.
static uint32_t joinFour(uint64_t lanes) {
  lanes = (lanes | lanes >> 12) & 0x000000ff000000ff;
  return static_cast<uint32_t>((lanes | lanes >> 24) & 0xffff);
}

/// Eight bytes below 16 as the nibbles of a word: the even ones in the low half, the odd ones in the high
/// half, so that a shift brings neighbours into the two halves.
static uint32_t joinNibbles(uint64_t bytes) {
  constexpr uint64_t even = 0x00ff00ff00ff00ff;
  return joinFour(bytes & even) | joinFour(bytes >> 8 & even) << 16;
}

/// The low bits of codes: the even ones in a word's low half, the odd ones in its high half.
static uint32_t joinLow(const uint8_t *codes, int64_t bits) {
  uint32_t word = 0, mask = (1u << bits) - 1;
  for (int64_t i = 0; i < 16 / bits; ++i, codes += 2)
    word |= (codes[0] & mask) << i * bits | (codes[1] & mask) << (16 + i * bits);
  return word;
}

static void lowWords(const BlockShape &shape, const uint8_t *codes, uint32_t *words, int64_t stride) {
  int64_t bits = shape.lowBits;
  for (int64_t c = 0; c < shape.columns; c += 32 / bits, words += stride)
    *words =
        bits == 4 ? joinNibbles(load<uint64_t>(codes + c) & 0x0f0f0f0f0f0f0f0f) : joinLow(codes + c, bits);
}

/// The high bits: of each eight columns 0, 4, 1, 5 have a place in the four bytes of a word, then 2, 6, 3, 7.
static void highWords(const BlockShape &shape, const uint8_t *codes, uint32_t *words, int64_t stride) {
  for (int64_t c = 0; c < shape.columns; c += 32 / shape.highBits, words += stride) {
    *words = 0;
    for (int64_t shift = 0; shift < 8; shift += shape.highBits) {
      const uint8_t *eight = codes + c + shift / shape.highBits / 2 * 8;
      int64_t from = shift / shape.highBits % 2 * 2;
      for (int64_t byte = 0; byte < 4; ++byte)
        *words |= static_cast<uint32_t>(eight[from + byte / 2 + byte % 2 * 4] >> shape.lowBits)
                  << (8 * byte + shift);
    }
  }
}

BlockWords::BlockWords(Format format) : shape(blockShape(format)), type(storageType(format)) {
  for (int number = 0; number < 256; ++number)
    codeOf[number] = static_cast<uint8_t>(number + shape.bias);
  // A number that is there twice, as zero may be, has its first code.
  for (size_t code = shape.table.size(); code-- > 0;)
    codeOf[static_cast<uint8_t>(shape.table[code])] = static_cast<uint8_t>(code);
}

static void groupWords(const BlockShape &shape, const int8_t *groups, uint32_t *words, int64_t stride) {
  int64_t step = shape.group / groupElements;
  for (int64_t w = 0; w < shape.groupWords(); ++w, words += stride) {
    *words = 0;
    for (int64_t i = 0; i < 4; ++i)
      *words |= static_cast<uint32_t>(static_cast<uint8_t>(groups[(4 * w + i) * step])) << 8 * i;
  }
}

void BlockWords::write(const uint8_t *stored, uint32_t *words, int64_t stride) const {
  BlockNumbers block;
  takeApart(type, stored, block);
  uint8_t codes[mostElements];
  for (int64_t c = 0; c < shape.columns; ++c)
    codes[c] = codeOf[static_cast<uint8_t>(block.numbers[c])];
  lowWords(shape, codes, words, stride);
  if (shape.highBits)
    highWords(shape, codes, words + shape.highWord() * stride, stride);
  words += shape.scaleWord() * stride;
  *words = shape.offsets ? floatToHalf(block.scale) | static_cast<uint32_t>(floatToHalf(block.offset)) << 16
                         : llvm::bit_cast<uint32_t>(block.scale);
  groupWords(shape, block.scales, words + stride, stride);
  if (shape.offsets)
    groupWords(shape, block.offsets, words + (1 + shape.groupWords()) * stride, stride);
}
