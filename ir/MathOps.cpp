// Verifiers and folds of the page's mathematics. An op's rule is in its description; a message states the
// rule and what was found.
#include "ir/Heddle.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace heddle;

/// The axes of `expected` are those of `found`, with equal sizes.
static LogicalResult sameAxes(Operation *op, NamedTensorType found,
                              const llvm::MapVector<StringRef, int64_t> &expected) {
  bool same = found.rank() == expected.size();
  for (auto [name, size] : expected)
    same = same && found.has(name) && found.size(name) == size;
  if (same)
    return success();
  SmallVector<StringRef> names = llvm::to_vector(llvm::make_first_range(expected));
  SmallVector<int64_t> sizes = llvm::to_vector(llvm::make_second_range(expected));
  return op->emitOpError() << "result must be "
                           << tensorType(op->getContext(), names, sizes, found.getFormat()) << ", found "
                           << found;
}

/// Adds a type's axes to a union; an axis has one size.
static LogicalResult addAxes(Operation *op, NamedTensorType type, llvm::MapVector<StringRef, int64_t> &axes) {
  for (auto [name, size] : llvm::zip(type.getNames(), type.getSizes())) {
    auto [entry, added] = axes.insert({name.getValue(), size});
    if (!added && entry->second != size)
      return op->emitOpError() << "axis '" << name.getValue() << "' has sizes " << entry->second << " and "
                               << size;
  }
  return success();
}

static LogicalResult hasAxis(Operation *op, StringRef what, NamedTensorType type, StringRef axis) {
  if (type.has(axis))
    return success();
  return op->emitOpError() << what << " " << type << " has no axis '" << axis << "'";
}

//===- integers along axes
//---------------------------------------------------------------------------------------===//

LogicalResult PositionOp::verify() {
  NamedTensorType type = getResult().getType();
  if (getAxis() != "T" && getAxis() != "S" && getAxis() != "U")
    return emitOpError() << "positions are along T, S or U, not '" << getAxis() << "'";
  if (type.rank() != 1 || !type.has(getAxis()) || type.getFormat() != Format::I32)
    return emitOpError() << "result must be !heddle.tensor<" << getAxis() << " : i32>, found " << type;
  return success();
}

LogicalResult IndexOp::verify() {
  NamedTensorType type = getResult().getType();
  if (type.rank() != 1 || !type.has(getAxis()) || type.getFormat() != Format::I32)
    return emitOpError() << "result must have the axis '" << getAxis() << "' alone and format i32, found "
                         << type;
  return success();
}

LogicalResult ExtentOp::verify() {
  NamedTensorType type = getResult().getType();
  if (!isDynamicAxis(getAxis()))
    return emitOpError() << "'" << getAxis() << "' has a size when compiling";
  if (type.rank() != 0 || type.getFormat() != Format::I32)
    return emitOpError() << "result must be !heddle.tensor<: i32>, found " << type;
  return success();
}

//===- element by element, and over axes
//-----------------------------------------------------------------------------===//

LogicalResult MapOp::verify() {
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size())
    return emitOpError() << "the region must have " << getInputs().size() << " arguments, one for each input";
  NamedTensorType result = getResult().getType();
  for (auto [input, argument] : llvm::zip(getInputs(), block.getArguments())) {
    auto type = cast<NamedTensorType>(input.getType());
    if (argument.getType() != type.scalarType())
      return emitOpError() << "the argument for " << type << " must be " << type.scalarType() << ", found "
                           << argument.getType();
    for (auto [name, size] : llvm::zip(type.getNames(), type.getSizes()))
      if (!result.has(name) || result.size(name) != size)
        return emitOpError() << "result " << result << " must have the axes of the input " << type;
  }
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getValues().size() != 1 || yield.getValues()[0].getType() != result.scalarType())
    return emitOpError() << "the region must yield one " << result.scalarType();
  return success();
}

LogicalResult ContractOp::verify() {
  auto left = cast<NamedTensorType>(getLeft().getType()), right = cast<NamedTensorType>(getRight().getType());
  llvm::MapVector<StringRef, int64_t> axes;
  if (failed(addAxes(*this, left, axes)) || failed(addAxes(*this, right, axes)))
    return failure();
  for (StringRef axis : axisNames(getOver())) {
    if (failed(hasAxis(*this, "left side", left, axis)) || failed(hasAxis(*this, "right side", right, axis)))
      return failure();
    axes.erase(axis);
  }
  return sameAxes(*this, getResult().getType(), axes);
}

LogicalResult ReduceOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  llvm::MapVector<StringRef, int64_t> axes;
  (void)addAxes(*this, input, axes);
  for (StringRef axis : axisNames(getOver())) {
    if (failed(hasAxis(*this, "input", input, axis)))
      return failure();
    axes.erase(axis);
  }
  if ((getKind() == ReduceKind::Any) != (input.getFormat() == Format::I1))
    return emitOpError() << "'any' is over conditions, the others over numbers; found " << input;
  return sameAxes(*this, getResult().getType(), axes);
}

LogicalResult SoftmaxOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  if (failed(hasAxis(*this, "input", input, getOver())))
    return failure();
  if (getExtra())
    for (StringAttr axis : cast<NamedTensorType>(getExtra().getType()).getNames())
      if (axis == getOver() || !input.has(axis))
        return emitOpError() << "the extra term must have axes of the input other than '" << getOver()
                             << "', found " << getExtra().getType();
  llvm::MapVector<StringRef, int64_t> axes;
  (void)addAxes(*this, input, axes);
  return sameAxes(*this, getResult().getType(), axes);
}

