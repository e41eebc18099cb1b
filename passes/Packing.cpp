//===- Packing.cpp - how weights are laid out in a program ----------------===//

#include "passes/Packing.h"
#include "frontend/checkpoint/BlockNumbers.h"
#include "passes/WeightView.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle;

/// Magnitudes with both signs.
static constexpr int8_t iq1[16] = {-9, -7, -1, 1, 7, 9};
static constexpr int8_t iq2[16] = {8, 25, 43, -8, -25, -43};
static constexpr int8_t iq3Xxs[16] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
static constexpr int8_t iq3S[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};

static BlockShape quantized(BlockShape shape) {
  shape.words = shape.scaleWord() + 1 + shape.groupWords() * (shape.offsets ? 2 : 1);
  return shape;
}
/// One scale for all columns.
static BlockShape small(int64_t lowBits, int64_t highBits, int64_t bias, bool offsets = false) {
  return quantized({32, 0, lowBits, highBits, bias, {}, 32, offsets});
}
static BlockShape large(int64_t lowBits, int64_t highBits, int64_t bias, int64_t group,
                        bool offsets = false) {
  return quantized({256, 0, lowBits, highBits, bias, {}, group, offsets});
}
/// Four bits choose from a table.
static BlockShape chosen(ArrayRef<int8_t> table, int64_t columns, int64_t group) {
  return quantized({columns, 0, 4, 0, 0, table, group});
}

BlockShape heddle::blockShape(Format format) {
  switch (format) {
  case Format::F32:
  case Format::I32:
  case Format::I1:
    return {1, 1};
  case Format::F16:
  case Format::BF16:
    return {2, 1};
  case Format::Q8_0:
    return small(8, 0, 128);
  case Format::Q4_0:
    return small(4, 0, 8);
  case Format::Q4_1:
    return small(4, 0, 0, true);
  case Format::Q5_0:
    return small(4, 1, 16);
  case Format::Q5_1:
    return small(4, 1, 0, true);
  case Format::Q2_K:
    return large(2, 0, 0, 16, true);
  case Format::Q3_K:
    return large(2, 1, 4, 16);
  case Format::Q4_K:
    return large(4, 0, 0, 32, true);
  case Format::Q5_K:
    return large(4, 1, 0, 32, true);
  case Format::Q6_K:
    return large(4, 2, 32, 16);
  case Format::TQ1_0:
  case Format::TQ2_0:
    return large(2, 0, 1, 256);
  case Format::IQ4_NL:
    return chosen(iq4Numbers, 32, 32);
  case Format::MXFP4:
    return chosen(e2m1Numbers, 32, 32);
  case Format::IQ4_XS:
    return chosen(iq4Numbers, 256, 32);
  case Format::IQ1_S:
    return chosen(iq1, 256, 32);
  case Format::IQ1_M:
    return chosen(iq1, 256, 16);
  case Format::IQ2_XXS:
    return chosen(iq2, 256, 32);
  case Format::IQ2_XS:
  case Format::IQ2_S:
    return chosen(iq2, 256, 16);
  case Format::IQ3_XXS:
    return chosen(iq3Xxs, 256, 32);
  case Format::IQ3_S:
    return chosen(iq3S, 256, 32);
  }
  llvm_unreachable("not a format");
}

std::string Packing::str() const {
  if (!panels)
    return "dense [" + join(rows, " ") + "]";
  return ("panels " + Twine(lanes) + " " + stringifyFormat(format) + " [" + join(rows, " ") + "] over [" +
          join(over, " ") + "]" + (each.empty() ? "" : " each [" + join(each, " ") + "]"))
      .str();
}

SmallVector<std::string> Packing::allRows() const {
  SmallVector<std::string> all(each);
  append_range(all, rows);
  return all;
}

/// Takes "[a b c]" off the front of `text`.
static bool takeAxes(StringRef &text, SmallVectorImpl<std::string> &axes) {
  text = text.ltrim();
  size_t end = text.find(']');
  if (!text.consume_front("[") || end == StringRef::npos)
    return false;
  SmallVector<StringRef> names;
  text.take_front(end - 1).split(names, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef name : names)
    axes.push_back(name.str());
  text = text.drop_front(end).ltrim();
  return true;
}

