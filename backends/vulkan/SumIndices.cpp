//===- SumIndices.cpp - indices as sums, from the outermost loop inwards --===//
//
// Terms: an index is a sum of *terms*, each a value times a number, and of a constant.
//
// 1. Additions, and products with numbers, are taken apart down to values that are neither.
// 2. The terms are added again in the order of the loops that their values come from, the outermost first,
// and the constant last. So what a loop does not change can leave it, and loads of neighbours share all but
// their constants.
//
//===----------------------------------------------------------------------===//

#include "backends/vulkan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace heddle::vulkan {

#define GEN_PASS_DEF_SUMINDICES
#include "backends/vulkan/Passes.h.inc"

namespace {

/// Loops around the op (or the block) that makes a value.
unsigned loopsAround(Value value) {
  unsigned loops = 0;
  for (Operation *op = value.getParentBlock()->getParentOp(); op; op = op->getParentOp())
    loops += isa<scf::ForOp>(op);
  return loops;
}

struct Sum {
  llvm::MapVector<Value, int64_t> terms; // and what each is multiplied by
  int64_t constant = 0;

  /// Adds value * factor.
  void add(Value value, int64_t factor) {
    if (auto number = getConstantIntValue(value)) {
      constant += *number * factor;
    } else if (auto sum = value.getDefiningOp<arith::AddIOp>()) {
      add(sum.getLhs(), factor);
      add(sum.getRhs(), factor);
    } else if (auto product = value.getDefiningOp<arith::MulIOp>();
               product && getConstantIntValue(product.getRhs())) {
      add(product.getLhs(), factor * *getConstantIntValue(product.getRhs()));
    } else {
      terms[value] += factor;
    }
  }
};

class Indices {
public:
  void sum(OpOperand &index) {
    Sum sum;
    sum.add(index.get(), 1);
    auto terms = sum.terms.takeVector();
    for (auto [value, factor] : terms)
      places.try_emplace(value, loopsAround(value), places.size());
    llvm::sort(terms, [&](auto &a, auto &b) { return places[a.first] < places[b.first]; });

    OpBuilder builder(index.getOwner());
    Location loc = index.getOwner()->getLoc();
    auto number = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
    Value total;
    for (auto [value, factor] : terms) {
      Value term = builder.createOrFold<arith::MulIOp>(loc, value, number(factor));
      total = total ? Value(arith::AddIOp::create(builder, loc, total, term)) : term;
    }
    index.set(total ? builder.createOrFold<arith::AddIOp>(loc, total, number(sum.constant))
                    : number(sum.constant));
  }

private:
  /// Where a value stands in sums: the loops around it, and, among those with as many, which came first.
  llvm::DenseMap<Value, std::pair<unsigned, unsigned>> places;
};

struct SumIndices : impl::SumIndicesBase<SumIndices> {
  using SumIndicesBase::SumIndicesBase;

  void runOnOperation() override {
    Indices indices;
    getOperation().walk([&](Operation *op) {
      if (!isa<memref::LoadOp, memref::StoreOp>(op))
        return;
      for (OpOperand &operand : op->getOpOperands())
        if (isa<IndexType>(operand.get().getType()))
          indices.sum(operand);
    });
  }
};

} // namespace

} // namespace heddle::vulkan
