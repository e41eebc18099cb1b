//===- ScheduleSizes.cpp - sizes of memrefs and grids ---------------------===//

#include "backends/program/Schedule.h"
#include "ir/DynamicDim.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>
#include <optional>

using namespace llvm;
using namespace heddle;

static constexpr int64_t mostRounding = 1 << 20;

static std::optional<DynamicDim> readDim(mlir::Attribute attribute) {
  auto text = dyn_cast<mlir::StringAttr>(attribute);
  auto dim = text ? parseDynamicDim(text.getValue()) : std::nullopt;
  return dim && dim->factor <= mostRounding ? dim : std::nullopt;
}

static format::Param paramOf(const DynamicDim &dim) {
  for (format::Param param : {format::Param::T, format::Param::S, format::Param::C})
    if (dim.param == format::EnumNameParam(param))
      return param;
  return format::Param::U;
}

Expected<SmallVector<Factor, 2>> heddle::readFactors(mlir::ArrayAttr attribute) {
  SmallVector<Factor, 2> factors;
  for (mlir::Attribute one : attribute) {
    auto numbers = dyn_cast<mlir::DenseI64ArrayAttr>(one);
    ArrayRef<int64_t> values = numbers ? numbers.asArrayRef() : ArrayRef<int64_t>();
    if (values.size() != 3 || values[0] < 0 || values[0] > static_cast<int64_t>(format::Param::MAX) ||
        values[1] < 1 || values[1] > INT32_MAX || values[2] < 0)
      return createStringError("a factor must be [param 0..4, divide >= 1, times >= 0]");
    factors.push_back({static_cast<format::Param>(values[0]), static_cast<uint32_t>(values[1]),
                       static_cast<uint64_t>(values[2])});
  }
  return factors;
}

Expected<SizeTerms> heddle::sizeOfMemref(mlir::MemRefType type, mlir::ArrayAttr dims) {
  if ((dims ? dims.size() : 0) != static_cast<size_t>(type.getNumDynamicDims()))
    return createStringError("a memref with " + Twine(type.getNumDynamicDims()) + " dynamic dimensions has " +
                             Twine(dims ? dims.size() : 0) + " dims");
  SizeTerm term;
  term.coefficient = divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t size : type.getShape()) {
    int64_t product;
    if (mlir::ShapedType::isDynamic(size))
      continue;
    if (MulOverflow<int64_t>(term.coefficient, size, product))
      return createStringError("a memref is too large");
    term.coefficient = product;
  }
  for (mlir::Attribute attribute : dims ? dims.getValue() : ArrayRef<mlir::Attribute>()) {
    auto dim = readDim(attribute);
    if (!dim)
      return createStringError("a dim must be 'T', 'S', 'C' or 'U', or rounded 'T:16', or divided 'C/16', or "
                               "bounded 'C<64'");
    term.params.push_back(paramOf(*dim));
    // One number rounds all params of a term: a common multiple is no less than what each needs.
    int64_t round = std::lcm<int64_t>(term.round, dim->factor);
    if (round > mostRounding)
      return createStringError("dims are rounded to a multiple of " + Twine(round));
    term.round = static_cast<uint32_t>(round);
    if (dim->divided)
      term.coefficient = divideCeil(term.coefficient, dim->factor);
  }
  llvm::sort(term.params);
  return SizeTerms{term};
}

void heddle::growSize(SizeTerms &size, const SizeTerms &other) {
  for (const SizeTerm &term : other) {
    auto same = find_if(size, [&](const SizeTerm &known) {
      return known.params == term.params && known.round == term.round;
    });
    if (same == size.end())
      size.push_back(term);
    else
      same->coefficient = std::max(same->coefficient, term.coefficient);
  }
}

SmallVector<ScheduledAxis, 3> heddle::axesOfMemref(mlir::MemRefType type, mlir::ArrayAttr dims,
                                                   mlir::ArrayAttr names) {
  SmallVector<ScheduledAxis, 3> axes;
  unsigned dynamic = 0;
  for (auto [number, size] : enumerate(type.getShape())) {
    ScheduledAxis axis;
    if (mlir::ShapedType::isDynamic(size)) {
      axis.param = paramOf(*readDim(dims[dynamic++]));
      axis.name = format::EnumNameParam(axis.param);
    } else {
      axis.size = size;
    }
    if (names && number < names.size())
      if (auto name = dyn_cast<mlir::StringAttr>(names[number]))
        axis.name = name.str();
    axes.push_back(axis);
  }
  return axes;
}
