// Each view is read and compared with what the layout means, written as plain loops.
#include "frontend/elaborate/WeightViews.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>
#include <deque>
#include <gtest/gtest.h>

using namespace heddle;
using namespace heddle::elaboration;

namespace {

/// Stored tensors of float32 that hold 0, 1, 2, ... from a start on.
class Stored {
public:
  const StoredTensor *add(llvm::ArrayRef<int64_t> shape, float start = 0) {
    StoredTensor &tensor = tensors.emplace_back();
    tensor.name = "t" + std::to_string(tensors.size());
    tensor.shape.assign(shape.begin(), shape.end());
    std::vector<uint8_t> &bytes = storage.emplace_back(size_t(tensor.elements()) * 4);
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      float value = start + float(i);
      std::memcpy(bytes.data() + 4 * i, &value, 4);
    }
    tensor.bytes = bytes;
    return &tensor;
  }

private:
  std::deque<StoredTensor> tensors;
  std::deque<std::vector<uint8_t>> storage;
};

DimFactor axis(NamedAxis axis) { return {axis, nullptr}; }
DimFactor one() { return {}; }
DimSum dim(llvm::ArrayRef<DimFactor> factors) {
  DimSum sum;
  sum.terms.emplace_back().factors.append(factors.begin(), factors.end());
  return sum;
}
DimFactor sum(llvm::ArrayRef<DimSum> terms) {
  auto all = std::make_shared<DimSum>();
  for (const DimSum &term : terms)
    all->terms.push_back(term.terms.front());
  return {{}, all};
}

StoredView raw(llvm::ArrayRef<const StoredTensor *> tensors) {
  StoredView view;
  view.tensors.assign(tensors.begin(), tensors.end());
  return view;
}

std::vector<ViewRef> shape(const StoredView &view, llvm::ArrayRef<DimSum> dims) {
  llvm::SmallVector<int64_t, 4> expected;
  auto views = shapeView(view, dims, expected);
  EXPECT_TRUE(views.has_value());
  return views.value_or(std::vector<ViewRef>());
}

const NamedAxis kv{"kv", 2}, group{"group", 3}, hd{"hd", 8}, half{"hd/2", 4}, two{"two", 2}, d{"d", 5};

TEST(WeightViews, RotaryPairsSideBySide) { // GGUF: [kv group hd/2 two, d] as [two hd/2 -> hd]
  Stored stored;
  auto views = shape(raw(stored.add({48, 5})),
                     {dim({axis(kv), axis(group), axis(half), axis(two)}), dim({axis(d)})});
  ASSERT_EQ(views.size(), 1u);
  ViewRef view = regroupView(*views[0], {two, half}, {hd});
  ASSERT_TRUE(view);
  view = orderView(*view, {kv, group, hd, d});
  EXPECT_EQ(view->axes[2].digits.size(), 2u);
  ConstantRef read = readView(*view);
  size_t at = 0;
  for (int k = 0; k < 2; ++k)
    for (int g = 0; g < 3; ++g)
      for (int h = 0; h < 8; ++h)
        for (int c = 0; c < 5; ++c) {
          int row = ((k * 3 + g) * 4 + h % 4) * 2 + h / 4;
          ASSERT_EQ(read->values[at++], row * 5 + c) << k << g << h << c;
        }
}

TEST(WeightViews, FusedByGroup) { // Falcon: [kv (group hd | hd | hd), d]
  Stored stored;
  auto views = shape(raw(stored.add({2 * (3 + 2) * 8, 5})),
                     {dim({axis(kv), sum({dim({axis(group), axis(hd)}), dim({axis(hd)}), dim({axis(hd)})})}),
                      dim({axis(d)})});
  ASSERT_EQ(views.size(), 3u);
  ConstantRef q = readView(*views[0]), k = readView(*views[1]), v = readView(*views[2]);
  size_t at = 0;
  for (int n = 0; n < 2; ++n)
    for (int g = 0; g < 3; ++g)
      for (int h = 0; h < 8; ++h)
        for (int c = 0; c < 5; ++c)
          ASSERT_EQ(q->values[at++], (n * 40 + g * 8 + h) * 5 + c);
  at = 0;
  for (int n = 0; n < 2; ++n)
    for (int h = 0; h < 8; ++h)
      for (int c = 0; c < 5; ++c, ++at) {
        ASSERT_EQ(k->values[at], (n * 40 + 24 + h) * 5 + c);
        ASSERT_EQ(v->values[at], (n * 40 + 32 + h) * 5 + c);
      }
}

TEST(WeightViews, Interleaved) { // gpt-oss: [E, d, ffn (1 | 1)]
  const NamedAxis experts{"E", 3}, ffn{"ffn", 4};
  Stored stored;
  auto views = shape(raw(stored.add({3, 5, 8})),
                     {dim({axis(experts)}), dim({axis(d)}), dim({axis(ffn), sum({dim({one()}), dim({one()})})})});
  ASSERT_EQ(views.size(), 2u);
  ConstantRef gate = readView(*views[0]), up = readView(*views[1]);
  size_t at = 0;
  for (int e = 0; e < 3; ++e)
    for (int c = 0; c < 5; ++c)
      for (int f = 0; f < 4; ++f, ++at) {
        ASSERT_EQ(gate->values[at], (e * 5 + c) * 8 + 2 * f);
        ASSERT_EQ(up->values[at], (e * 5 + c) * 8 + 2 * f + 1);
      }
}

