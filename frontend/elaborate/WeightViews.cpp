//===- WeightViews.cpp - stored tensors seen as weights -------------------===//

#include "frontend/elaborate/WeightViews.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

AxisList StoredView::axisList() const {
  AxisList list;
  for (const ViewAxis &axis : axes)
    list.push_back(axis.axis);
  return list;
}

//===- dimensions ---------------------------------------------------------===//

static std::optional<int64_t> sizeOf(const DimProduct &product) {
  int64_t size = 1;
  for (const DimFactor &factor : product.factors) {
    int64_t own = factor.axis.name.empty() ? 1 : factor.axis.size;
    if (factor.sum) {
      std::optional<int64_t> inner = elaboration::sizeOf(*factor.sum);
      if (!inner)
        return std::nullopt;
      own = *inner;
    }
    if (own < 0 || MulOverflow(size, own, size))
      return std::nullopt;
  }
  return size;
}

std::optional<int64_t> heddle::elaboration::sizeOf(const DimSum &sum) {
  int64_t size = 0;
  for (const DimProduct &term : sum.terms) {
    std::optional<int64_t> own = ::sizeOf(term);
    if (!own || AddOverflow(size, *own, size))
      return std::nullopt;
  }
  return size;
}

namespace {
/// One way through the sums of some dimensions.
struct Choice {
  int64_t offset = 0;
  SmallVector<ViewAxis, 4> axes;
};
using Choices = std::vector<Choice>;
} // namespace

static Choices crossed(const Choices &outer, const Choices &inner) {
  Choices all;
  for (const Choice &a : outer)
    for (const Choice &b : inner) {
      Choice both = a;
      both.offset += b.offset;
      both.axes.append(b.axes.begin(), b.axes.end());
      all.push_back(std::move(both));
    }
  return all;
}

static Choices choicesOf(const DimSum &sum, int64_t stride);

static Choices choicesOf(const DimProduct &product, int64_t stride) {
  Choices all(1);
  for (const DimFactor &factor : reverse(product.factors)) {
    if (factor.sum) {
      all = crossed(choicesOf(*factor.sum, stride), all);
      stride *= *elaboration::sizeOf(*factor.sum);
    } else if (!factor.axis.name.empty()) {
      Choices own(1);
      own[0].axes.push_back({factor.axis, {{factor.axis.size, stride}}});
      all = crossed(own, all);
      stride *= factor.axis.size;
    }
  }
  return all;
}

static Choices choicesOf(const DimSum &sum, int64_t stride) {
  Choices all;
  int64_t before = 0;
  for (const DimProduct &term : sum.terms) {
    for (Choice &choice : choicesOf(term, stride)) {
      choice.offset += before * stride;
      all.push_back(std::move(choice));
    }
    before += *::sizeOf(term);
  }
  return all;
}

/// Takes the axes that the tensor's name lists out of the dimensions; a dimension of nothing else vanishes.
static SmallVector<DimSum, 4> withoutListed(ArrayRef<DimSum> dims, ArrayRef<NamedAxis> listed) {
  SmallVector<DimSum, 4> kept;
  for (DimSum dim : dims) {
    bool emptied = false;
    if (dim.terms.size() == 1) {
      auto &factors = dim.terms[0].factors;
      size_t before = factors.size();
      erase_if(factors, [&](const DimFactor &factor) { return contains(listed, factor.axis.name); });
      emptied = factors.empty() && before != 0;
    }
    if (!emptied)
      kept.push_back(std::move(dim));
  }
  return kept;
}

/// Leaves out digits that never move, and joins neighbours that count as one.
static void simplify(ViewAxis &axis) {
  SmallVector<Digit, 2> digits;
  for (Digit digit : axis.digits) {
    if (digit.size == 1)
      continue;
    bool follows = !digits.empty() && digit.stride > 0 && digits.back().stride == digit.size * digit.stride;
    if (follows)
      digits.back() = {digits.back().size * digit.size, digit.stride};
    else
      digits.push_back(digit);
  }
  axis.digits = std::move(digits);
}

std::optional<std::vector<ViewRef>> heddle::elaboration::shapeView(const StoredView &view, ArrayRef<DimSum> dims,
                                                                 SmallVectorImpl<int64_t> &expected) {
  SmallVector<DimSum, 4> own = withoutListed(dims, view.listed);
  for (const DimSum &dim : own)
    expected.push_back(elaboration::sizeOf(dim).value_or(-1));
  if (ArrayRef(expected) != ArrayRef(view.first().shape))
    return std::nullopt;
  Choices all(1);
  int64_t stride = 1;
  for (auto [dim, size] : zip(reverse(own), reverse(expected))) {
    all = crossed(choicesOf(dim, stride), all);
    stride *= size;
  }
  std::vector<ViewRef> views;
  for (Choice &choice : all) {
    auto shaped = std::make_shared<StoredView>(view);
    shaped->shaped = true;
    shaped->offset = choice.offset;
    for (const NamedAxis &axis : view.listed)
      shaped->axes.push_back({axis, {{axis.size, chooseTensor}}});
    shaped->axes.append(choice.axes.begin(), choice.axes.end());
    for (ViewAxis &axis : shaped->axes)
      simplify(axis);
    views.push_back(std::move(shaped));
  }
  return views;
}

