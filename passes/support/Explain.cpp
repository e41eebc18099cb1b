#include "passes/support/Explain.h"
#include "llvm/Support/Debug.h"

#define DEBUG_TYPE "heddle-passes"

using namespace mlir;

void heddle::Explainer::notifyMatchFailure(Location loc, function_ref<void(Diagnostic &)> reason) {
  Diagnostic text(loc, DiagnosticSeverity::Remark);
  reason(text);
  LLVM_DEBUG(llvm::dbgs() << pass << ": " << loc << ": " << text << "\n");
  if (remark && said.insert({loc.getAsOpaquePointer(), text.str()}).second)
    emitRemark(loc) << pass << ": " << text.str();
}
