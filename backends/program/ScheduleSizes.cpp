//===- ScheduleSizes.cpp - sizes of memrefs and grids ---------------------===//

#include "backends/program/Schedule.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>
#include <optional>

using namespace llvm;
using namespace heddle;

static constexpr int64_t mostRounding = 1 << 20;

namespace {
/// A dynamic dimension: "T"; "T:16", rounded up to a multiple; "C/16", ceil(C / 16).
struct Dim {
  format::Param param;
  int64_t multiple = 1;
  bool divided = false;
};
} // namespace

static std::optional<Dim> readDim(mlir::Attribute attribute) {
  auto attr = dyn_cast<mlir::StringAttr>(attribute);
  if (!attr)
    return std::nullopt;
  StringRef text = attr.getValue(), name = text.take_until([](char c) { return c == ':' || c == '/'; });
  Dim dim;
  dim.divided = text.drop_front(name.size()).starts_with("/");
  if (name != text && (text.drop_front(name.size() + 1).getAsInteger(10, dim.multiple) || dim.multiple < 1 ||
                       dim.multiple > mostRounding))
    return std::nullopt;
  for (format::Param param : {format::Param::T, format::Param::S, format::Param::C, format::Param::U})
    if (name == format::EnumNameParam(param)) {
      dim.param = param;
      return dim;
    }
  return std::nullopt;
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
      return createStringError("a dim must be 'T', 'S', 'C' or 'U', or rounded 'T:16', or divided 'C/16'");
    term.params.push_back(dim->param);
    // One number rounds all params of a term: a common multiple is no less than what each needs.
    int64_t round = std::lcm<int64_t>(term.round, dim->multiple);
    if (round > mostRounding)
      return createStringError("dims are rounded to a multiple of " + Twine(round));
    term.round = static_cast<uint32_t>(round);
    if (dim->divided)
      term.coefficient = divideCeil(term.coefficient, dim->multiple);
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
      axis.param = readDim(dims[dynamic++])->param;
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
