// Registration of the dialect, and its types: printing, parsing, verification.
#include "ir/Heddle.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace heddle;

#include "ir/HeddleDialect.cpp.inc"
#include "ir/HeddleEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "ir/HeddleTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/HeddleAttributes.cpp.inc"

namespace {
/// A page's functions may be inlined anywhere, and their ops with them.
struct HeddleInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};
} // namespace

void HeddleDialect::initialize() {
  addInterfaces<HeddleInliner>();
  addTypes<
#define GET_TYPEDEF_LIST
#include "ir/HeddleTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/HeddleAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/HeddleOps.cpp.inc"
      >();
}

//===- axes
//-----------------------------------------------------------------------------------------------------===//

SmallVector<StringRef> heddle::axisNames(ArrayAttr axes) {
  return llvm::map_to_vector(axes, [](Attribute axis) { return cast<StringAttr>(axis).getValue(); });
}

NamedTensorType heddle::tensorType(MLIRContext *context, ArrayRef<StringRef> names, ArrayRef<int64_t> sizes,
                                   Format format) {
  auto attrs = llvm::map_to_vector(names, [&](StringRef name) { return StringAttr::get(context, name); });
  return NamedTensorType::get(context, attrs, sizes, format);
}

int NamedTensorType::find(StringRef axis) const {
  for (auto [i, name] : llvm::enumerate(getNames()))
    if (name.getValue() == axis)
      return i;
  return -1;
}

int64_t NamedTensorType::size(StringRef axis) const { return getSizes()[find(axis)]; }

mlir::Type NamedTensorType::scalarType() const {
  if (getFormat() == Format::I32)
    return IntegerType::get(getContext(), 32);
  if (getFormat() == Format::I1)
    return IntegerType::get(getContext(), 1);
  return Float32Type::get(getContext());
}

NamedTensorType NamedTensorType::withFormat(Format format) const {
  return get(getContext(), getNames(), getSizes(), format);
}

NamedTensorType NamedTensorType::without(ArrayRef<StringRef> axes) const {
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes;
  for (auto [name, size] : llvm::zip(getNames(), getSizes()))
    if (!llvm::is_contained(axes, name.getValue())) {
      names.push_back(name);
      sizes.push_back(size);
    }
  return get(getContext(), names, sizes, getFormat());
}

int64_t NamedTensorType::count() const {
  int64_t product = 1;
  for (int64_t size : getSizes())
    product *= size;
  return product;
}

//===- !heddle.tensor<T, kv = 3, "hd/2" = 32 : q4_1>
//---------------------------------------------------------------===//

/// tensor = "<" [ axis { "," axis } ] [ ":" format ] ">" ;  axis = ( NAME | STRING ) [ "=" INT ]
mlir::Type NamedTensorType::parse(AsmParser &parser) {
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes;
  Format format = Format::F32;
  auto parseAxis = [&]() -> ParseResult {
    std::string name;
    if (failed(parser.parseOptionalKeywordOrString(&name)))
      return parser.emitError(parser.getCurrentLocation(), "expected an axis");
    int64_t size = kDynamic;
    if (succeeded(parser.parseOptionalEqual()) && failed(parser.parseInteger(size)))
      return failure();
    names.push_back(StringAttr::get(parser.getContext(), name));
    sizes.push_back(size);
    return success();
  };
  SMLoc loc = parser.getCurrentLocation();
  if (failed(parser.parseLess()))
    return {};
  bool done = succeeded(parser.parseOptionalGreater());
  if (!done && failed(parser.parseOptionalColon())) {
    if (failed(parser.parseCommaSeparatedList(parseAxis)))
      return {};
    done = succeeded(parser.parseOptionalGreater());
    if (!done && failed(parser.parseColon()))
      return {};
  }
  if (!done) {
    StringRef keyword;
    if (failed(parser.parseKeyword(&keyword)))
      return {};
    std::optional<Format> known = symbolizeFormat(keyword);
    if (!known)
      return parser.emitError(loc, "no format is called '") << keyword << "'", Type();
    format = *known;
    if (failed(parser.parseGreater()))
      return {};
  }
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), names, sizes, format);
}

static bool isPlainName(StringRef name) {
  return !name.empty() && (llvm::isAlpha(name[0]) || name[0] == '_') &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

void NamedTensorType::print(AsmPrinter &printer) const {
  printer << "<";
  llvm::interleaveComma(llvm::zip(getNames(), getSizes()), printer, [&](auto axis) {
    auto [name, size] = axis;
    if (isPlainName(name.getValue()))
      printer << name.getValue();
    else
      printer.printString(name.getValue());
    if (size != kDynamic)
      printer << " = " << size;
  });
  if (getFormat() != Format::F32)
    printer << (getNames().empty() ? ": " : " : ") << stringifyFormat(getFormat());
  printer << ">";
}

LogicalResult NamedTensorType::verify(function_ref<InFlightDiagnostic()> emitError,
                                      ArrayRef<StringAttr> names, ArrayRef<int64_t> sizes, Format format) {
  if (names.size() != sizes.size())
    return emitError() << "expected a size for each axis";
  llvm::StringSet<> seen;
  for (auto [name, size] : llvm::zip(names, sizes)) {
    if (!seen.insert(name.getValue()).second)
      return emitError() << "axis '" << name.getValue() << "' stands twice";
    if (isDynamicAxis(name.getValue()) != (size == kDynamic))
      return emitError() << "axis '" << name.getValue() << "' "
                         << (size == kDynamic ? "must have a size" : "has no size when compiling");
    if (size != kDynamic && size < 0)
      return emitError() << "axis '" << name.getValue() << "' has a negative size";
  }
  return success();
}