//===- axes ---------------------------------------------------------------===//

static const ViewAxis &axisOf(const StoredView &view, NamedAxis axis) {
  return view.axes[elaboration::find(view.axisList(), axis.name)];
}

/// Takes the outermost digits that count to `size` off `digits`; false where a digit would have to be cut in two
/// unequal parts.
static bool takeDigits(SmallVectorImpl<Digit> &digits, int64_t size, SmallVectorImpl<Digit> &taken) {
  while (size > 1) {
    if (digits.empty())
      return false;
    Digit &outer = digits.front();
    if (size % outer.size == 0) {
      size /= outer.size;
      taken.push_back(outer);
      digits.erase(digits.begin());
      continue;
    }
    if (outer.size % size != 0 || outer.stride == chooseTensor)
      return false;
    int64_t inner = outer.size / size;
    taken.push_back({size, outer.stride * inner});
    outer.size = inner;
    return true;
  }
  return true;
}

ViewRef heddle::elaboration::regroupView(const StoredView &view, ArrayRef<NamedAxis> from, ArrayRef<NamedAxis> to) {
  SmallVector<Digit, 4> digits;
  for (const NamedAxis &axis : from)
    append_range(digits, axisOf(view, axis).digits);
  auto result = std::make_shared<StoredView>(view);
  erase_if(result->axes, [&](const ViewAxis &axis) { return contains(from, axis.axis.name); });
  for (const NamedAxis &axis : to) {
    ViewAxis made{axis, {}};
    if (!takeDigits(digits, axis.size, made.digits))
      return nullptr;
    simplify(made);
    result->axes.push_back(std::move(made));
  }
  return result;
}

ViewRef heddle::elaboration::sliceView(const StoredView &view, NamedAxis from, int64_t offset, NamedAxis to) {
  auto result = std::make_shared<StoredView>(view);
  ViewAxis &axis = result->axes[elaboration::find(view.axisList(), from.name)];
  axis.axis = to;
  if (to.size == from.size)
    return result;
  if (axis.digits.size() != 1 || axis.digits[0].stride == chooseTensor)
    return nullptr;
  result->offset += offset * axis.digits[0].stride;
  axis.digits[0].size = to.size;
  simplify(axis);
  return result;
}

ViewRef heddle::elaboration::orderView(const StoredView &view, ArrayRef<NamedAxis> order) {
  auto result = std::make_shared<StoredView>(view);
  result->axes.clear();
  for (const NamedAxis &axis : order)
    result->axes.push_back(axisOf(view, axis));
  return result;
}

//===- numbers ------------------------------------------------------------===//

/// The tensors' elements, one tensor after the other.
static std::vector<float> readTensors(const StoredView &view) {
  int64_t count = view.first().elements();
  std::vector<float> all(size_t(count) * view.tensors.size());
  for (auto [i, tensor] : enumerate(view.tensors))
    dequantize(*tensor, 0, count, all.data() + i * count);
  return all;
}

ConstantRef heddle::elaboration::readView(const StoredView &view) {
  int64_t total;
  if (MulOverflow(view.first().elements(), int64_t(view.tensors.size()), total) || total > largestConstant)
    return nullptr;
  std::vector<float> all = readTensors(view);
  auto result = std::make_shared<ConstantTensor>();
  result->axes = view.axisList();

  // All digits from the outermost to the innermost; where several choose a tensor, the outermost counts most.
  SmallVector<Digit, 8> digits;
  for (const ViewAxis &axis : view.axes)
    append_range(digits, axis.digits);
  int64_t perTensor = view.first().elements();
  for (Digit &digit : reverse(digits))
    if (digit.stride == chooseTensor) {
      digit.stride = perTensor;
      perTensor *= digit.size;
    }
  int64_t count = *product(result->axes);
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = view.offset, index = i;
    for (const Digit &digit : reverse(digits)) {
      place += index % digit.size * digit.stride;
      index /= digit.size;
    }
    result->values.push_back(double(all[place]) * view.scale + view.add);
  }
  return result;
}

bool heddle::elaboration::sameNumbers(const StoredView &a, const StoredView &b) {
  auto sameAxis = [](const ViewAxis &x, const ViewAxis &y) { return x.axis == y.axis && x.digits == y.digits; };
  return a.tensors == b.tensors && a.offset == b.offset && a.scale == b.scale && a.add == b.add &&
         a.axes.size() == b.axes.size() && all_of_zip(a.axes, b.axes, sameAxis);
}
