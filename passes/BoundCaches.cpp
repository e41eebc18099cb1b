// bound-caches: what is kept of a sequence where no token looks back further than a window.
//
// A layer's cache is written and read by several functions (prefill, decode). If in all of them only
// attentions with `visits_from` read it, the keep becomes a ring of positions: the window, and as many more
// as a call has tokens, so that no token's keys replace what an earlier one of the same call still sees.
// Everything stays as it is where a ring would hold the whole context, where an entry needs the whole text at
// once, and where what is kept depends on the text's length.
//
// Expects bound-keys on what specialize-variants leaves.
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/support/Explain.h"
#include "passes/support/Layers.h"
#include "runtime/abi/kernel.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

namespace heddle {
#define GEN_PASS_DEF_BOUNDCACHES
#include "passes/Passes.h.inc"
} // namespace heddle

using namespace mlir;
using namespace heddle;

namespace {

constexpr int64_t kBlock = 64; // positions that are read together

/// How many positions up to a token's own are read of what is kept; nothing where that has no bound.
std::optional<int64_t> windowOf(KeepOp keep) {
  int64_t window = 1;
  for (Operation *reader : keep->getUsers()) {
    auto attention = dyn_cast<AttentionOp>(reader);
    if (!attention || attention.getAxis() != "S" || !attention.getVisitsFrom())
      return std::nullopt;
    window = std::max<int64_t>(window, 1 - *attention.getVisitsFrom());
  }
  return window;
}

class BoundCaches : public heddle::impl::BoundCachesBase<BoundCaches> {
  using BoundCachesBase::BoundCachesBase;

  void runOnOperation() override {
    Explainer explainer("bound-caches", explain);
    IRRewriter rewriter(&getContext(), &explainer);
    SymbolTable symbols(getOperation());
    for (ArrayRef<KeepOp> keeps : keepsByCache())
      if (isFedInPieces(keeps.front(), symbols, rewriter))
        bound(keeps, rewriter);
  }

  /// The keeps, those together that share a cache of some layer.
  SmallVector<SmallVector<KeepOp>> keepsByCache() {
    llvm::EquivalenceClasses<Operation *> sharing;
    llvm::StringMap<Operation *> writers; // of caches
    SmallVector<KeepOp> all;
    getOperation().walk([&](KeepOp keep) {
      all.push_back(keep);
      sharing.insert(keep);
      auto share = [&](const Twine &cache) {
        sharing.unionSets(writers.try_emplace(cache.str(), keep).first->second, keep);
      };
      auto layer = keep->getParentOfType<LayerOp>();
      if (!layer)
        return share(keep.getCache());
      for (InvokeOp invoke : invocationsOf(layer))
        share(layer.getKind() + "." + Twine(invoke.getIndex()) + "." + keep.getCache());
    });
    llvm::MapVector<Operation *, SmallVector<KeepOp>> groups;
    for (KeepOp keep : all)
      groups[sharing.getLeaderValue(keep)].push_back(keep);
    return llvm::map_to_vector(groups, [](auto &group) { return group.second; });
  }

  /// Whether a call never has more tokens than HEDDLE_LONGEST_CALL.
  bool isFedInPieces(KeepOp keep, SymbolTable &symbols, RewriterBase &rewriter) {
    if (getOperation()->hasAttr("heddle.regimes")) {
      (void)rewriter.notifyMatchFailure(keep, "what is kept depends on the text's length");
      return false;
    }
    for (EntryOp entry : getOperation().getOps<EntryOp>()) {
      bool forTokens = llvm::all_of(entry.getResultTypes().take_front(entry.getOutputNames().size()),
                                    [](Type type) { return cast<NamedTensorType>(type).has("T"); });
      if (entry.getVariant() == Variant::All && !forTokens && keepsAnything(entry, symbols)) {
        (void)rewriter.notifyMatchFailure(keep, "an entry computes the whole text at once");
        return false;
      }
    }
    return true;
  }

  void bound(ArrayRef<KeepOp> keeps, RewriterBase &rewriter) {
    int64_t window = 1;
    for (KeepOp keep : keeps) {
      std::optional<int64_t> own = windowOf(keep);
      if (!own)
        return (void)rewriter.notifyMatchFailure(keep, "something may read all that is kept");
      window = std::max(window, *own);
    }
    auto ring = static_cast<int64_t>(llvm::alignTo(window - 1 + HEDDLE_LONGEST_CALL, kBlock));
    if (auto context = getOperation()->getAttrOfType<IntegerAttr>("heddle.context");
        context && ring >= context.getInt())
      return (void)rewriter.notifyMatchFailure(keeps.front(), "a ring would hold the whole context");
    for (KeepOp keep : keeps) {
      keep.setRing(ring);
      keep.setWindow(window);
    }
    ++numRings;
  }
};

} // namespace
