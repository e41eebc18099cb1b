// slice-weights: parts and regroupings of weights become weights of their own.
//
// A heddle.stored says for each axis how an index moves through the checkpoint's tensor, as digits (size,
// stride). A slice takes part of a digit, a regroup deals the digits out to other axes: both only change the
// view. Steps, for each slice or regroup of a heddle.weight: change the view of every stored weight that it
// names (one for each layer of that kind); if all can be changed, add them under a new name and use that.
// What cannot be expressed (a part across two digits) is left as it is and read element by element.
#include "passes/kernels/Passes.h"
#include "llvm/ADT/SmallSet.h"

namespace heddle {
#define GEN_PASS_DEF_SLICEWEIGHTS
#include "passes/kernels/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

using Digits = SmallVector<std::pair<int64_t, int64_t>>; // (size, stride), outermost first

Digits digitsOf(Attribute attr) {
  Digits digits;
  ArrayRef<int64_t> flat = cast<DenseI64ArrayAttr>(attr).asArrayRef();
  for (size_t i = 0; i + 1 < flat.size(); i += 2)
    digits.push_back({flat[i], flat[i + 1]});
  return digits;
}

Attribute attrOf(const Digits &digits, MLIRContext *context) {
  SmallVector<int64_t> flat;
  for (auto [size, stride] : digits)
    llvm::append_values(flat, size, stride);
  return DenseI64ArrayAttr::get(context, flat);
}

/// Indices [offset, offset + count) of an axis: its digits, and what is to be added to the view's offset.
std::optional<std::pair<Digits, int64_t>> slice(Digits digits, int64_t offset, int64_t count) {
  int64_t inner = 1, start = 0;
  for (auto [size, stride] : digits)
    inner *= size;
  while (!digits.empty()) {
    auto [size, stride] = digits.front();
    if (stride < 0)
      return std::nullopt;
    inner /= size;
    if (offset % inner == 0 && count % inner == 0) {
      digits.front().first = count / inner;
      return std::pair(digits, start + offset / inner * stride);
    }
    if (offset / inner != (offset + count - 1) / inner)
      return std::nullopt;
    start += offset / inner * stride;
    offset %= inner;
    digits.erase(digits.begin());
  }
  return std::nullopt;
}

/// Deals the digits of joined axes out to axes of these sizes.
std::optional<SmallVector<Digits>> deal(Digits digits, ArrayRef<int64_t> sizes) {
  SmallVector<Digits> axes;
  for (int64_t size : sizes) {
    Digits axis;
    int64_t wanted = size;
    while (wanted > 1) {
      if (digits.empty())
        return std::nullopt;
      auto &[have, stride] = digits.front();
      if (wanted % have == 0) {
        axis.push_back({have, stride});
        wanted /= have;
        digits.erase(digits.begin());
      } else if (have % wanted == 0 && stride >= 0) {
        axis.push_back({wanted, stride * (have / wanted)});
        have /= wanted;
        wanted = 1;
      } else {
        return std::nullopt;
      }
    }
    axes.push_back(axis);
  }
  for (auto [size, stride] : digits)
    if (size != 1)
      return std::nullopt;
  return axes;
}

struct View {
  SmallVector<Attribute> digits;
  int64_t offset;
};

std::optional<View> viewOf(SliceOp op, StoredOp stored) {
  auto type = cast<NamedTensorType>(stored.getType());
  View view{llvm::to_vector(stored.getDigits()), static_cast<int64_t>(stored.getOffset())};
  int place = type.find(op.getFrom());
  auto part = slice(digitsOf(view.digits[place]), op.getOffset(), op.getResult().getType().size(op.getTo()));
  if (!part)
    return std::nullopt;
  view.digits[place] = attrOf(part->first, op.getContext());
  view.offset += part->second;
  return view;
}

std::optional<View> viewOf(RegroupOp op, StoredOp stored) {
  auto type = cast<NamedTensorType>(stored.getType());
  auto result = cast<NamedTensorType>(op.getResult().getType());
  Digits joined;
  for (StringRef axis : axisNames(op.getFrom()))
    llvm::append_range(joined, digitsOf(stored.getDigits()[type.find(axis)]));
  auto sizes = llvm::map_to_vector(axisNames(op.getTo()), [&](StringRef axis) { return result.size(axis); });
  auto dealt = deal(joined, sizes);
  if (!dealt)
    return std::nullopt;
  View view{{}, static_cast<int64_t>(stored.getOffset())};
  SmallVector<StringRef> names = axisNames(op.getTo());
  for (StringAttr name : result.getNames()) {
    auto found = llvm::find(names, name.getValue());
    if (found != names.end())
      view.digits.push_back(attrOf((*dealt)[found - names.begin()], op.getContext()));
    else
      view.digits.push_back(stored.getDigits()[type.find(name)]);
  }
  return view;
}

struct SliceWeightsPass : heddle::impl::SliceWeightsBase<SliceWeightsPass> {
  void runOnOperation() override {
    for (Operation &function : getOperation().getOps())
      if (isa<LayerOp, EntryOp>(function))
        function.walk([&](Operation *op) {
          if (auto part = dyn_cast<SliceOp>(op))
            resolve(part, part.getTo());
          else if (auto regroup = dyn_cast<RegroupOp>(op))
            resolve(regroup, regroup.getTo().empty() ? StringRef() : axisNames(regroup.getTo()).back());
        });
  }

