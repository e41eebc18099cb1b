//===- WidenVectors.cpp - small vectors that each lane has ----------------===//
//
// Kernels for devices work on vectors of four in each lane. Such a vector of `count` elements becomes one of
// count * lanes, lane after lane: element i of lane l is element count * l + i. Arithmetic is as for scalars;
// here is what goes from scalars to vectors and back.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Widener.h"

using namespace mlir;

namespace heddle::cpu {

Value Widener::repeated(OpBuilder &builder, Location loc, Value value, int64_t count) const {
  if (count == 1)
    return value;
  SmallVector<int64_t> from(lanes * count);
  for (int64_t i = 0; i < lanes * count; ++i)
    from[i] = i / count;
  return vector::ShuffleOp::create(builder, loc, value, value, from);
}

Value Widener::tiled(OpBuilder &builder, Location loc, Value value) const {
  int64_t count = elementsOf(value.getType());
  SmallVector<int64_t> from(lanes * count);
  for (int64_t i = 0; i < lanes * count; ++i)
    from[i] = i % count;
  return vector::ShuffleOp::create(builder, loc, value, value, from);
}

void Widener::widenBroadcast(vector::BroadcastOp broadcast) {
  OpBuilder builder(broadcast);
  Value source = broadcast.getSource();
  int64_t count = elementsOf(broadcast.getType()) / perLane(source);
  replaceVarying(broadcast, repeated(builder, broadcast.getLoc(), source, count));
}

LogicalResult Widener::widenExtract(vector::ExtractOp extract) {
  if (isa<VectorType>(extract.getType()) || extract.getNumIndices() != 1)
    return extract.emitError("of a vector that differs from lane to lane, one element must be extracted");
  OpBuilder builder(extract);
  Location loc = extract.getLoc();
  int64_t count = perLane(extract.getSource());
  Value vectors = asVector(builder, loc, extract.getSource());
  auto element = [&](int64_t number) -> Value {
    SmallVector<int64_t> from(lanes);
    for (int64_t lane = 0; lane < lanes; ++lane)
      from[lane] = count * lane + number;
    return vector::ShuffleOp::create(builder, loc, vectors, vectors, from);
  };
  OpFoldResult position = extract.getMixedPosition()[0];
  if (auto constant = dyn_cast<Attribute>(position)) {
    replaceVarying(extract, element(cast<IntegerAttr>(constant).getInt()));
    return success();
  }
  // Of all elements, the one whose number is the position.
  Value numbers = asVector(builder, loc, cast<Value>(position)), chosen = element(0);
  for (int64_t number = 1; number < count; ++number) {
    Value equal =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, numbers, splat(builder, loc, number));
    chosen = arith::SelectOp::create(builder, loc, equal, element(number), chosen);
  }
  replaceVarying(extract, chosen);
  return success();
}

void Widener::widenFromElements(vector::FromElementsOp vectors) {
  OpBuilder builder(vectors);
  Location loc = vectors.getLoc();
  Value all; // every lane's first element, then every lane's second one
  for (Value element : vectors.getElements()) {
    element = asVector(builder, loc, element);
    if (!all) {
      all = element;
      continue;
    }
    auto one = llvm::to_vector(llvm::seq<int64_t>(elementsOf(all.getType()) + lanes));
    all = vector::ShuffleOp::create(builder, loc, all, element, one);
  }
  int64_t count = vectors.getElements().size();
  SmallVector<int64_t> from(lanes * count);
  for (int64_t i = 0; i < lanes * count; ++i)
    from[i] = i % count * lanes + i / count;
  replaceVarying(vectors, vector::ShuffleOp::create(builder, loc, all, all, from));
}

} // namespace heddle::cpu
