//===- Sizes.cpp - sizes that depend on the call --------------------------===//

#include "runtime/program/Sizes.h"

#include "runtime/support/Error.h"

#include <algorithm>

namespace heddle {

/// Numbers above this are refused, so that they fit int64_t and their sums do not wrap.
static constexpr uint64_t largest = uint64_t(1) << 62;

static uint64_t bounded(uint64_t value, bool overflow) {
  if (overflow || value > largest)
    throw Error("a size of this call does not fit 62 bits: the program is damaged, or the text far too long");
  return value;
}

uint64_t checkedProduct(uint64_t a, uint64_t b) {
  uint64_t result;
  bool overflow = __builtin_mul_overflow(a, b, &result);
  return bounded(result, overflow);
}

uint64_t checkedSum(uint64_t a, uint64_t b) {
  uint64_t result;
  bool overflow = __builtin_add_overflow(a, b, &result);
  return bounded(result, overflow);
}

uint64_t roundUp(uint64_t value, uint64_t multiple) {
  uint64_t rest = value % multiple;
  return rest == 0 ? value : checkedSum(value, multiple - rest);
}

uint64_t evaluate(const format::Size &size, const CallSizes &sizes) {
  uint64_t sum = 0;
  for (const format::Term *term : *size.terms()) {
    uint64_t product = term->coefficient();
    if (term->params())
      for (size_t i = 0; i < term->params()->size(); ++i)
        product =
            checkedProduct(product, roundUp(sizes[format::Param(term->params()->Get(i))], term->round()));
    sum = checkedSum(sum, product);
  }
  return sum;
}

CallSizes sizesOf(const format::Cache &cache, uint64_t capacity) {
  CallSizes sizes;
  sizes.capacity() =
      static_cast<int64_t>(cache.ring() ? std::min<uint64_t>(cache.ring(), capacity) : capacity);
  return sizes;
}

uint64_t cacheBytes(const format::Cache &cache, uint64_t capacity) {
  return evaluate(*cache.size(), sizesOf(cache, capacity));
}

uint64_t evaluate(const FactorList *factors, const CallSizes &sizes) {
  uint64_t product = 1;
  if (factors)
    for (const format::Factor *factor : *factors) {
      uint64_t value = sizes[factor->param()];
      uint64_t pieces = value / factor->divide() + (value % factor->divide() != 0);
      product = checkedProduct(product, checkedProduct(pieces, factor->times()));
    }
  return product;
}

uint64_t piecesOf(const format::Kernel &kernel, const CallSizes &sizes) {
  return sizes[format::Param::S] > kernel.beyond() ? evaluate(kernel.grid(), sizes) : 0;
}

uint64_t extentOf(const format::Axis &axis, const CallSizes &sizes) {
  return axis.param() == format::Param::One ? axis.size() : sizes[axis.param()];
}

uint64_t countOf(const format::Value &value, const CallSizes &sizes) {
  uint64_t count = 1;
  if (value.axes())
    for (const format::Axis *axis : *value.axes())
      count = checkedProduct(count, extentOf(*axis, sizes));
  return count;
}

uint64_t rowOf(const format::Value &value, format::Param param, const CallSizes &sizes) {
  uint64_t count = 1;
  if (value.axes())
    for (const format::Axis *axis : *value.axes())
      if (axis->param() != param)
        count = checkedProduct(count, extentOf(*axis, sizes));
  return count;
}

bool hasAxis(const format::Value &value, format::Param param) {
  if (value.axes())
    for (const format::Axis *axis : *value.axes())
      if (axis->param() == param)
        return true;
  return false;
}

} // namespace heddle