  /// The stored weights that a heddle.weight of this function means.
  SmallVector<StoredOp> meant(WeightOp weight) {
    SmallVector<StoredOp> found;
    SymbolTable symbols(getOperation());
    auto layer = weight->getParentOfType<LayerOp>();
    if (!layer) {
      if (auto stored = symbols.lookup<StoredOp>(weight.getName()))
        found.push_back(stored);
      return found;
    }
    llvm::SmallSet<int64_t, 8> seen;
    getOperation().walk([&](InvokeOp invoke) {
      if (invoke.getLayer() != layer.getSymName() || !seen.insert(invoke.getIndex()).second)
        return;
      std::string name = (layer.getKind() + "." + Twine(invoke.getIndex()) + "." + weight.getName()).str();
      if (auto stored = symbols.lookup<StoredOp>(name))
        found.push_back(stored);
    });
    if (found.empty()) // a weight that all layers share
      if (auto stored = symbols.lookup<StoredOp>(weight.getName()))
        found.push_back(stored);
    return found;
  }

  template <typename Op> void resolve(Op op, StringRef tag) {
    auto weight = op.getInput().template getDefiningOp<WeightOp>();
    if (!weight)
      return;
    SmallVector<std::pair<StoredOp, View>> views;
    for (StoredOp stored : meant(weight)) {
      std::optional<View> view = viewOf(op, stored);
      if (!view)
        return;
      views.push_back({stored, *view});
    }
    if (views.empty())
      return;
    std::string suffix = "." + tag.str();
    if constexpr (std::is_same_v<Op, SliceOp>)
      suffix += "@" + std::to_string(op.getOffset());
    SymbolTable symbols(getOperation());
    for (auto &[stored, view] : views) {
      std::string name = (stored.getSymName() + suffix).str();
      if (symbols.lookup(name))
        continue;
      OpBuilder builder(stored);
      builder.setInsertionPointAfter(stored);
      auto type = cast<NamedTensorType>(op.getResult().getType())
                      .withFormat(cast<NamedTensorType>(stored.getType()).getFormat());
      auto part = StoredOp::create(builder, stored.getLoc(), name, type, stored.getTensors(), view.offset,
                                   builder.getArrayAttr(view.digits), stored.getScale(), stored.getAdd());
      part->setDiscardableAttrs(stored->getDiscardableAttrDictionary()); // what it is to be quantised to
    }
    OpBuilder builder(op);
    auto part =
        WeightOp::create(builder, op.getLoc(), op.getResult().getType(), (weight.getName() + suffix).str());
    op.getResult().replaceAllUsesWith(part.getResult());
    op.erase();
    if (weight->use_empty())
      weight.erase();
    ++numViews;
  }
};

} // namespace
