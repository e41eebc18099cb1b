// RUN: heddle-opt %s --make-kernels="direct=true activation-bits=8" --canonicalize --cse | FileCheck %s

!x = !heddle.tensor<T, d = 1024>
!v = !heddle.tensor<d = 1024>
!w = !heddle.tensor<n = 128, d = 1024 : q5_0>
!y = !heddle.tensor<T, n = 128>

heddle.stored @"block.0.a" ["a"] digits [array<i64: 128, 1024>, array<i64: 1024, 1>] : !w
heddle.stored @"block.0.b" ["b"] digits [array<i64: 128, 1024>, array<i64: 1024, 1>] : !heddle.tensor<n = 128, d = 1024 : f16>
heddle.stored @"block.0.c" ["c"] digits [array<i64: 128, 1024>, array<i64: 1024, 1>] : !w

// Two linears of one tensor share its blocks; one whose weights are not quantised reads the tensor.
// CHECK-LABEL: heddle.layer @shared
// CHECK-SAME: (%[[X:.*]]: memref<?x1024xf32>, %[[A:.*]]: memref<?x128xf32>, %[[B:.*]]: memref<?x128xf32>, %[[C:.*]]: memref<?x128xf32>)
// CHECK: %[[WORDS:.*]] = heddle.buffer dims ["T"] : memref<?x32x8xi32>
// CHECK: %[[FACTORS:.*]] = heddle.buffer dims ["T"] : memref<?x32x4xf32>
// CHECK: heddle.launch @[[QUANTIZE:.*]](%[[WORDS]], %[[FACTORS]], %[[X]]) writes [0, 1]
// CHECK: heddle.launch @[[LINEAR:.*]](%[[WORDS]], %[[FACTORS]], %{{.*}}, %[[A]]) writes [3]
// CHECK: heddle.launch @{{.*}}(%[[X]], %{{.*}}, %[[B]]) writes [2]
// CHECK-NOT: @[[QUANTIZE]]
// CHECK: heddle.launch @[[LINEAR]](%[[WORDS]], %[[FACTORS]], %{{.*}}, %[[C]]) writes [3]
heddle.layer @shared(%x: !x) -> (!y, !y, !y) attributes {kind = "block", variant = #heddle<variant all>} {
  %a = heddle.weight "a" : !w
  %ya = heddle.linear(%x) weights(%a) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%r: f32):
    heddle.yield %r : f32
  } {heddle.layout = ["T n"]} : (!x, !w) -> !y
  %b = heddle.weight "b" : !heddle.tensor<n = 128, d = 1024 : f16>
  %yb = heddle.linear(%x) weights(%b) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%r: f32):
    heddle.yield %r : f32
  } {heddle.layout = ["T n"]} : (!x, !heddle.tensor<n = 128, d = 1024 : f16>) -> !y
  %c = heddle.weight "c" : !w
  %yc = heddle.linear(%x) weights(%c) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%r: f32):
    heddle.yield %r : f32
  } {heddle.layout = ["T n"]} : (!x, !w) -> !y
  heddle.return %ya, %yb, %yc : !y, !y, !y
}

// Eight tokens' words of sixteen columns, each multiplied with two groups' codes; then the block's sum takes both scales.
// CHECK: heddle.kernel @[[LINEAR]]
// CHECK: scf.for %{{.*}} = %c0 to %c32 step
// CHECK: scf.for %{{.*}} = %c0 to %c2 step
// CHECK-COUNT-8: vector.load %arg0[{{.*}}] : memref<?x32x8xi32>, vector<4xi32>
// CHECK-COUNT-64: heddle.dot4 narrow %{{.*}}, %{{.*}}, %{{.*}} : vector<4xi32>
// CHECK-NOT: heddle.dot4
// CHECK-COUNT-8: vector.load %arg1[{{.*}}] : memref<?x32x4xf32>, vector<4xf32>
// CHECK: %[[SUM:.*]] = arith.sitofp %{{.*}} : vector<4xi32> to vector<4xf32>
// CHECK: %[[LESS:.*]] = math.fma %{{.*}}, %{{.*}}, %[[SUM]]
// CHECK: %[[SCALE:.*]] = arith.mulf
// CHECK: math.fma %[[LESS]], %[[SCALE]]

// A lane rounds a block of 32: a quotient of integers, and 2^n written as bits. Of each eight columns, words have 0 4 1 5 and
// 2 6 3 7.
// CHECK: heddle.kernel @[[QUANTIZE]] lanes 16 grid [array<i64: 1, 1, 2>] dims ["T", "T", "T"]
// CHECK: ^bb0(%[[TO:.*]]: memref<?x32x8xi32>, %[[NUMBERS:.*]]: memref<?x32x4xf32>, %[[FROM:.*]]: memref<?x1024xf32>)
// CHECK-COUNT-8: vector.load %[[FROM]][
// CHECK-COUNT-2: arith.maximumf %{{.*}}, %{{.*}} : f32
// CHECK: %[[MOST:.*]] = arith.maximumf %{{.*}}, %{{.*}} : f32
// CHECK: arith.bitcast %[[MOST]] : f32 to i32
// CHECK: arith.divui %c2130706432_i32, %{{.*}} : i32
// CHECK: math.roundeven
// CHECK: %[[LOW:.*]] = arith.fptosi
// CHECK: arith.fptosi
// CHECK: %[[PAIRS:.*]] = arith.ori %{{.*}}, %{{.*}} : vector<4xi32>
// CHECK: %[[ONE:.*]] = vector.extract %[[PAIRS]][0]
// CHECK: %[[OTHER:.*]] = vector.extract %[[PAIRS]][1]
// CHECK: %[[HIGH:.*]] = arith.shli %[[OTHER]], %c16_i32
// CHECK: arith.ori %[[ONE]], %[[HIGH]]
// CHECK-COUNT-2: vector.store %{{.*}}, %[[TO]][
// CHECK: vector.store %{{.*}}, %[[NUMBERS]][
