// RUN: heddle-opt %s --make-kernels --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,STAGED
// RUN: heddle-opt %s --make-kernels=direct=true --canonicalize --cse | FileCheck %s

!q = !heddle.tensor<T, heads = 3, nope = 64>
!v = !heddle.tensor<nope = 64>
!w = !heddle.tensor<heads = 3, r = 32, nope = 64 : q8_0>
!y = !heddle.tensor<T, heads = 3, r = 32>

heddle.stored @"block.0.w" ["w"] digits [array<i64: 3, 2048>, array<i64: 32, 64>, array<i64: 64, 1>] : !w

// Matrices of whole panels lie as one of all their rows: 3 heads of 2 groups.
// CHECK: heddle.packed "w" as "panels 16 q8_0 [heads r] over [nope]" : memref<6x2x9x16xi32>
heddle.layer @prefill(%q: !q) -> !y attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%q) weights(%w) extras() over ["nope"] each "heads" prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T heads r"]} : (!q, !w) -> !y
  heddle.return %y : !y
}
heddle.layer @decode(%q: !q) -> !y attributes {kind = "block", variant = #heddle<variant decode>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%q) weights(%w) extras() over ["nope"] each "heads" prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T heads r"]} : (!q, !w) -> !y
  heddle.return %y : !y
}

// A piece has one head, whose rows are two groups; a head and its first token say which vectors a thread has at hand.
// CHECK-LABEL: heddle.kernel @prefill.linear
// CHECK: %[[PIECE:.*]] = heddle.piece
// CHECK: %[[HEAD:.*]] = arith.remui %[[PIECE]], %c3
// STAGED: %[[FIRST:.*]] = arith.muli %{{.*}}, %c576
// STAGED: %[[HELD:.*]] = arith.addi %[[FIRST]], %[[HEAD]]
// STAGED: arith.index_cast %[[HELD]] : index to i32
// CHECK: arith.muli %[[HEAD]], %c2
