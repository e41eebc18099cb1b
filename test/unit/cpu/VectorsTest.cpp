// Vectors of four in each lane, against loops in C++.
#include "CompiledKernels.h"

#include <numeric>

namespace heddle::test {

class Vectors : public OnEachCpu {};
HEDDLE_ON_EACH_CPU(Vectors);

static std::vector<float> rising(size_t count) {
  std::vector<float> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 1.0f);
  return numbers;
}

TEST_P(Vectors, LoadsAndStoresNeighboursAndApart) {
  // y: x times a number of each lane; z: rows of x in an order of their own, each fifth four of z written.
  CompiledKernels kernels(
      kernel("%ids: memref<?xi32>, %x: memref<?x4xf32>, %y: memref<?xf32>, %z: memref<?x20xf32>",
             "\"T\", \"T\", \"U\", \"T\"", R"(
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c12 = arith.constant 12 : index
    %i4 = arith.muli %i, %c4 : index
    %id = memref.load %ids[%i] : memref<?xi32>
    %f = arith.sitofp %id : i32 to f32
    %four = vector.broadcast %f : f32 to vector<4xf32>
    %v = vector.load %x[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    %m = arith.mulf %v, %four : vector<4xf32>
    vector.store %m, %y[%i4] : memref<?xf32>, vector<4xf32>
    %row = arith.index_cast %id : i32 to index
    %w = vector.load %x[%row, %c0] : memref<?x4xf32>, vector<4xf32>
    vector.store %w, %z[%i, %c12] : memref<?x20xf32>, vector<4xf32>)"),
      GetParam());
  std::vector<float> x = rising(128), y(128), z(640, -1.0f);
  std::vector<int32_t> ids(32);
  for (int32_t i = 0; i < 32; ++i)
    ids[i] = (7 * i + 3) % 32;
  kernels.run(0, {ids.data(), x.data(), y.data(), z.data()}, 0, 2, {32, 0, 0, 128});
  for (size_t i = 0; i < 32; ++i)
    for (size_t j = 0; j < 20; ++j) {
      EXPECT_EQ(z[20 * i + j], j / 4 == 3 ? x[4 * ids[i] + j - 12] : -1.0f) << i << ", " << j;
      if (j < 4)
        EXPECT_EQ(y[4 * i + j], x[4 * i + j] * ids[i]) << i << ", " << j;
    }
}

TEST_P(Vectors, LoadsThatOverlap) {
  // Each lane starts one element after the lane before it.
  CompiledKernels kernels(kernel("%x: memref<?xf32>, %y: memref<?x4xf32>", "\"S\", \"T\"", R"(
    %c0 = arith.constant 0 : index
    %v = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
    vector.store %v, %y[%i, %c0] : memref<?x4xf32>, vector<4xf32>)"),
                          GetParam());
  std::vector<float> x = rising(35), y(128);
  kernels.run(0, {x.data(), y.data()}, 0, 2, {32, 35});
  for (size_t i = 0; i < 128; ++i)
    EXPECT_EQ(y[i], x[i / 4 + i % 4]) << i;
}

TEST_P(Vectors, TakesApartAndPutsTogether) {
  // The elements turned around; one whose number depends on the lane, one whose number depends on the piece.
  CompiledKernels kernels(
      kernel("%x: memref<?x4xf32>, %y: memref<?x4xf32>, %z: memref<?x2xf32>", "\"T\", \"T\", \"T\"", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %v = vector.load %x[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    %a = vector.extract %v[0] : f32 from vector<4xf32>
    %b = vector.extract %v[1] : f32 from vector<4xf32>
    %c = vector.extract %v[2] : f32 from vector<4xf32>
    %d = vector.extract %v[3] : f32 from vector<4xf32>
    %turned = vector.from_elements %d, %c, %b, %a : vector<4xf32>
    vector.store %turned, %y[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    %n = arith.remui %l, %c4 : index
    %byLane = vector.extract %v[%n] : f32 from vector<4xf32>
    %byPiece = vector.extract %v[%p] : f32 from vector<4xf32>
    memref.store %byLane, %z[%i, %c0] : memref<?x2xf32>
    memref.store %byPiece, %z[%i, %c1] : memref<?x2xf32>)"),
      GetParam());
  std::vector<float> x = rising(256), y(256), z(128);
  kernels.run(0, {x.data(), y.data(), z.data()}, 0, 4, {64});
  for (size_t i = 0; i < 64; ++i) {
    for (size_t j = 0; j < 4; ++j)
      EXPECT_EQ(y[4 * i + j], x[4 * i + 3 - j]) << i << ", " << j;
    EXPECT_EQ(z[2 * i], x[4 * i + i % 16 % 4]) << i;
    EXPECT_EQ(z[2 * i + 1], x[4 * i + i / 16]) << i;
  }
}

TEST_P(Vectors, StoresWhereAndChoosesByLane) {
  CompiledKernels kernels(
      kernel("%x: memref<?x4xf32>, %y: memref<?x4xf32>, %z: memref<?x4xf32>", "\"T\", \"T\", \"T\"", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c5 = arith.constant 5 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %v = vector.load %x[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    %low = arith.cmpi ult, %l, %c5 : index
    %chosen = arith.select %low, %v, %zero : vector<4xf32>
    %second = arith.cmpi eq, %p, %c1 : index
    heddle.store_where %second, %chosen, %y[%i, %c0] : vector<4xf32>, memref<?x4xf32>
    heddle.store_where %low, %v, %z[%i, %c0] : vector<4xf32>, memref<?x4xf32>)"),
      GetParam());
  std::vector<float> x = rising(192), y(192, -1.0f), z(192, -1.0f);
  kernels.run(0, {x.data(), y.data(), z.data()}, 0, 3, {48});
  for (size_t i = 0; i < 192; ++i) {
    bool low = i / 4 % 16 < 5;
    EXPECT_EQ(y[i], i / 64 != 1 ? -1.0f : low ? x[i] : 0.0f) << i;
    EXPECT_EQ(z[i], low ? x[i] : -1.0f) << i;
  }
}

TEST_P(Vectors, ScratchOfVectors) {
  // The sum of all lanes' vectors, each times an element of its own, in a loop that carries a vector.
  CompiledKernels kernels(kernel("%x: memref<?x4xf32>, %y: memref<?x4xf32>", "\"T\", \"T\"", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %m = heddle.scratch : memref<2x16xvector<4xf32>>
    %next = heddle.scratch : memref<16xf32>
    %v = vector.load %x[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    memref.store %v, %m[%c1, %l] : memref<2x16xvector<4xf32>>
    %e = vector.extract %v[1] : f32 from vector<4xf32>
    memref.store %e, %next[%l] : memref<16xf32>
    %sum = scf.for %j = %c0 to %lanes step %c1 iter_args(%acc = %zero) -> vector<4xf32> {
      %w = memref.load %m[%c1, %j] : memref<2x16xvector<4xf32>>
      %own = memref.load %m[%c1, %l] : memref<2x16xvector<4xf32>>
      %p4 = arith.mulf %w, %own : vector<4xf32>
      %n = arith.addf %acc, %p4 : vector<4xf32>
      scf.yield %n : vector<4xf32>
    }
    vector.store %sum, %y[%i, %c0] : memref<?x4xf32>, vector<4xf32>)"),
                          GetParam());
  EXPECT_EQ(kernels.code().kernels[0].scratchBytes, 2u * 16 * 16 + 64);
  std::vector<float> x = rising(64), y(64);
  kernels.run(0, {x.data(), y.data()}, 0, 1, {16});
  for (size_t i = 0; i < 64; ++i) {
    float sum = 0.0f;
    for (size_t j = i % 4; j < 64; j += 4)
      sum += x[j] * x[i];
    EXPECT_EQ(y[i], sum) << i;
  }
}

TEST_P(Vectors, HalvesOfWords) {
  CompiledKernels kernels(kernel("%x: memref<?x4xi32>, %y: memref<?x4xf32>", "\"T\", \"T\"", R"(
    %c0 = arith.constant 0 : index
    %w = vector.load %x[%i, %c0] : memref<?x4xi32>, vector<4xi32>
    %low = arith.trunci %w : vector<4xi32> to vector<4xi16>
    %half = arith.bitcast %low : vector<4xi16> to vector<4xf16>
    %f = arith.extf %half : vector<4xf16> to vector<4xf32>
    vector.store %f, %y[%i, %c0] : memref<?x4xf32>, vector<4xf32>)"),
                          GetParam());
  std::vector<int32_t> x(64);
  std::vector<float> y(64);
  for (int32_t i = 0; i < 64; ++i)
    x[i] = 0x7abc0000 | 0x3c00 | i << 4; // 1 + i / 64
  kernels.run(0, {x.data(), y.data()}, 0, 1, {16});
  for (size_t i = 0; i < 64; ++i)
    EXPECT_EQ(y[i], 1.0f + float(i) / 64) << i;
}

} // namespace heddle::test
