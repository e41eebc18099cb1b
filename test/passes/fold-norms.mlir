// RUN: heddle-opt %s --fuse-linear --fold-norms | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!row = !heddle.tensor<T>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>

// A norm that only linears read is in each of them, with its weight captured.
// CHECK-LABEL: @norm
// CHECK: %[[G:.*]] = heddle.weight "g"
// CHECK-NOT: heddle.reduce sum %arg0
// CHECK: heddle.linear(%arg0) weights(%{{.*}}) extras() over ["d"] prologue {
// CHECK: ^bb0(%[[H:.*]]: !heddle.tensor<d = 8>):
// CHECK:   %[[M:.*]] = heddle.reduce max %[[H]] over ["d"] : (!heddle.tensor<d = 8>) -> !heddle.tensor<>
// CHECK:   %[[N:.*]] = heddle.map(%[[H]], %[[M]], %[[G]])
// CHECK:   heddle.yield %[[N]]
// CHECK: heddle.linear(%arg0)
// CHECK:   heddle.reduce max
// CHECK-NOT: heddle.rowwise
// CHECK: return
func.func @norm(%x: !x) -> (!y, !y) {
  %g = heddle.weight "g" : !v
  %w1 = heddle.weight "w1" : !w
  %w2 = heddle.weight "w2" : !w
  %m = heddle.reduce max %x over ["d"] : (!x) -> !row
  %h = heddle.map(%x, %m, %g) { ^bb0(%a: f32, %b: f32, %c: f32): %0 = arith.divf %a, %b : f32 %1 = arith.mulf %0, %c : f32 heddle.yield %1 : f32 } : (!x, !row, !v) -> !x
  %y1 = heddle.contract %w1, %h over ["d"] : (!w, !x) -> !y
  %y2 = heddle.contract %w2, %h over ["d"] : (!w, !x) -> !y
  return %y1, %y2 : !y, !y
}

// One that is asked for is one op, which the linear reads.
// CHECK-LABEL: @tapped
// CHECK: %[[H:.*]] = heddle.rowwise(%arg0) {
// CHECK:   heddle.reduce max
// CHECK:   heddle.map
// CHECK: heddle.tap "hidden" %[[H]]
// CHECK: heddle.linear(%[[H]])
func.func @tapped(%x: !x) -> !y {
  %w1 = heddle.weight "w1" : !w
  %m = heddle.reduce max %x over ["d"] : (!x) -> !row
  %h = heddle.map(%x, %m) { ^bb0(%a: f32, %b: f32): %0 = arith.divf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !row) -> !x
  heddle.tap "hidden" %h : !x
  %y1 = heddle.contract %w1, %h over ["d"] : (!w, !x) -> !y
  return %y1 : !y
}

// A norm after a sublayer and the residual's sum are one op. What reads its result by way of a linear is not in it.
// CHECK-LABEL: @after
// CHECK: %[[C:.*]] = heddle.linear(%arg0)
// CHECK: %[[Y:.*]] = heddle.rowwise(%[[C]], %arg1) {
// CHECK:   heddle.reduce max
// CHECK:   heddle.map
// CHECK-NOT: heddle.map(%[[C]]
// CHECK: heddle.linear(%[[Y]])
// CHECK: arith.addf
// CHECK: return
func.func @after(%z: !y, %x: !x) -> !y {
  %w = heddle.weight "up" : !heddle.tensor<d = 8, n = 4>
  %w1 = heddle.weight "w1" : !w
  %c = heddle.contract %w, %z over ["n"] : (!heddle.tensor<d = 8, n = 4>, !y) -> !x
  %m = heddle.reduce max %c over ["d"] : (!x) -> !row
  %s = heddle.map(%x, %c, %m) { ^bb0(%r: f32, %a: f32, %b: f32): %0 = arith.divf %a, %b : f32 %1 = arith.addf %0, %r : f32 heddle.yield %1 : f32 } : (!x, !x, !row) -> !x
  heddle.tap "x" %s : !x
  %y = heddle.contract %w1, %s over ["d"] : (!w, !x) -> !y
  %o = heddle.map(%y, %z) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!y, !y) -> !y
  return %o : !y
}

// The last token's row has no T: its norm is folded as well.
// CHECK-LABEL: @row
// CHECK-NOT: heddle.reduce max %arg0
// CHECK: heddle.linear(%arg0)
// CHECK: heddle.reduce max
func.func @row(%x: !v) -> !heddle.tensor<n = 4> {
  %w1 = heddle.weight "w1" : !w
  %m = heddle.reduce max %x over ["d"] : (!v) -> !heddle.tensor<>
  %h = heddle.map(%x, %m) { ^bb0(%a: f32, %b: f32): %0 = arith.divf %a, %b : f32 heddle.yield %0 : f32 } : (!v, !heddle.tensor<>) -> !v
  %y1 = heddle.contract %w1, %h over ["d"] : (!w, !v) -> !heddle.tensor<n = 4>
  return %y1 : !heddle.tensor<n = 4>
}
