// RUN: heddle-opt %s --fold-norms=prologues=false | FileCheck %s

!x = !heddle.tensor<T, d = 64>
!y = !heddle.tensor<T, n = 16>

// A norm that only a linear reads stands alone.
// CHECK-LABEL: heddle.layer @block
// CHECK: %[[ROWS:.*]] = heddle.rowwise
// CHECK: heddle.linear(%[[ROWS]])
heddle.layer @block(%x: !x) -> !y attributes {kind = "block"} {
  %w = heddle.weight "w" : !heddle.tensor<n = 16, d = 64>
  %m = heddle.reduce max %x over ["d"] : (!x) -> !heddle.tensor<T>
  %n = heddle.map(%x, %m) { ^bb0(%p: f32, %q: f32): %0 = arith.divf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<T>) -> !x
  %y = heddle.linear(%n) weights(%w) extras() over ["d"] prologue {
  ^bb0(%h: !heddle.tensor<d = 64>):
    heddle.yield %h : !heddle.tensor<d = 64>
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } : (!x, !heddle.tensor<n = 16, d = 64>) -> !y
  heddle.return %y : !y
}
