//===- Emitter.cpp - ops of the heddle dialect ----------------------------===//

#include "frontend/elaborate/Emitter.h"
#include "ir/Heddle.h"
#include "llvm/ADT/STLExtras.h"
#include "mlir/IR/Location.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;
using mlir::Location;

Emitter::Emitter(mlir::MLIRContext &context, const SourceMgr &sources, const AxisTable &axes)
    : builder(&context), sources(sources), table(axes) {}

//===- places and names ---------------------------------------------------===//

Location Emitter::at(SMLoc place) const {
  unsigned buffer = place.isValid() ? sources.FindBufferContainingLoc(place) : 0;
  if (!buffer)
    return mlir::UnknownLoc::get(builder.getContext());
  auto [line, column] = sources.getLineAndColumn(place, buffer);
  StringRef file = sources.getMemoryBuffer(buffer)->getBufferIdentifier();
  return mlir::FileLineColLoc::get(builder.getContext(), file, line, column);
}

Location Emitter::named(StringRef name, SMLoc place) const {
  return mlir::NameLoc::get(mlir::StringAttr::get(builder.getContext(), name), at(place));
}

void Emitter::name(mlir::Value value, StringRef name) const {
  mlir::Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1 || isa<mlir::NameLoc>(op->getLoc()))
    return;
  op->setLoc(mlir::NameLoc::get(mlir::StringAttr::get(builder.getContext(), name), op->getLoc()));
}

//===- types --------------------------------------------------------------===//

static Format formatOf(NumberKind kind) {
  switch (kind) {
  case NumberKind::Integer:
    return Format::I32;
  case NumberKind::Real:
    return Format::F32;
  case NumberKind::Flag:
    return Format::I1;
  }
  llvm_unreachable("not a kind");
}

static mlir::Type makeType(mlir::MLIRContext *context, ArrayRef<NamedAxis> axes, Format format) {
  SmallVector<StringRef> names;
  SmallVector<int64_t> sizes;
  for (const NamedAxis &axis : axes) {
    names.push_back(axis.name);
    sizes.push_back(axis.isDynamic() ? NamedTensorType::kDynamic : axis.size);
  }
  return tensorType(context, names, sizes, format);
}

mlir::Type Emitter::type(ArrayRef<NamedAxis> axes, NumberKind kind) const {
  AxisList sorted(axes.begin(), axes.end());
  table.sort(sorted);
  return makeType(builder.getContext(), sorted, formatOf(kind));
}

std::optional<mlir::Type> Emitter::weightType(ArrayRef<NamedAxis> axes, StorageType stored) const {
  if (stored == StorageType::F8_E4M3) // its scales make it that: Float8.h
    stored = StorageType::BF16;
  std::optional<Format> format = symbolizeFormat(blockFacts(stored).name.lower());
  if (!format || *format == Format::I32)
    return std::nullopt;
  return makeType(builder.getContext(), axes, *format);
}

AxisList Emitter::axesOf(mlir::Value value) const {
  auto type = cast<NamedTensorType>(value.getType());
  AxisList axes;
  for (mlir::StringAttr name : type.getNames())
    axes.push_back(*table.find(name.getValue()));
  return axes;
}

NumberKind Emitter::kindOf(mlir::Value value) const {
  switch (cast<NamedTensorType>(value.getType()).getFormat()) {
  case Format::I32:
    return NumberKind::Integer;
  case Format::I1:
    return NumberKind::Flag;
  default:
    return NumberKind::Real;
  }
}

mlir::Type Emitter::typeOf(ArrayRef<NamedAxis> axes, mlir::Value like) const { return type(axes, kindOf(like)); }

mlir::ArrayAttr Emitter::names(ArrayRef<NamedAxis> axes) const {
  return mlir::OpBuilder(builder.getContext()).getStrArrayAttr(to_vector(map_range(axes, [](const NamedAxis &axis) {
    return axis.name;
  })));
}

//===- known values, integers along axes ----------------------------------===//

