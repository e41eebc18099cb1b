// Verifiers of the fused forms.
#include "ir/Heddle.h"

using namespace mlir;
using namespace heddle;

/// A region's arguments have the types that its op's operands ask for.
static LogicalResult hasArguments(Operation *op, StringRef what, Block &block, ArrayRef<Type> expected) {
  if (block.getArgumentTypes() == TypeRange(expected))
    return success();
  return op->emitOpError() << "the " << what << "'s arguments must be (" << expected << "), found ("
                           << block.getArgumentTypes() << ")";
}

static SmallVector<Type> without(ValueRange values, ArrayRef<StringRef> axes) {
  return llvm::map_to_vector(
      values, [&](Value value) -> Type { return cast<NamedTensorType>(value.getType()).without(axes); });
}
static SmallVector<Type> withoutTokens(ValueRange values) { return without(values, {"T"}); }

static SmallVector<Type> scalars(ValueRange values) {
  return llvm::map_to_vector(values,
                             [](Value value) { return cast<NamedTensorType>(value.getType()).scalarType(); });
}

static YieldOp yieldOf(Block &block) { return dyn_cast<YieldOp>(block.getTerminator()); }

LogicalResult RowwiseOp::verify() {
  Block &block = getBody().front();
  if (failed(hasArguments(*this, "region", block, withoutTokens(getInputs()))))
    return failure();
  for (Value input : getInputs())
    if (!cast<NamedTensorType>(input.getType()).has("T"))
      return emitOpError() << "an input must have T, found " << input.getType();
  YieldOp yield = yieldOf(block);
  if (!yield || yield.getValues().getTypes() != TypeRange(withoutTokens(getOuts())))
    return emitOpError() << "the region must yield the results without T";
  return success();
}

StringRef LinearOp::sequence() {
  for (StringRef axis : {"T", "S", "U"})
    if (llvm::any_of(getInputs(),
                     [&](Value input) { return cast<NamedTensorType>(input.getType()).has(axis); }))
      return axis;
  return {};
}

SmallVector<StringRef> LinearOp::vectorAxes() {
  if (getChosen())
    return llvm::map_to_vector(cast<NamedTensorType>(getChosen().getType()).getNames(),
                               [](StringAttr name) { return name.getValue(); });
  SmallVector<StringRef> axes;
  if (StringRef axis = sequence(); !axis.empty())
    axes.push_back(axis);
  if (getEach())
    axes.push_back(*getEach());
  return axes;
}

NamedTensorType LinearOp::rows(Value weight) {
  auto type = cast<NamedTensorType>(weight.getType()).without(axisNames(getOver())).withFormat(Format::F32);
  return matrixAxis() ? type.without(matrixAxis().getValue()) : type;
}

LogicalResult LinearOp::verify() {
  if (getWeights().empty())
    return emitOpError("expected a weight");
  if (failed(hasArguments(*this, "prologue", getPrologue().front(), without(getInputs(), vectorAxes()))))
    return failure();
  if (getChosen() && cast<NamedTensorType>(getChosen().getType()).getFormat() != Format::I32)
    return emitOpError() << "what chooses along '" << *getChoice() << "' must be integers, found "
                         << getChosen().getType();
  if (getChoice() && getEach())
    return emitOpError() << "weights are chosen along '" << *getChoice() << "', or there is one for each of '"
                         << *getEach() << "'";
  YieldOp input = yieldOf(getPrologue().front());
  SmallVector<StringRef> over = axisNames(getOver());
  if (!input || input.getValues().size() != 1 || !isa<NamedTensorType>(input.getValues()[0].getType()))
    return emitOpError("the prologue must yield one tensor");
  auto vector = cast<NamedTensorType>(input.getValues()[0].getType());
  for (StringRef axis : over)
    if (!vector.has(axis))
      return emitOpError() << "the prologue yields " << vector << ", which has no axis '" << axis << "'";
  auto rows = this->rows(getWeights()[0]);
  for (Value weight : getWeights()) {
    auto type = cast<NamedTensorType>(weight.getType());
    if (matrixAxis() && !type.has(matrixAxis().getValue()))
      return emitOpError() << "weight " << type << " must have the axis '" << matrixAxis().getValue() << "'";
    for (StringRef axis : over)
      if (!type.has(axis) || type.size(axis) != vector.size(axis))
        return emitOpError() << "weight " << type << " must have the axis '" << axis << "' of size "
                             << vector.size(axis);
    if (this->rows(weight) != rows)
      return emitOpError() << "all weights must have the rows " << rows << ", found " << type;
  }
  SmallVector<Type> arguments(getWeights().size(), Float32Type::get(getContext()));
  llvm::append_range(arguments, scalars(getExtras()));
  if (failed(hasArguments(*this, "epilogue", getEpilogue().front(), arguments)))
    return failure();
  YieldOp output = yieldOf(getEpilogue().front());
  if (!output || output.getValues().getTypes() != TypeRange(scalars(getOuts())))
    return emitOpError("the epilogue must yield a scalar for each result");
  return success();
}

LogicalResult AttentionOp::verify() {
  if (getQueries().empty() || getQueries().size() != getKeys().size() ||
      getOver().size() != getQueries().size())
    return emitOpError("expected as many keys and lists of axes as queries");
  for (auto [query, key, over] : llvm::zip(getQueries(), getKeys(), getOver())) {
    auto left = cast<NamedTensorType>(query.getType()), right = cast<NamedTensorType>(key.getType());
    for (StringRef axis : axisNames(cast<ArrayAttr>(over)))
      if (!left.has(axis) || !right.has(axis) || left.size(axis) != right.size(axis))
        return emitOpError() << "both " << left << " and " << right << " must have '" << axis << "'";
    if (!right.has(getAxis()))
      return emitOpError() << "keys " << right << " have no axis '" << getAxis() << "'";
  }
  if (!cast<NamedTensorType>(getValues().getType()).has(getAxis()))
    return emitOpError() << "values " << getValues().getType() << " have no axis '" << getAxis() << "'";
  SmallVector<Type> arguments(getQueries().size(), Float32Type::get(getContext()));
  llvm::append_range(arguments, scalars(getExtras()));
  if (failed(hasArguments(*this, "score", getScore().front(), arguments)))
    return failure();
  YieldOp yield = yieldOf(getScore().front());
  if (!yield || yield.getValues().size() != 1 || !yield.getValues()[0].getType().isF32())
    return emitOpError("the score must yield one f32");
  if (getResult().getType().has(getAxis()))
    return emitOpError() << "the result has no axis '" << getAxis() << "'";
  return success();
}
