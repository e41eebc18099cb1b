// Why a match was refused, for those who ask: every pass hands an Explainer to its rewriter, which tells the
// debug stream and, with the pass's option `explain`, remarks on it at the op's place.
#ifndef HEDDLE_PASSES_SUPPORT_EXPLAIN_H
#define HEDDLE_PASSES_SUPPORT_EXPLAIN_H

#include "mlir/IR/PatternMatch.h"
#include <set>
#include <string>

namespace heddle {

class Explainer : public mlir::RewriterBase::Listener {
public:
  /// `pass` is named in each remark; without `remark` only the debug stream is told.
  Explainer(llvm::StringRef pass, bool remark) : pass(pass), remark(remark) {}

  void notifyMatchFailure(mlir::Location loc, llvm::function_ref<void(mlir::Diagnostic &)> reason) override;

private:
  std::string pass;
  bool remark;
  std::set<std::pair<const void *, std::string>> said; // a driver tries again and again
};

} // namespace heddle

#endif