mlir::Value Emitter::constant(const ConstantTensor &tensor, Location loc) {
  if (isIota(tensor))
    return index(tensor.axes[0], loc);
  AxisList order = tensor.axes;
  table.sort(order);
  ConstantRef sorted = reorder(tensor, order);
  auto result = cast<NamedTensorType>(type(order, tensor.kind));
  auto shape = mlir::RankedTensorType::get(result.getSizes(), result.scalarType());
  SmallVector<mlir::Attribute> values;
  for (double value : sorted->values)
    values.push_back(tensor.kind == NumberKind::Real
                         ? mlir::Attribute(builder.getF32FloatAttr(float(value)))
                         : mlir::IntegerAttr::get(result.scalarType(), saturated(value, INT32_MIN, INT32_MAX)));
  return ConstantOp::create(builder, loc, result, mlir::DenseElementsAttr::get(shape, values));
}

mlir::Value Emitter::constant(Number number, Location loc) {
  return constant(ConstantTensor{{}, number.kind, {number.value}}, loc);
}

mlir::Value Emitter::weight(StringRef name, mlir::Type type, Location loc) {
  return WeightOp::create(builder, loc, type, builder.getStringAttr(name));
}

mlir::Value Emitter::position(NamedAxis axis, Location loc) {
  return PositionOp::create(builder, loc, type(axis, NumberKind::Integer), builder.getStringAttr(axis.name));
}

mlir::Value Emitter::index(NamedAxis axis, Location loc) {
  return IndexOp::create(builder, loc, type(axis, NumberKind::Integer), builder.getStringAttr(axis.name));
}

mlir::Value Emitter::extent(NamedAxis axis, Location loc) {
  return ExtentOp::create(builder, loc, type({}, NumberKind::Integer), builder.getStringAttr(axis.name));
}

//===- element by element -------------------------------------------------===//

/// The kinds that the arguments of `op` are brought to before it is emitted.
static SmallVector<NumberKind, 3> argumentKinds(MathOp op, ArrayRef<NumberKind> kinds, NumberKind result) {
  SmallVector<NumberKind, 3> wanted(kinds.begin(), kinds.end());
  auto common = [&](unsigned from) {
    for (unsigned i = from; i < kinds.size(); ++i)
      if (kinds[i] == NumberKind::Real)
        std::fill(wanted.begin() + from, wanted.end(), NumberKind::Real);
  };
  switch (op) {
  case MathOp::Lt:
  case MathOp::Le:
  case MathOp::Gt:
  case MathOp::Ge:
  case MathOp::Eq:
  case MathOp::Ne:
    common(0);
    break;
  case MathOp::Where:
    common(1);
    break;
  case MathOp::Floor:
  case MathOp::Ceil:
    break;
  default:
    std::fill(wanted.begin(), wanted.end(), result);
  }
  return wanted;
}

mlir::Value Emitter::map(MathOp op, ArrayRef<Operand> operands, ArrayRef<NamedAxis> axes, NumberKind kind,
                         Location loc) {
  SmallVector<mlir::Value> inputs;
  SmallVector<NumberKind, 3> kinds;
  for (const Operand &operand : operands) {
    if (auto value = std::get_if<mlir::Value>(&operand)) {
      kinds.push_back(kindOf(*value));
      if (!is_contained(inputs, *value))
        inputs.push_back(*value);
    } else {
      kinds.push_back(std::get<Number>(operand).kind);
    }
  }
  SmallVector<NumberKind, 3> wanted = argumentKinds(op, kinds, kind);

  auto made = MapOp::create(builder, loc, type(axes, kind), inputs);
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *block = builder.createBlock(&made.getBody());
  for (mlir::Value input : inputs)
    block->addArgument(cast<NamedTensorType>(input.getType()).scalarType(), loc);
  SmallVector<mlir::Value, 3> arguments;
  for (auto [operand, want] : zip(operands, wanted)) {
    if (auto value = std::get_if<mlir::Value>(&operand))
      arguments.push_back(convertScalar(builder, loc, block->getArgument(find(inputs, *value) - inputs.begin()), want));
    else
      arguments.push_back(constantScalar(builder, loc, std::get<Number>(operand), want));
  }
  YieldOp::create(builder, loc, emitMath(builder, loc, op, arguments));
  return made;
}

