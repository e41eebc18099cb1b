// absorb-products: a product of three factors is taken in the order that costs least.
//
// Terms: in contract(x, contract(w, y)) with a weight w and computed x and y, w is *absorbed* into x where x
// * w is taken first. A contraction costs as many multiplications as its axes have indices together; T counts
// as 1 in decode, T, S and U as kMany otherwise: what a call has is not known when compiling.
//
// Latent attention is the case in point: keys w * y and values w * y of all positions are made from one short
// vector y a position. For one token it is cheaper to bring the query to y's axes, and back what the weights
// of the softmax take from y. For many tokens it is not, as y is longer than a head's keys.
//
// Steps, for each such contraction: compare the three orders; take the cheapest. An axis is summed over in
// the first contraction that has all factors with it.
//
// Expects specialize-variants: decode is judged on its own. Sums are associated differently.
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Explain.h"

namespace heddle {
#define GEN_PASS_DEF_ABSORBPRODUCTS
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

constexpr double kMany = 4096;

/// All axes of both factors.
NamedTensorType unionOf(NamedTensorType left, NamedTensorType right) {
  NamedTensorType all = left.withFormat(Format::F32);
  for (auto [name, size] : llvm::zip(right.getNames(), right.getSizes()))
    all = withAxis(all, name.getValue(), size);
  return all;
}

/// contract(x, contract(w, y)).
struct Product {
  ContractOp outer, inner;
  Value x, w, y;
};

/// One way to take it: first contract(x, near) over `first`, then the result and `far` over `second`.
struct Order {
  Value near, far;
  SmallVector<StringRef> first, second;
  double cost = 0;

  NamedTensorType half(const Product &product) const {
    return unionOf(typeOf(product.x), typeOf(near)).without(first);
  }
};

class AbsorbProducts : public heddle::impl::AbsorbProductsBase<AbsorbProducts> {
  using AbsorbProductsBase::AbsorbProductsBase;

  void runOnOperation() override {
    Explainer explainer("absorb-products", explain);
    IRRewriter rewriter(&getContext(), &explainer);
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      auto layer = dyn_cast<LayerOp>(*function);
      auto entry = dyn_cast<EntryOp>(*function);
      decode = (layer && layer.getVariant() == Variant::Decode) ||
               (entry && entry.getVariant() == Variant::Decode);
      for (Block &block : function.getFunctionBody())
        for (ContractOp contract : llvm::to_vector(block.getOps<ContractOp>()))
          for (bool swapped : {false, true})
            if (std::optional<Product> product = asProduct(contract, swapped)) {
              if (succeeded(absorb(*product, rewriter)))
                break;
            }
      eraseDead(function.getFunctionBody());
    }
  }

  static std::optional<Product> asProduct(ContractOp outer, bool swapped) {
    Value x = outer.getLeft(), made = outer.getRight();
    if (swapped)
      std::swap(x, made);
    auto inner = made.getDefiningOp<ContractOp>();
    if (!inner || isWeightView(x))
      return std::nullopt;
    Value w = inner.getLeft(), y = inner.getRight();
    if (!isWeightView(w))
      std::swap(w, y);
    if (!isWeightView(w) || isWeightView(y))
      return std::nullopt;
    return Product{outer, inner, x, w, y};
  }

  LogicalResult absorb(const Product &product, RewriterBase &rewriter) {
    ContractOp outer = product.outer, inner = product.inner;
    if (!inner->hasOneUse())
      return rewriter.notifyMatchFailure(outer, "the inner product has another use, so it is made anyway");
    for (StringRef axis : axisNames(inner.getOver()))
      if (typeOf(product.x).has(axis))
        return rewriter.notifyMatchFailure(outer, "the other factor has an axis '" + axis + "' of its own");
    double now = costOf(unionOf(typeOf(product.w), typeOf(product.y))) +
                 costOf(unionOf(typeOf(product.x), inner.getResult().getType()));
    Order byWeight = order(product, product.w, product.y), byOther = order(product, product.y, product.w);
    const Order &best = byWeight.cost <= byOther.cost ? byWeight : byOther;
    if (best.cost >= now)
      return rewriter.notifyMatchFailure(outer, [&](Diagnostic &reason) {
        reason << "another order would cost " << best.cost << " multiplications instead of " << now;
      });
    rewriter.setInsertionPoint(outer);
    auto half = ContractOp::create(rewriter, inner.getLoc(), best.half(product), product.x, best.near,
                                   rewriter.getStrArrayAttr(best.first));
    auto whole = ContractOp::create(rewriter, outer.getLoc(), outer.getResult().getType(), best.far, half,
                                    rewriter.getStrArrayAttr(best.second));
    rewriter.replaceOp(outer, whole);
    ++numAbsorbed;
    return success();
  }

  Order order(const Product &product, Value near, Value far) const {
    ContractOp outer = product.outer, inner = product.inner;
    Order order{near, far, {}, axisNames(inner.getOver()), 0};
    for (StringRef axis : axisNames(outer.getOver()))
      (typeOf(far).has(axis) ? order.second : order.first).push_back(axis);
    order.cost =
        costOf(unionOf(typeOf(product.x), typeOf(near))) + costOf(unionOf(order.half(product), typeOf(far)));
    return order;
  }

  double costOf(NamedTensorType type) const {
    double cost = 1;
    for (auto [name, size] : llvm::zip(type.getNames(), type.getSizes()))
      cost *= size != NamedTensorType::kDynamic ? size : name == "T" && decode ? 1 : kMany;
    return cost;
  }

  bool decode = false;
};

} // namespace
