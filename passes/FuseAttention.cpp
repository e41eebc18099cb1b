// fuse-attention: softmax over keys of whatever function of scores, times the values, becomes one
// heddle.attention.
//
// Terms: along the softmax's axis A (S or U) lie the *keys*. A *product* is a contraction of a query (without
// A) and a key (with A and without T). The *score* is the function between the products and the softmax: all
// maps that read a product, and all that must be evaluated for each pair of token and key anyway (masks,
// distances).
//
// Steps, from a contraction over A of a softmax with something else:
//   1. find the products and the score's maps above the softmax, inputs first;
//   2. refuse if scores or weights are used elsewhere: they would have to be stored after all;
//   3. inline the maps into one body over scalars: the products first, then an element of every other tensor
//      read.
//
// Expects fuse-maps to have run only for tidiness. Sums over keys may from now on be taken in another order,
// and the softmax's maximum may be subtracted piece by piece: results agree up to the association of
// floating-point sums.
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "passes/support/Axes.h"
#include "passes/support/Dependence.h"
#include "passes/support/Explain.h"
#include "passes/support/ScalarBody.h"

namespace heddle {
#define GEN_PASS_DEF_FUSEATTENTION
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

/// One product of the score.
struct Product {
  ContractOp contract;
  Value query, key;
};

/// A contraction of something without the keys' axis and something with it (and without T); null where it is
/// not.
Product asProduct(Value value, StringRef axis) {
  auto contract = value.getDefiningOp<ContractOp>();
  if (!contract || llvm::is_contained(axisNames(contract.getOver()), axis))
    return {};
  Value query = contract.getLeft(), key = contract.getRight();
  if (typeOf(query).has(axis))
    std::swap(query, key);
  if (typeOf(query).has(axis) || !typeOf(key).has(axis) || typeOf(key).has("T"))
    return {};
  return {contract, query, key};
}

/// What stands above a softmax.
class Score {
public:
  explicit Score(SoftmaxOp softmax) : softmax(softmax), axis(softmax.getOver()) {
    collect(softmax.getInput());
  }

  ArrayRef<Product> getProducts() const { return products; }

  /// Whether nothing but the score itself and its softmax reads a value that depends on a product.
  bool isUsedHereOnly() {
    auto usedHere = [&](Value value) {
      return llvm::all_of(value.getUsers(),
                          [&](Operation *user) { return user == softmax || llvm::is_contained(maps, user); });
    };
    return llvm::all_of(products, [&](Product product) { return usedHere(product.contract.getResult()); }) &&
           llvm::all_of(maps, [&](Operation *map) {
             return !reached.lookup(map->getResult(0)) || usedHere(map->getResult(0));
           });
  }

  /// The score as a body over scalars, products first.
  void build(ScalarBody &body) {
    for (Product product : products)
      body.addResultOf(product.contract.getResult());
    for (Operation *map : maps)
      body.inlineMap(cast<MapOp>(map));
    body.yield(softmax.getLoc(), body.scalarOf(softmax.getInput()));
  }

private:
  /// Gathers products and maps at and above a value; returns whether it depends on a product.
  bool collect(Value value) {
    auto [known, added] = reached.insert({value, false});
    if (!added)
      return known->second;
    bool found = false;
    if (Product product = asProduct(value, axis); product.contract) {
      products.push_back(product);
      found = true;
    } else if (auto map = value.getDefiningOp<MapOp>(); map && typeOf(value).has(axis)) {
      for (Value input : map.getInputs())
        found |= collect(input);
      if (found || typeOf(value).has("T"))
        maps.push_back(map);
    }
    return reached[value] = found;
  }

  SoftmaxOp softmax;
  StringRef axis;
  SmallVector<Product> products;
  SmallVector<Operation *> maps; // inputs before users
  llvm::DenseMap<Value, bool> reached;
};

class FuseSoftmaxContract : public OpRewritePattern<ContractOp> {
public:
  FuseSoftmaxContract(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(ContractOp contract, PatternRewriter &rewriter) const override {
    Value values = contract.getRight();
    auto softmax = contract.getLeft().getDefiningOp<SoftmaxOp>();
    if (!softmax) {
      values = contract.getLeft();
      softmax = contract.getRight().getDefiningOp<SoftmaxOp>();
    }
    if (!softmax)
      return failure();
    StringRef axis = softmax.getOver();
    if (axisNames(contract.getOver()) != ArrayRef<StringRef>{axis})
      return rewriter.notifyMatchFailure(contract, "the weights are normalised over '" + axis +
                                                       "' and contracted over other axes");
    if (typeOf(values).has("T"))
      return rewriter.notifyMatchFailure(contract, "the values differ from token to token");
    if (!softmax.getResult().hasOneUse())
      return rewriter.notifyMatchFailure(softmax, "the softmax has another use, so it must be stored");
    Score score(softmax);
    if (score.getProducts().empty())
      return rewriter.notifyMatchFailure(softmax, "no product of a query and a key along '" + axis +
                                                      "' is in the scores");
    if (!score.isUsedHereOnly())
      return rewriter.notifyMatchFailure(softmax, "the scores have another use, so they must be stored");
    rewriter.replaceOp(contract, build(contract, softmax, values, score, rewriter));
    ++count;
    return success();
  }

private:
  static AttentionOp build(ContractOp contract, SoftmaxOp softmax, Value values, Score &score,
                           PatternRewriter &rewriter) {
    SmallVector<Value> queries, keys;
    SmallVector<Attribute> over;
    SmallVector<Location> locations = {contract.getLoc(), softmax.getLoc()};
    for (Product product : score.getProducts()) {
      queries.push_back(product.query);
      keys.push_back(product.key);
      over.push_back(product.contract.getOver());
      locations.push_back(product.contract.getLoc());
    }
    ScalarBody body(rewriter.getContext());
    score.build(body);
    auto attention =
        AttentionOp::create(rewriter, rewriter.getFusedLoc(locations), contract.getResult().getType(),
                            queries, keys, values, body.tensors(), softmax.getExtra(), softmax.getOverAttr(),
                            rewriter.getArrayAttr(over), IntegerAttr(), IntegerAttr());
    body.moveInto(attention.getScore());
    return attention;
  }

  Pass::Statistic &count;
};

class FuseAttention : public heddle::impl::FuseAttentionBase<FuseAttention> {
  using FuseAttentionBase::FuseAttentionBase;

  void runOnOperation() override {
    Explainer explainer("fuse-attention", explain);
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseSoftmaxContract>(&getContext(), numFused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     GreedyRewriteConfig().setListener(&explainer))))
      signalPassFailure();
  }
};

} // namespace
