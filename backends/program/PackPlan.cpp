//===- PackPlan.cpp - which weights a program holds, and where ------------===//

#include "backends/program/Blocks.h"
#include "backends/program/Packer.h"
#include "runtime/program/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace heddle;

/// No section is larger; sums of a few such numbers fit in 64 bits.
static constexpr uint64_t mostBytes = uint64_t(1) << 60;

/// Zeros after each weight: a vector load may read so far past its end. An empty weight has a place of its
/// own thereby.
static constexpr uint64_t readAhead = 64;

/// Weights of at least this many bytes begin at a page of their own.
static constexpr uint64_t largeWeight = 1 << 20, pageSize = 4096;

//===- bounds -------------------------------------------------------------===//

/// Adds the farthest that the digits move: which tensors and elements a view reaches. False on overflow, or
/// where a step goes backwards.
static bool reach(const IndexMap &map, Place &last) {
  for (const IndexMap::Digit &digit : map.digits()) {
    int64_t tensors, elements;
    if (digit.size < 1 || digit.step.element < 0 ||
        MulOverflow(digit.size - 1, digit.step.element, elements) ||
        MulOverflow(digit.size - 1, digit.step.tensor, tensors) ||
        AddOverflow(last.element, elements, last.element) || AddOverflow(last.tensor, tensors, last.tensor))
      return false;
  }
  return true;
}

static Error findTensors(StoredOp op, const StoredSource &source, PackedWeight &weight) {
  Place last = weight.view.base;
  bool empty = weight.view.rows.size() == 0 || weight.view.columns.size() == 0;
  auto malformed = [&] {
    return createStringError("weight '" + op.getSymName() + "': its digits do not fit its tensors");
  };
  if (empty)
    return Error::success();
  if (last.element < 0 || !reach(weight.view.rows, last) || !reach(weight.view.columns, last) ||
      last.element == INT64_MAX || last.tensor + 1 != static_cast<int64_t>(op.getTensors().size()))
    return malformed();
  for (mlir::Attribute name : op.getTensors()) {
    Expected<Stored> stored = source.find(op, cast<mlir::StringAttr>(name).getValue(), last.element + 1);
    if (!stored)
      return stored.takeError();
    weight.tensors.push_back(*stored);
  }
  for (const Stored &tensor : weight.tensors)
    if (tensor.type != weight.tensors.front().type)
      return createStringError(
          "weight '" + op.getSymName() + "': its tensors are stored in different formats, " +
          blockFacts(weight.tensors.front().type).name + " and " + blockFacts(tensor.type).name);
  return Error::success();
}

//===- keys ---------------------------------------------------------------===//

static void printDigits(raw_ostream &os, const IndexMap &map) {
  for (const IndexMap::Digit &digit : map.digits())
    os << ' ' << digit.size << ':' << digit.step.tensor << ':' << digit.step.element;
}

static void printPacking(raw_ostream &os, const PackedWeight &weight) {
  if (weight.packing.panels)
    os << "panels " << weight.packing.lanes << ' ' << stringifyFormat(weight.packing.format) << " in "
       << weight.parts;
  else
    os << "dense " << stringifyFormat(weight.format);
}

/// All that the packed bytes depend on, and no name of a weight or an axis.
static std::string keyOf(StoredOp op, const PackedWeight &weight) {
  std::string key;
  raw_string_ostream os(key);
  printPacking(os, weight);
  os << ' ' << op.getTensors() << ' ' << weight.view.base.element << " rows";
  printDigits(os, weight.view.rows);
  os << " columns";
  printDigits(os, weight.view.columns);
  os << " scale " << format_hex(bit_cast<uint64_t>(weight.scale), 18) << " add "
     << format_hex(bit_cast<uint64_t>(weight.add), 18);
  return key;
}

//===- the plan -----------------------------------------------------------===//

/// The axes of the view: a dense weight's rows are runs of its innermost axis.
static std::pair<SmallVector<std::string>, SmallVector<std::string>> splitAxes(const Packing &packing) {
  if (packing.panels)
    return {packing.allRows(), packing.over};
  ArrayRef<std::string> rows = packing.rows;
  if (rows.empty())
    return {};
  return {SmallVector<std::string>(rows.drop_back()), {rows.back()}};
}

Expected<uint64_t> PackPlan::add(StoredOp op, const Packing &packing) {
  auto type = cast<NamedTensorType>(op.getType());
  PackedWeight weight;
  weight.name = op.getSymName().str();
  weight.packing = packing;
  weight.scale = op.getScale().convertToDouble();
  weight.add = op.getAdd().convertToDouble();
  auto [rows, columns] = splitAxes(packing);
  Expected<WeightView> view = WeightView::create(op, rows, columns);
  if (!view)
    return view.takeError();
  weight.view = std::move(*view);
  if (packing.panels)
    weight.format = packing.format;
  else if (type.getFormat() == Format::I32 || type.getFormat() == Format::I1)
    weight.format = Format::I32;
  for (auto &axes : {rows, columns})
    for (const std::string &axis : axes)
      weight.shape.push_back(type.size(axis));
  for (const std::string &axis : packing.each)
    weight.parts *= type.size(axis);
  weight.bytes = packedBytes(packing, type);
  if (Error error = findTensors(op, source, weight))
    return error;
  StorageType wanted = storageType(weight.format);
  bool kept = weight.tensors.empty() || weight.tensors.front().type == wanted;
  if (isBlockQuantised(wanted) && !kept && !canQuantize(wanted))
    return createStringError("weight '" + op.getSymName() + "': numbers cannot be rounded to " +
                             stringifyFormat(weight.format));
  std::string key = keyOf(op, weight);
  return place(std::move(weight), key);
}

Expected<uint64_t> PackPlan::addConstant(StringRef name, mlir::ElementsAttr constant,
                                         const Packing &packing) {
  auto dense = dyn_cast<mlir::DenseElementsAttr>(constant);
  if (!dense || dense.getElementType().getIntOrFloatBitWidth() != 32 || packing.panels)
    return createStringError("constant '" + name + "' must have 32-bit elements and a dense packing");
  PackedWeight weight;
  weight.name = name.str();
  weight.packing = packing;
  weight.format = dense.getElementType().isF32() ? Format::F32 : Format::I32;
  weight.constant = dense;
  weight.shape.assign(dense.getType().getShape().begin(), dense.getType().getShape().end());
  weight.bytes = dense.getNumElements() * 4;
  // Attributes are unique: the same numbers of the same shape are the same attribute.
  std::string key = ("constant " + Twine(reinterpret_cast<uintptr_t>(dense.getAsOpaquePointer()))).str();
  return place(std::move(weight), key);
}

Expected<uint64_t> PackPlan::place(PackedWeight weight, StringRef key) {
  auto [found, isNew] = known.try_emplace(key, end);
  if (!isNew)
    return found->second;
  weight.offset = alignTo(end, weight.bytes >= largeWeight ? pageSize : bufferAlignment);
  if (weight.bytes > mostBytes || weight.offset > mostBytes - weight.bytes)
    return createStringError("weight '" + weight.name + "' is too large");
  found->second = weight.offset;
  end = weight.offset + weight.bytes + readAhead;
  sizes[weight.offset] = weight.bytes;
  list.push_back(std::move(weight));
  return found->second;
}
