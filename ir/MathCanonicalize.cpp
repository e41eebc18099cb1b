// Canonical forms of the page's mathematics.
#include "ir/Heddle.h"

using namespace mlir;
using namespace heddle;

void MapOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
void SliceOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}
