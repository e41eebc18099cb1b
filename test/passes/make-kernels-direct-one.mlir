// RUN: heddle-opt %s --make-kernels=direct=true --canonicalize --cse | FileCheck %s

// One token, and four groups of 64 rows to a piece. The stored numbers of a block are summed, left where they are in their word
// while a float has room for that, and the activation is divided by as much. The block's scale and its offset, which takes the
// sum of activations, are loaded behind that.
// CHECK: heddle.kernel @one.linear lanes 16 grid [array<i64: 0, 1, 6>]
// CHECK-DAG: %[[HIGH:.+]] = arith.constant dense<983040> : vector<4xi32>
// CHECK-DAG: %[[PART:.+]] = arith.constant 1.52587891E-5 : f32
// CHECK-DAG: %[[TOP:.+]] = arith.constant dense<28> : vector<4xi32>
// CHECK: scf.for %[[STEP:.+]] = %c0 to %c2 step
// CHECK: %[[SUMS:.+]]:5 = scf.for %[[EIGHT:.+]] = %c0 to %c4 step
// CHECK: %[[FOUR:.+]] = vector.load %arg0
// CHECK: arith.addf %{{.+}}, %[[FOUR]]
// CHECK: vector.load %arg0
// CHECK: %[[WORD:.+]] = vector.load %arg1[%[[PANEL:.+]], %[[STEP]], %[[EIGHT]], %[[SLOT:.+]]]
// CHECK: %[[X:.+]] = vector.extract %[[FOUR]][1]
// CHECK: %[[CODE:.+]] = arith.andi %[[WORD]], %[[HIGH]]
// CHECK: %[[NUMBER:.+]] = arith.sitofp %[[CODE]]
// CHECK: %[[LESS:.+]] = arith.mulf %[[X]], %[[PART]]
// CHECK: %[[ALL:.+]] = vector.broadcast %[[LESS]]
// CHECK: math.fma %[[NUMBER]], %[[ALL]]
// CHECK: arith.shrui %[[WORD]], %[[TOP]]
// CHECK: scf.yield
// CHECK: %[[BOTH:.+]] = vector.load %arg1[%[[PANEL]], %[[STEP]], %c4, %[[SLOT]]]
// CHECK: %[[SCALED:.+]] = math.fma %{{.+}}, %[[SUMS]]#0
// CHECK: math.fma %{{.+}}, %[[SCALED]]
// CHECK: } {heddle.sums}
!x = !heddle.tensor<d = 64>
!w = !heddle.tensor<n = 1536, d = 64 : q4_1>
!y = !heddle.tensor<n = 1536>
heddle.stored @"block.0.w" ["w"] digits [array<i64: 1536, 64>, array<i64: 64, 1>] : !w
heddle.layer @one(%x: !x) -> !y attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue {
  ^bb0(%h: !x):
    heddle.yield %h : !x
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["n"]} : (!x, !w) -> !y
  heddle.return %y : !y
}
