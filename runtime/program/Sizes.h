//===- Sizes.h - sizes that depend on the call ------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_PROGRAM_SIZES_H
#define HEDDLE_RUNTIME_PROGRAM_SIZES_H

#include "runtime/abi/kernel.h"
#include "runtime/program/program_generated.h"

#include <array>
#include <cstdint>

namespace heddle {

/// The sizes of one call, laid out as kernels see them (heddle_call::sizes).
struct CallSizes {
  std::array<int64_t, HEDDLE_SIZES> values = {1, 1, 1, 1};

  int64_t &tokens() { return values[HEDDLE_SIZE_T]; }   ///< T
  int64_t &sequence() { return values[HEDDLE_SIZE_S]; } ///< S
  int64_t &capacity() { return values[HEDDLE_SIZE_C]; } ///< C
  int64_t &second() { return values[HEDDLE_SIZE_U]; }   ///< U
  int64_t tokens() const { return values[HEDDLE_SIZE_T]; }
  int64_t sequence() const { return values[HEDDLE_SIZE_S]; }
  int64_t capacity() const { return values[HEDDLE_SIZE_C]; }
  int64_t second() const { return values[HEDDLE_SIZE_U]; }

  /// The value of `param`, which must be one of the enumerators; 1 for `One`.
  uint64_t operator[](format::Param param) const {
    return param == format::Param::One ? 1 : static_cast<uint64_t>(values[static_cast<size_t>(param) - 1]);
  }
};

using FactorList = flatbuffers::Vector<flatbuffers::Offset<format::Factor>>;
using AxisList = flatbuffers::Vector<flatbuffers::Offset<format::Axis>>;

/// `a * b` and `a + b`. They throw Error when the result has no place in 63 bits.
uint64_t checkedProduct(uint64_t a, uint64_t b);
uint64_t checkedSum(uint64_t a, uint64_t b);

/// `value` rounded up to a multiple of `multiple`, which must not be 0. Throws Error on overflow.
uint64_t roundUp(uint64_t value, uint64_t multiple);

/// A number of bytes for a call. The description must have been checked; throws Error on overflow.
uint64_t evaluate(const format::Size &size, const CallSizes &sizes);

/// What a cache's size depends on, for C positions.
CallSizes sizesOf(const format::Cache &cache, uint64_t capacity);

/// Bytes of a cache for C positions. Throws Error on overflow.
uint64_t cacheBytes(const format::Cache &cache, uint64_t capacity);

/// The product of factors (1 for none). Throws Error on overflow.
uint64_t evaluate(const FactorList *factors, const CallSizes &sizes);

/// The pieces of a kernel's grid. Throws Error on overflow.
uint64_t piecesOf(const format::Kernel &kernel, const CallSizes &sizes);

/// The extent of an axis, and the number of elements of a value. Throws Error on overflow.
uint64_t extentOf(const format::Axis &axis, const CallSizes &sizes);
uint64_t countOf(const format::Value &value, const CallSizes &sizes);

/// The product of the value's axes but those named by `param`: the elements of one row.
uint64_t rowOf(const format::Value &value, format::Param param, const CallSizes &sizes);

/// Whether one of the value's axes is `param`.
bool hasAxis(const format::Value &value, format::Param param);

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_SIZES_H