static StringRef takeWord(StringRef &text) {
  auto [word, rest] = text.ltrim().split(' ');
  text = rest;
  return word;
}

Expected<Packing> Packing::parse(StringRef text) {
  auto wrong = [whole = text](const Twine &expected) {
    return createStringError("packing '" + whole + "': expected " + expected);
  };
  Packing packing;
  StringRef kind = takeWord(text);
  if (kind != "dense" && kind != "panels")
    return wrong("'dense' or 'panels'");
  packing.panels = kind == "panels";
  if (packing.panels) {
    if (takeWord(text).getAsInteger(10, packing.lanes) || packing.lanes < 1 || packing.lanes > 1024)
      return wrong("a number of lanes from 1 to 1024");
    auto format = symbolizeFormat(takeWord(text));
    if (!format)
      return wrong("a format such as 'f32' or 'q4_1'");
    packing.format = *format;
  }
  if (!takeAxes(text, packing.rows))
    return wrong("axes in brackets");
  if (packing.panels && (!text.consume_front("over") || !takeAxes(text, packing.over)))
    return wrong("'over' and axes in brackets");
  if (packing.panels && text.consume_front("each") && (!takeAxes(text, packing.each) || packing.each.empty()))
    return wrong("axes in brackets after 'each'");
  if (!text.empty())
    return wrong("nothing after the axes");
  return packing;
}

/// The format that panels of this weight would best have: the one asked for by `quantize`, else the stored
/// one.
static Format wantedFormat(StoredOp weight) {
  if (auto quantize = weight->getAttrOfType<mlir::StringAttr>("quantize"))
    if (auto format = symbolizeFormat(quantize.getValue()))
      return *format;
  return cast<NamedTensorType>(weight.getType()).getFormat();
}

Packing heddle::choosePanels(StoredOp weight, ArrayRef<std::string> rows, ArrayRef<std::string> over,
                             int64_t lanes, ArrayRef<std::string> each) {
  Packing packing;
  packing.panels = true;
  packing.lanes = lanes;
  packing.rows.assign(rows.begin(), rows.end());
  packing.over.assign(over.begin(), over.end());
  packing.each.assign(each.begin(), each.end());

  Expected<WeightView> view = WeightView::create(weight, packing.allRows(), over);
  if (!view) {
    consumeError(view.takeError()); // the packer says so again, when it gets the op
    return packing;
  }
  Format stored = cast<NamedTensorType>(weight.getType()).getFormat(), wanted = wantedFormat(weight);
  // What is quantised here need not fail for rows that are no whole large blocks.
  if (wanted == Format::Q4_K && wanted != stored && view->columns.size() % blockShape(wanted).columns != 0)
    wanted = Format::Q5_0;
  int64_t block = blockShape(wanted).columns;
  if (block == 1)
    return packing;
  bool asStored = weight.getScale().convertToDouble() == 1.0 && weight.getAdd().convertToDouble() == 0.0;
  // Halves are numbers on their own and may lie anywhere; blocks must be whole. What is quantised here is
  // computed first, so that only the number of columns counts.
  bool keeps = wanted == stored && asStored && (block < 32 || view->hasWholeBlocks(block));
  bool converts = wanted != stored && (block < 32 || view->columns.size() % block == 0);
  if (keeps || converts)
    packing.format = wanted;
  return packing;
}

static uint64_t sizeOf(ArrayRef<std::string> axes, NamedTensorType type) {
  uint64_t size = 1;
  for (const std::string &axis : axes)
    size = SaturatingMultiply<uint64_t>(size, std::max<int64_t>(type.size(axis), 0));
  return size;
}

uint64_t heddle::packedBytes(const Packing &packing, NamedTensorType type) {
  uint64_t rows = sizeOf(packing.rows, type);
  if (!packing.panels)
    return SaturatingMultiply<uint64_t>(rows, 4);
  BlockShape block = blockShape(packing.format);
  uint64_t words =
      SaturatingMultiply<uint64_t>(divideCeil(sizeOf(packing.over, type), block.columns), block.words);
  uint64_t panel = SaturatingMultiply<uint64_t>(words, packing.lanes * 4);
  uint64_t panels = SaturatingMultiply<uint64_t>(sizeOf(packing.each, type), divideCeil(rows, packing.lanes));
  return SaturatingMultiply<uint64_t>(panels, panel);
}