TEST(WeightViews, OneTensorAnExpert) { // "experts.{E}.w"
  const NamedAxis experts{"E", 3};
  Stored stored;
  StoredView list = raw({stored.add({8, 5}, 0), stored.add({8, 5}, 100), stored.add({8, 5}, 200)});
  list.listed = {experts};
  auto views = shape(list, {dim({axis(experts)}), dim({axis(hd)}), dim({axis(d)})});
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0]->axes[0].digits[0].stride, chooseTensor);
  ConstantRef read = readView(*orderView(*views[0], {hd, experts, d}));
  size_t at = 0;
  for (int h = 0; h < 8; ++h)
    for (int e = 0; e < 3; ++e)
      for (int c = 0; c < 5; ++c)
        ASSERT_EQ(read->values[at++], 100 * e + h * 5 + c);
}

TEST(WeightViews, ListOfTwoAxesGoesIntoAProduct) { // "norms.{kv group}.w" for [kv group hd]
  Stored stored;
  std::vector<const StoredTensor *> tensors;
  for (int i = 0; i < 6; ++i)
    tensors.push_back(stored.add({8}, 100 * i));
  StoredView list = raw(tensors);
  list.listed = {kv, group};
  auto views = shape(list, {dim({axis(kv), axis(group), axis(hd)})});
  ASSERT_EQ(views.size(), 1u);
  ConstantRef read = readView(*views[0]);
  for (int i = 0; i < 48; ++i)
    ASSERT_EQ(read->values[i], 100 * (i / 8) + i % 8);
}

TEST(WeightViews, ScaleAndAdd) {
  Stored stored;
  StoredView view = *shape(raw(stored.add({5})), {dim({axis(d)})})[0];
  view.scale = 2, view.add = 1;
  EXPECT_EQ(readView(view)->values, (std::vector<double>{1, 3, 5, 7, 9}));
}

TEST(WeightViews, OtherShapeIsRefused) {
  Stored stored;
  llvm::SmallVector<int64_t, 4> expected;
  EXPECT_FALSE(shapeView(raw(stored.add({8, 4})), {dim({axis(hd)}), dim({axis(d)})}, expected));
  EXPECT_EQ(expected, (llvm::SmallVector<int64_t, 4>{8, 5}));
  expected.clear();
  EXPECT_FALSE(shapeView(raw(stored.add({8, 5, 1})), {dim({axis(hd)}), dim({axis(d)})}, expected));
  expected.clear();
  EXPECT_FALSE(shapeView(raw(stored.add({40})), {dim({axis(hd)}), dim({axis(d)})}, expected));
}

TEST(WeightViews, OverflowingDimensionsAreRefused) {
  const NamedAxis huge{"huge", int64_t(1) << 40};
  Stored stored;
  llvm::SmallVector<int64_t, 4> expected;
  EXPECT_FALSE(shapeView(raw(stored.add({4})), {dim({axis(huge), axis(huge)})}, expected));
  EXPECT_EQ(expected[0], -1);
}

TEST(WeightViews, SplitsOneDigitAtAnyPlaceThatDivides) {
  const NamedAxis outer{"outer", 2}, inner{"inner", 4};
  Stored stored;
  auto view = shape(raw(stored.add({8, 5})), {dim({axis(hd)}), dim({axis(d)})})[0];
  ViewRef split = regroupView(*view, {hd}, {outer, inner});
  ASSERT_TRUE(split);
  ConstantRef read = readView(*orderView(*split, {inner, outer, d}));
  for (int i = 0; i < 4; ++i)
    for (int o = 0; o < 2; ++o)
      EXPECT_EQ(read->values[(i * 2 + o) * 5], (o * 4 + i) * 5);
  ViewRef back = regroupView(*split, {outer, inner}, {hd});
  EXPECT_EQ(back->axes.back().digits, view->axes.front().digits);
}

TEST(WeightViews, SliceOfOneDigit) {
  const NamedAxis rest{"rest", 3};
  Stored stored;
  auto view = shape(raw(stored.add({8, 5})), {dim({axis(hd)}), dim({axis(d)})})[0];
  ConstantRef read = readView(*sliceView(*view, hd, 5, rest));
  EXPECT_EQ(read->axes[0].name, "rest");
  EXPECT_EQ(read->values.front(), 25);
  EXPECT_EQ(read->values.back(), 39);
}

TEST(WeightViews, SliceAcrossDigitsIsNoMatterOfStrides) {
  const NamedAxis rest{"rest", 3};
  Stored stored;
  auto view = shape(raw(stored.add({8, 5})), {dim({axis(half), axis(two)}), dim({axis(d)})})[0];
  EXPECT_FALSE(sliceView(*regroupView(*view, {two, half}, {hd}), hd, 5, rest));
}

} // namespace