LogicalResult LookupOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  if (getAxes().size() != getIndices().size())
    return emitOpError() << "expected one index for each axis looked up";
  llvm::MapVector<StringRef, int64_t> axes;
  if (failed(addAxes(*this, input, axes)))
    return failure();
  for (StringRef axis : axisNames(getAxes())) {
    if (failed(hasAxis(*this, "input", input, axis)))
      return failure();
    axes.erase(axis);
  }
  for (Value index : getIndices()) {
    auto type = cast<NamedTensorType>(index.getType());
    if (type.getFormat() != Format::I32)
      return emitOpError() << "an index must be i32, found " << type;
    if (failed(addAxes(*this, type, axes)))
      return failure();
  }
  return sameAxes(*this, getResult().getType(), axes);
}

//===- axes themselves
//---------------------------------------------------------------------------------------------===//

LogicalResult RegroupOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  NamedTensorType result = getResult().getType();
  llvm::MapVector<StringRef, int64_t> axes;
  (void)addAxes(*this, input, axes);
  int64_t before = 1, after = 1;
  bool dynamic = getFrom().size() == 1 && getTo().size() == 1;
  for (StringRef axis : axisNames(getFrom())) {
    if (failed(hasAxis(*this, "input", input, axis)))
      return failure();
    before *= input.size(axis);
    axes.erase(axis);
  }
  for (StringRef axis : axisNames(getTo())) {
    if (failed(hasAxis(*this, "result", result, axis)))
      return failure();
    after *= result.size(axis);
    axes.insert({axis, result.size(axis)});
  }
  if (before != after && !dynamic)
    return emitOpError() << "the sizes of " << getFrom() << " multiply to " << before << ", those of "
                         << getTo() << " to " << after;
  return sameAxes(*this, result, axes);
}

OpFoldResult RegroupOp::fold(FoldAdaptor) {
  return getFrom() == getTo() && getInput().getType() == getResult().getType() ? OpFoldResult(getInput())
                                                                               : OpFoldResult();
}

LogicalResult SliceOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  NamedTensorType result = getResult().getType();
  if (failed(hasAxis(*this, "input", input, getFrom())) || failed(hasAxis(*this, "result", result, getTo())))
    return failure();
  int64_t offset = getOffset(), size = result.size(getTo()), all = input.size(getFrom());
  if (offset < 0 || size > all || offset > all - size)
    return emitOpError() << "[" << offset << ", " << offset + size << ") is not within '" << getFrom()
                         << "' of size " << all;
  llvm::MapVector<StringRef, int64_t> axes;
  (void)addAxes(*this, input, axes);
  axes.erase(getFrom());
  axes.insert({getTo(), size});
  return sameAxes(*this, result, axes);
}

LogicalResult ConcatOp::verify() {
  if (getParts().empty() || getParts().size() != getFrom().size())
    return emitOpError() << "expected one axis for each part";
  llvm::MapVector<StringRef, int64_t> axes;
  int64_t size = 0;
  for (auto [part, axis] : llvm::zip(getParts(), axisNames(getFrom()))) {
    auto type = cast<NamedTensorType>(part.getType());
    if (failed(hasAxis(*this, "part", type, axis)))
      return failure();
    size += type.size(axis);
    if (failed(addAxes(*this, type.without(axis), axes)))
      return failure();
  }
  axes.insert({getTo(), size});
  return sameAxes(*this, getResult().getType(), axes);
}

LogicalResult KeepOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  if (!input.has("T") || input.has("S"))
    return emitOpError() << "the input must have T and not S, found " << input;
  llvm::MapVector<StringRef, int64_t> axes;
  (void)addAxes(*this, input.without(StringRef("T")), axes);
  axes.insert({"S", NamedTensorType::kDynamic});
  if (getRing().has_value() != getWindow().has_value())
    return emitOpError("has 'ring' and 'window', or neither");
  if (getRing() && (*getRing() < 64 || *getRing() % 64 != 0 || *getWindow() < 1 || *getWindow() > *getRing()))
    return emitOpError() << "a ring is a multiple of 64 and holds the window, found " << *getRing() << " for "
                         << *getWindow();
  return sameAxes(*this, getResult().getType(), axes);
}

LogicalResult TopOp::verify() {
  auto input = cast<NamedTensorType>(getInput().getType());
  auto best = cast<NamedTensorType>(getBest().getType()), where = cast<NamedTensorType>(getWhere().getType());
  if (failed(hasAxis(*this, "input", input, getFrom())) || failed(hasAxis(*this, "result", best, getTo())))
    return failure();
  if (best.size(getTo()) > input.size(getFrom()))
    return emitOpError() << "there are not " << best.size(getTo()) << " along '" << getFrom() << "' of size "
                         << input.size(getFrom());
  if (where.getFormat() != Format::I32)
    return emitOpError() << "the places must be i32, found " << where;
  llvm::MapVector<StringRef, int64_t> axes;
  (void)addAxes(*this, input.without(getFrom()), axes);
  axes.insert({getTo(), best.size(getTo())});
  return success(succeeded(sameAxes(*this, best, axes)) && succeeded(sameAxes(*this, where, axes)));
}
