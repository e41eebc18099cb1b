//===- KeepLines.cpp - reduce every location to a file, a line, a column --===//
//
// Expects: any module. Leaves: FileLineColLoc or unknown locations only, so that the line table of the
// machine code leads to the page. An op whose location names no file gets the one of the op around it.
//
//===----------------------------------------------------------------------===//

#include "backends/lanes/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace heddle::lanes {

#define GEN_PASS_DEF_KEEPLINES
#include "backends/lanes/Passes.h.inc"

namespace {

FileLineColLoc placeOf(Location location) {
  FileLineColLoc place;
  location->walk([&](Location part) {
    place = dyn_cast<FileLineColLoc>(part);
    return place ? WalkResult::interrupt() : WalkResult::advance();
  });
  return place;
}

struct KeepLines : impl::KeepLinesBase<KeepLines> {
  using KeepLinesBase::KeepLinesBase;

  void runOnOperation() override {
    getOperation().walk<WalkOrder::PreOrder>([](Operation *op) {
      if (FileLineColLoc place = placeOf(op->getLoc()))
        op->setLoc(place);
      else
        op->setLoc(op->getParentOp() ? op->getParentOp()->getLoc()
                                     : Location(UnknownLoc::get(op->getContext())));
    });
  }
};

} // namespace

} // namespace heddle::lanes
