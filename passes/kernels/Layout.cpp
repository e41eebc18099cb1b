#include "passes/kernels/Layout.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace heddle;

Layout Layout::parse(StringRef text, NamedTensorType type, KeepOp keep) {
  Layout layout;
  SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  for (auto [place, word] : llvm::enumerate(words)) {
    LayoutDim dim;
    StringRef axis = word;
    // An axis may itself be called hd/2: only T, S and U are cut in blocks.
    if (word.size() > 1 && isDynamicAxis(word.take_front(1)) && (word[1] == '/' || word[1] == '%')) {
      axis = word.take_front(1);
      (void)word.drop_front(2).getAsInteger(10, word[1] == '/' ? dim.divide : dim.modulo);
    }
    dim.axis = axis.str();
    dim.size = type.size(axis);
    if (dim.modulo) {
      dim.size = dim.modulo;
    } else if (dim.size == NamedTensorType::kDynamic) {
      bool cached = keep && axis == "S";
      dim.dynamic = cached ? "C" : axis.str();
      if (cached && keep.getRing()) {
        dim.ring = *keep.getRing();
        dim.dynamic += "<" + std::to_string(dim.ring);
      }
      if (dim.divide > 1)
        dim.dynamic += "/" + std::to_string(dim.divide);
      else if (place + 1 == words.size() && !cached)
        dim.dynamic += ":16";
    }
    layout.dims.push_back(dim);
  }
  return layout;
}

MemRefType Layout::memref(Type element) const {
  auto shape = llvm::map_to_vector(dims, [](const LayoutDim &dim) { return dim.size; });
  return MemRefType::get(shape, element);
}

SmallVector<Attribute> Layout::dynamicDims(MLIRContext *context) const {
  SmallVector<Attribute> names;
  for (const LayoutDim &dim : dims)
    if (dim.size == ShapedType::kDynamic)
      names.push_back(StringAttr::get(context, dim.dynamic));
  return names;
}

AxisOrder::AxisOrder(ModuleOp module) {
  for (auto stored : module.getOps<StoredOp>())
    for (StringAttr axis : cast<NamedTensorType>(stored.getType()).getNames())
      ranks.try_emplace(axis, ranks.size());
}

int64_t AxisOrder::rank(StringRef axis) const {
  auto found = ranks.find(axis);
  if (found == ranks.end())
    found = ranks.find(axis.split('/').first);
  return found == ranks.end() ? -1 : found->second;
}

std::string heddle::defaultLayout(NamedTensorType type, bool plain, const AxisOrder &order) {
  SmallVector<StringRef> fixed, sequences;
  for (StringRef axis : {"T", "U", "S"})
    if (type.has(axis))
      sequences.push_back(axis);
  for (StringAttr axis : type.getNames())
    if (!isDynamicAxis(axis))
      fixed.push_back(axis);
  llvm::stable_sort(fixed, [&](StringRef a, StringRef b) { return order.rank(a) < order.rank(b); });
  if (plain) { // ... S T
    std::reverse(sequences.begin(), sequences.end());
    llvm::append_range(fixed, sequences);
    return llvm::join(fixed, " ");
  }
  llvm::append_range(sequences, fixed);
  return llvm::join(sequences, " ");
}
