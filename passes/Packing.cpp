//===- Packing.cpp - how weights are laid out in a program ----------------===//

#include "passes/Packing.h"
#include "passes/WeightView.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle;

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
    return {32, 9};
  case Format::Q4_0:
  case Format::Q4_1:
    return {32, 5};
  case Format::Q5_0:
  case Format::Q5_1:
    return {32, 6};
  }
  llvm_unreachable("not a format");
}

std::string Packing::str() const {
  if (!panels)
    return "dense [" + join(rows, " ") + "]";
  return ("panels " + Twine(lanes) + " " + stringifyFormat(format) + " [" + join(rows, " ") + "] over [" +
          join(over, " ") + "]")
      .str();
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
                             int64_t lanes) {
  Packing packing;
  packing.panels = true;
  packing.lanes = lanes;
  packing.rows.assign(rows.begin(), rows.end());
  packing.over.assign(over.begin(), over.end());

  Expected<WeightView> view = WeightView::create(weight, rows, over);
  if (!view) {
    consumeError(view.takeError()); // the packer says so again, when it gets the op
    return packing;
  }
  Format stored = cast<NamedTensorType>(weight.getType()).getFormat(), wanted = wantedFormat(weight);
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
  return SaturatingMultiply<uint64_t>(divideCeil(rows, packing.lanes), panel);
}
