// RUN: heddle-opt %s --make-kernels=direct=true --canonicalize --cse | FileCheck %s

!x = !heddle.tensor<T, d = 64>
!v = !heddle.tensor<d = 64>
!w = !heddle.tensor<n = 128, d = 64 : q8_0>
!y = !heddle.tensor<T, n = 128>

heddle.stored @"block.0.w" ["w"] digits [array<i64: 128, 64>, array<i64: 64, 1>] : !w

// Activations are read where they lie; the grid has a piece for eight tokens and two groups of 64 rows.
// CHECK-LABEL: heddle.layer @plain
// CHECK-SAME: (%[[X:.*]]: memref<?x64xf32>, %[[Y:.*]]: memref<?x128xf32>)
// CHECK: %[[W:.*]] = heddle.packed "w" as "panels 16 q8_0 [n] over [d]"
// CHECK: heddle.launch @plain.linear(%[[X]], %[[W]], %[[Y]]) writes [2] {operations = [array<i64: 1, 1, 16384>]}
heddle.layer @plain(%x: !x) -> !y attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T n"]} : (!x, !w) -> !y
  heddle.return %y : !y
}

// A prologue is evaluated into rows of its own first.
// CHECK-LABEL: heddle.layer @normed
// CHECK-SAME: (%[[X:.*]]: memref<?x64xf32>, %[[Y:.*]]: memref<?x128xf32>)
// CHECK: %[[ROWS:.*]] = heddle.buffer dims ["T"] : memref<?x64xf32>
// CHECK: heddle.launch @[[EVALUATE:.*]](%[[ROWS]], %[[X]]) writes [0]
// CHECK: heddle.launch @{{.*}}(%[[ROWS]], %{{.*}}, %[[Y]]) writes [2]
heddle.layer @normed(%x: !x) -> !y attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    %m = heddle.reduce max %h over ["d"] : (!v) -> !heddle.tensor<>
    %n = heddle.map(%h, %m) { ^bb0(%p: f32, %q: f32): %0 = arith.divf %p, %q : f32 heddle.yield %0 : f32 } : (!v, !heddle.tensor<>) -> !v
    heddle.yield %n : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T n"]} : (!x, !w) -> !y
  heddle.return %y : !y
}

heddle.stored @"block.0.o" ["o"] digits [array<i64: 6, 64>, array<i64: 64, 1>] : !heddle.tensor<m = 6, d = 64 : q8_0>
heddle.layer @odd(%x: !x) -> !heddle.tensor<T, m = 6> attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "o" : !heddle.tensor<m = 6, d = 64 : q8_0>
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T m"]} : (!x, !heddle.tensor<m = 6, d = 64 : q8_0>) -> !heddle.tensor<T, m = 6>
  heddle.return %y : !heddle.tensor<T, m = 6>
}

// A lane has four neighbouring rows of two groups: words of weights are loaded for all four. For many tokens a weight is
// decoded and scaled once, and multiplied with all tokens of the tile; two blocks of 32 columns. The four results of a
// token are stored as one.
// CHECK: heddle.kernel @plain.linear lanes 16 grid [array<i64: 1, 8, 1>] dims ["T", "T"]
// CHECK: %[[LANE:.*]] = heddle.lane
// CHECK: %[[OWN:.*]] = arith.remui %[[LANE]], %c4
// CHECK: %[[SLOT:.*]] = arith.muli %[[OWN]], %c4
// CHECK: scf.for %[[STEP:.*]] = %c0 to %c2 step
// CHECK-COUNT-2: vector.load %arg1[%{{.*}}, %[[STEP]], %c8, %[[SLOT]]] : memref<8x2x9x16xi32>, vector<4xi32>
// CHECK: scf.for %{{.*}} = %c0 to %c4 step
// CHECK-COUNT-8: vector.load %{{.*}} : memref<?x64xf32>, vector<4xf32>
// CHECK: %[[SCALED:.*]] = arith.mulf %{{.*}} : vector<4xf32>
// CHECK: math.fma %[[SCALED]]
// CHECK: vector.store %{{.*}}, %arg2[%{{.*}}] : memref<?x128xf32>, vector<4xf32>
// CHECK: heddle.kernel @[[EVALUATE]]
// CHECK: heddle.lane_reduce max

// Rows that are not a multiple of four are finished one by one; lanes beyond the one panel repeat it.
// CHECK: heddle.kernel @odd.linear lanes 16 grid [array<i64: 1, 8, 1>]
// CHECK: scf.for %{{.*}} = %c0 to %c4 step %c1 {
// CHECK: vector.extract %{{.*}}[%{{.*}}] : f32 from vector<4xf32>
// CHECK: heddle.store_where