mlir::Value Emitter::spread(mlir::Value value, ArrayRef<NamedAxis> axes, NumberKind kind, Location loc) {
  auto made = MapOp::create(builder, loc, type(axes, kind), value);
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *block = builder.createBlock(&made.getBody());
  block->addArgument(cast<NamedTensorType>(value.getType()).scalarType(), loc);
  YieldOp::create(builder, loc, convertScalar(builder, loc, block->getArgument(0), kind));
  return made;
}

//===- over axes ----------------------------------------------------------===//

static AxisList without(AxisList axes, ArrayRef<NamedAxis> removed) {
  erase_if(axes, [&](const NamedAxis &axis) { return contains(removed, axis.name); });
  return axes;
}

mlir::Value Emitter::contract(mlir::Value left, mlir::Value right, ArrayRef<NamedAxis> over, Location loc) {
  AxisList axes = without(table.unite({axesOf(left), axesOf(right)}), over);
  return ContractOp::create(builder, loc, type(axes, NumberKind::Real), left, right, names(over));
}

mlir::Value Emitter::reduce(Reduction reduction, mlir::Value input, ArrayRef<NamedAxis> over, Location loc) {
  auto kind = reduction == Reduction::Sum    ? ReduceKind::Sum
              : reduction == Reduction::Mean ? ReduceKind::Mean
              : reduction == Reduction::Max  ? ReduceKind::Max
                                             : ReduceKind::Any;
  return ReduceOp::create(builder, loc, typeOf(without(axesOf(input), over), input), kind, input, names(over));
}

mlir::Value Emitter::softmax(mlir::Value input, mlir::Value extra, NamedAxis over, Location loc) {
  return SoftmaxOp::create(builder, loc, type(axesOf(input), NumberKind::Real), input, extra,
                           builder.getStringAttr(over.name));
}

mlir::Value Emitter::lookup(mlir::Value input, ArrayRef<NamedAxis> axes, ArrayRef<mlir::Value> indices,
                            Location loc) {
  SmallVector<AxisList, 3> parts{without(axesOf(input), axes)};
  for (mlir::Value index : indices)
    parts.push_back(axesOf(index));
  return LookupOp::create(builder, loc, typeOf(table.unite(parts), input), input, indices, names(axes));
}

mlir::Value Emitter::regroup(mlir::Value input, ArrayRef<NamedAxis> from, ArrayRef<NamedAxis> to, Location loc) {
  AxisList axes = without(axesOf(input), from);
  axes.append(to.begin(), to.end());
  return RegroupOp::create(builder, loc, typeOf(axes, input), input, names(from), names(to));
}

mlir::Value Emitter::slice(mlir::Value input, NamedAxis from, int64_t offset, NamedAxis to, Location loc) {
  AxisList axes = without(axesOf(input), from);
  axes.push_back(to);
  return SliceOp::create(builder, loc, typeOf(axes, input), input, builder.getStringAttr(from.name),
                         builder.getI64IntegerAttr(offset), builder.getStringAttr(to.name));
}

mlir::Value Emitter::concat(ArrayRef<mlir::Value> parts, ArrayRef<NamedAxis> from, NamedAxis to, Location loc) {
  AxisList axes = without(axesOf(parts[0]), from[0]);
  axes.push_back(to);
  return ConcatOp::create(builder, loc, typeOf(axes, parts[0]), parts, names(from), builder.getStringAttr(to.name));
}

mlir::Value Emitter::keep(mlir::Value input, NamedAxis from, NamedAxis to, StringRef cache, Location loc) {
  AxisList axes = without(axesOf(input), from);
  axes.push_back(to);
  return KeepOp::create(builder, loc, typeOf(axes, input), input, builder.getStringAttr(cache),
                        /*ring=*/mlir::IntegerAttr(), /*window=*/mlir::IntegerAttr());
}

std::pair<mlir::Value, mlir::Value> Emitter::top(mlir::Value input, NamedAxis from, NamedAxis to, Location loc) {
  AxisList axes = without(axesOf(input), from);
  axes.push_back(to);
  auto made = TopOp::create(builder, loc, typeOf(axes, input), type(axes, NumberKind::Integer), input,
                            builder.getStringAttr(from.name), builder.getStringAttr(to.name));
  return {made.getBest(), made.getWhere()};
}

void Emitter::tap(mlir::Value value, StringRef name, Location loc) {
  TapOp::create(builder, loc, value, builder.getStringAttr(name));
}
