//===- Elaborate.h - from a page to the heddle dialect ----------*- C++ -*-===//
//
// A page says what a model computes for any sizes; a checkpoint says which. The elaborator reads the page's table with
// the checkpoint's config, takes each `if` that is known then, and traces what is left into `heddle` ops. See
// docs/language.md for what a page means.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_ELABORATE_H
#define HEDDLE_FRONTEND_ELABORATE_ELABORATE_H

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/language/Ast.h"
#include "frontend/language/Diagnostics.h"
#include "llvm/Support/Error.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <map>
#include <string>
#include <vector>

namespace heddle {

/// What stands for a checkpoint where a page is compiled alone: sizes, flags (0, 1) and reals set by hand, and weights
/// made of random numbers from `seed`. With a checkpoint, random weights leave its config: rows that set weights are not
/// run, and a weight with a default takes it; but one that may be absent (`else none`) is there where a row sets it.
struct Overrides {
  std::map<std::string, double> values;
  bool randomWeights = false;
  uint64_t seed = 0;
};

/// What a user may want to know of a module beside the module.
struct Notices {
  std::vector<std::string> defaults; ///< an `else` that stood in for a missing tensor, one a row
  std::vector<std::string> ignored;  ///< tensors left unread because the page says so
};

/// What of a page is to be seen by name while it runs (heddle.tap).
enum class Taps {
  Hidden, ///< hidden_0, hidden_1, ...: what goes into each layer, and what comes out of the last
  All     ///< also each value that a layer or an entry gives a name: "q" in layers, "forward.x", "x.2" for the second x
};

/// The module of `page` with `checkpoint` (or, where that is null, with `overrides`), verified. Null after errors, which
/// are in `diagnostics`. The module has
///   heddle.model    the page's name
///   heddle.context  the longest sequence, where config or a look-up by position bounds it (i64)
///   heddle.bounded  unit: a look-up bounds it, so that longer sequences have no meaning
///   heddle.regimes  the least S of each regime but the first, where what is kept depends on S (array<i64>)
///   heddle.seed     for random weights: the seed (i64)
/// and, in this order, heddle.stored, func.func, heddle.layer and heddle.entry ops. `heddle.weight "wq"` in a layer is
/// "KIND.N.wq" where such a heddle.stored is there, else "wq".
mlir::OwningOpRef<mlir::ModuleOp> elaborate(mlir::MLIRContext &context, const ast::Page &page, const ast::Page *library,
                                            const Checkpoint *checkpoint, const Overrides &overrides,
                                            Diagnostics &diagnostics, Notices &notices,
                                            Taps taps = Taps::Hidden);

/// The page in `modelsFolder` with the table for this checkpoint. Where several serve its model_type, those whose
/// `require` fails are set aside. The error lists what there is.
llvm::Expected<std::string> findPage(llvm::StringRef modelsFolder, const Checkpoint &checkpoint);

} // namespace heddle

#endif // HEDDLE_FRONTEND_ELABORATE_ELABORATE_H
