//===- Words.cpp - bytes of words, by arithmetic --------------------===//

#include "backends/lanes/Words.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;

namespace heddle::lanes {

/// The number in every element of what `like` is.
static Value constantLike(ImplicitLocOpBuilder &b, Value like, uint32_t number) {
  return createScalarOrSplatConstant(b, b.getLoc(), like.getType(), number);
}

/// Byte by byte: of the table's four words, the one that has the entry is selected and shifted.
Value chooseBytes(ImplicitLocOpBuilder &b, Value codes, ArrayRef<int8_t> table) {
  auto four = [&](unsigned from) {
    uint32_t bytes = 0;
    for (unsigned i = 0; i < 4; ++i)
      bytes |= static_cast<uint32_t>(static_cast<uint8_t>(table[from + i])) << 8 * i;
    return constantLike(b, codes, bytes);
  };
  auto masked = [&](Value value, uint32_t mask) -> Value {
    return arith::AndIOp::create(b, value, constantLike(b, value, mask));
  };
  auto bit = [&](Value code, uint32_t which) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, masked(code, which), constantLike(b, code, 0));
  };
  Value result = constantLike(b, codes, 0);
  for (uint32_t byte = 0; byte < 32; byte += 8) {
    Value code = arith::ShRUIOp::create(b, codes, constantLike(b, codes, byte));
    Value fourth = bit(code, 4);
    Value low = arith::SelectOp::create(b, fourth, four(4), four(0));
    Value high = arith::SelectOp::create(b, fourth, four(12), four(8));
    Value bytes = arith::SelectOp::create(b, bit(code, 8), high, low);
    Value place = arith::ShLIOp::create(b, masked(code, 3), constantLike(b, code, 3));
    Value entry = masked(arith::ShRUIOp::create(b, bytes, place), 255);
    entry = arith::ShLIOp::create(b, entry, constantLike(b, entry, byte));
    result = arith::OrIOp::create(b, result, entry);
  }
  return result;
}

} // namespace heddle::lanes
