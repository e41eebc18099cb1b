// Loads and stores of all kinds, against loops in C++.
#include "CompiledKernels.h"

#include <numeric>

namespace heddle::test {

class Memory : public OnEachCpu {};
HEDDLE_ON_EACH_CPU(Memory);

static std::vector<float> rising(size_t count) {
  std::vector<float> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 1.0f);
  return numbers;
}

TEST_P(Memory, NeighboursAndScalars) {
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?xf32>, %a: f32, %b: f32", "\"T:16\", \"T:16\"", R"(
    %v = memref.load %x[%i] : memref<?xf32>
    %m = arith.mulf %v, %a : f32
    %s = arith.addf %m, %b : f32
    memref.store %s, %y[%i] : memref<?xf32>)"), GetParam());
  std::vector<float> x = rising(64), y(64, -1.0f);
  kernels.run(0, {x.data(), y.data()}, 1, 3, {60}, {2.0f, 0.5f});
  for (size_t i = 0; i < 64; ++i)
    EXPECT_EQ(y[i], i >= 16 && i < 48 ? 2 * x[i] + 0.5f : -1.0f) << i;
}

TEST_P(Memory, ColumnOfRowsIsGathered) {
  // Lane l reads row l of a matrix with S columns and writes column l of its transpose.
  CompiledKernels kernels(kernel("%x: memref<?x?xf32>, %y: memref<?x16xf32>", "\"T\", \"S\", \"S\"", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = heddle.size "S"
    scf.for %j = %c0 to %n step %c1 {
      %v = memref.load %x[%l, %j] : memref<?x?xf32>
      memref.store %v, %y[%j, %l] : memref<?x16xf32>
    })"), GetParam());
  std::vector<float> x = rising(16 * 7), y(7 * 16);
  kernels.run(0, {x.data(), y.data()}, 0, 1, {16, 7});
  for (size_t row = 0; row < 16; ++row)
    for (size_t column = 0; column < 7; ++column)
      EXPECT_EQ(y[column * 16 + row], x[row * 7 + column]);
}

TEST_P(Memory, RowsByNumberAreGatheredAndScattered) {
  CompiledKernels kernels(kernel("%ids: memref<?xi32>, %x: memref<9x4xf32>, %y: memref<?x4x2xf32>", "\"T\", \"T\"", R"(
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %id = memref.load %ids[%i] : memref<?xi32>
    %row = arith.index_cast %id : i32 to index
    %v = memref.load %x[%row, %c3] : memref<9x4xf32>
    memref.store %v, %y[%i, %c3, %c1] : memref<?x4x2xf32>)"), GetParam());
  std::vector<int32_t> ids(32);
  for (int32_t i = 0; i < 32; ++i)
    ids[i] = (i * 5) % 9;
  std::vector<float> x = rising(36), y(32 * 8, -1.0f), expected = y;
  kernels.run(0, {ids.data(), x.data(), y.data()}, 0, 2, {32});
  for (size_t i = 0; i < 32; ++i)
    expected[i * 8 + 7] = x[ids[i] * 4 + 3];
  EXPECT_EQ(y, expected);
}

TEST_P(Memory, StoreWhereWritesNothingElse) {
  // The buffer ends at T: the lanes beyond must not touch it.
  for (int64_t t : {1, 15, 16, 17, 31}) {
    CompiledKernels kernels(kernel("%y: memref<?xf32>, %z: memref<?x3xf32>", "\"T\", \"T\"", R"(
      %c2 = arith.constant 2 : index
      %n = heddle.size "T"
      %inside = arith.cmpi ult, %i, %n : index
      %w = arith.index_cast %i : index to i32
      %f = arith.sitofp %w : i32 to f32
      heddle.store_where %inside, %f, %y[%i] : f32, memref<?xf32>
      heddle.store_where %inside, %f, %z[%i, %c2] : f32, memref<?x3xf32>)"), GetParam());
    std::vector<float> y(48, -1.0f), z(48 * 3, -1.0f);
    kernels.run(0, {y.data(), z.data()}, 0, 2, {t});
    for (int64_t i = 0; i < 48; ++i) {
      EXPECT_EQ(y[i], i < t ? float(i) : -1.0f) << i << " of " << t;
      EXPECT_EQ(z[3 * i + 2], i < t ? float(i) : -1.0f) << i << " of " << t;
      EXPECT_EQ(z[3 * i], -1.0f);
    }
  }
}

TEST_P(Memory, UniformConditionStoresAllOrNothing) {
  CompiledKernels kernels(kernel("%y: memref<?xf32>", "\"T\"", R"(
    %c1 = arith.constant 1 : index
    %is = arith.cmpi eq, %p, %c1 : index
    %one = arith.constant 1.0 : f32
    heddle.store_where %is, %one, %y[%i] : f32, memref<?xf32>)"), GetParam());
  std::vector<float> y(48, 0.0f);
  kernels.run(0, {y.data()}, 0, 3, {48});
  for (size_t i = 0; i < 48; ++i)
    EXPECT_EQ(y[i], i / 16 == 1 ? 1.0f : 0.0f);
}

TEST_P(Memory, ScratchPassesValuesBetweenLanes) {
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?xf32>", "\"T\", \"T\"", R"(
    %c5 = arith.constant 5 : index
    %a = heddle.scratch : memref<16xf32>
    %b = heddle.scratch : memref<3xi32>
    %v = memref.load %x[%i] : memref<?xf32>
    memref.store %v, %a[%l] : memref<16xf32>
    %w = memref.load %a[%c5] : memref<16xf32>
    memref.store %w, %y[%i] : memref<?xf32>)"), GetParam());
  EXPECT_EQ(kernels.code().kernels[0].scratchBytes, 128u);
  std::vector<float> x = rising(32), y(32);
  kernels.run(0, {x.data(), y.data()}, 0, 2, {32});
  for (size_t i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], x[i / 16 * 16 + 5]);
}

TEST_P(Memory, IndicesOfMixedKind) {
  // 3 * lane + 2 * piece, and lane * S + piece.
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?xf32>, %z: memref<?xf32>", "\"T\", \"T\", \"T\"", R"(
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %n = heddle.size "S"
    %l3 = arith.muli %l, %c3 : index
    %p2 = arith.muli %p, %c2 : index
    %a = arith.addi %l3, %p2 : index
    %v = memref.load %x[%a] : memref<?xf32>
    memref.store %v, %y[%i] : memref<?xf32>
    %ln = arith.muli %l, %n : index
    %b = arith.addi %ln, %p : index
    %w = memref.load %x[%b] : memref<?xf32>
    memref.store %w, %z[%i] : memref<?xf32>)"), GetParam());
  std::vector<float> x = rising(128), y(32), z(32);
  kernels.run(0, {x.data(), y.data(), z.data()}, 0, 2, {128, 7});
  for (size_t i = 0; i < 32; ++i) {
    size_t lane = i % 16, piece = i / 16;
    EXPECT_EQ(y[i], x[3 * lane + 2 * piece]);
    EXPECT_EQ(z[i], x[7 * lane + piece]);
  }
}

} // namespace heddle::test
