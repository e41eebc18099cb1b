#include "passes/support/ScalarBody.h"
#include "passes/support/Axes.h"

using namespace mlir;
using namespace heddle;

ScalarBody::ScalarBody(MLIRContext *context) : builder(context) {
  region.push_back(new Block);
  builder.setInsertionPointToEnd(&region.front());
}

Value ScalarBody::addResultOf(Value tensor) {
  Value scalar = region.front().addArgument(typeOf(tensor).scalarType(), tensor.getLoc());
  scalars[tensor] = scalar;
  return scalar;
}

Value ScalarBody::scalarOf(Value tensor) {
  if (Value known = scalars.lookup(tensor))
    return known;
  inputs.push_back(tensor);
  return addResultOf(tensor);
}

Value ScalarBody::inlineMap(MapOp map) {
  IRMapping mapping;
  for (auto [input, argument] : llvm::zip(map.getInputs(), map.getBody().getArguments()))
    mapping.map(argument, scalarOf(input));
  for (Operation &op : map.getBody().front().without_terminator())
    builder.clone(op, mapping);
  return scalars[map.getResult()] = mapping.lookupOrDefault(yieldedBy(map));
}

void ScalarBody::yield(Location loc, ValueRange values) { YieldOp::create(builder, loc, values); }

void ScalarBody::moveInto(Region &target) { target.takeBody(region); }

MapOp ScalarBody::buildMap(RewriterBase &rewriter, Location loc, NamedTensorType type) {
  auto map = MapOp::create(rewriter, loc, type, inputs);
  moveInto(map.getBody());
  return map;
}

bool heddle::isCheap(MapOp map) {
  return llvm::all_of(map.getBody().front(), [](Operation &op) {
    if (isa<math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp>(op))
      return true;
    return !isa<math::MathDialect>(op.getDialect()) &&
           !isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
                arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
  });
}
