#include "passes/kernels/Index.h"

using namespace mlir;
using namespace heddle;

Idx IndexMath::constant(int64_t value) {
  return {arith::ConstantIndexOp::create(builder, loc, value), false, value, false};
}

Value IndexMath::value(const Idx &index) {
  if (!index.lane)
    return index.base;
  Value own = lane;
  if (index.neighbours != 1)
    own = arith::MulIOp::create(builder, loc, lane,
                                arith::ConstantIndexOp::create(builder, loc, index.neighbours));
  return builder.createOrFold<arith::AddIOp>(loc, index.base, own);
}

Idx IndexMath::add(const Idx &a, const Idx &b) {
  int64_t divisor = std::gcd(a.divisor(), b.divisor());
  if (a.lane && b.lane)
    return perLane(builder.createOrFold<arith::AddIOp>(loc, value(a), value(b)), divisor);
  Idx sum;
  sum.lane = a.lane || b.lane;
  sum.varying = a.varying || b.varying;
  sum.align = std::gcd(a.align, b.align);
  sum.neighbours = a.lane ? a.neighbours : b.neighbours;
  sum.base = builder.createOrFold<arith::AddIOp>(loc, a.base, b.base);
  if (sum.varying && sum.lane) // a gather either way
    return perLane(value(sum), divisor);
  return sum;
}

Idx IndexMath::addConstant(const Idx &a, int64_t b) { return b == 0 ? a : add(a, constant(b)); }

Idx IndexMath::scale(const Idx &a, int64_t factor) {
  if (factor == 1)
    return a;
  Value by = arith::ConstantIndexOp::create(builder, loc, factor);
  Value product = builder.createOrFold<arith::MulIOp>(loc, value(a), by);
  return a.lane || a.varying ? perLane(product, a.divisor() * factor) : uniform(product, a.align * factor);
}

Idx IndexMath::divide(const Idx &a, int64_t divisor) {
  if (divisor == 1)
    return a;
  Value by = arith::ConstantIndexOp::create(builder, loc, divisor);
  if (a.varying || !staysInBlock(a, divisor))
    return perLane(builder.createOrFold<arith::DivUIOp>(loc, value(a), by),
                   a.divisor() % divisor ? 1 : a.divisor() / divisor);
  return uniform(builder.createOrFold<arith::DivUIOp>(loc, a.base, by),
                 a.align % divisor ? 1 : a.align / divisor);
}

Idx IndexMath::modulo(const Idx &a, int64_t divisor) {
  Value by = arith::ConstantIndexOp::create(builder, loc, divisor);
  if (a.varying || !staysInBlock(a, divisor))
    return perLane(builder.createOrFold<arith::RemUIOp>(loc, value(a), by), std::gcd(a.divisor(), divisor));
  if (a.align % divisor == 0)
    return {constant(0).base, a.lane, 0, false, a.neighbours};
  return {builder.createOrFold<arith::RemUIOp>(loc, a.base, by), a.lane, std::gcd(a.align, divisor), false,
          a.neighbours};
}

SmallVector<Idx> IndexMath::split(const Idx &index, ArrayRef<int64_t> sizes) {
  SmallVector<Idx> parts(sizes.size());
  Idx rest = index;
  for (size_t i = sizes.size(); i-- > 0;) {
    parts[i] = i == 0 ? rest : modulo(rest, sizes[i]);
    if (i)
      rest = divide(rest, sizes[i]);
  }
  return parts;
}

Idx IndexMath::join(ArrayRef<Idx> indices, ArrayRef<int64_t> sizes) {
  Idx whole = indices.empty() ? constant(0) : indices[0];
  for (size_t i = 1; i < indices.size(); ++i)
    whole = add(scale(whole, sizes[i]), indices[i]);
  return whole;
}
