// RUN: heddle-opt %s | heddle-opt | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
!q = !heddle.tensor<T, h = 2, hd = 4>
!k = !heddle.tensor<S, h = 2, hd = 4>

// Inputs come without T; results may differ in their axes.
// CHECK-LABEL: func.func @rowwise
// CHECK: %{{.*}}:2 = heddle.rowwise(%arg0) {
// CHECK-NEXT: ^bb0(%[[H:.*]]: !heddle.tensor<d = 8>):
// CHECK-NEXT:   %[[M:.*]] = heddle.reduce max %[[H]] over ["d"]
// CHECK-NEXT:   heddle.yield %[[H]], %[[M]] : !heddle.tensor<d = 8>, !heddle.tensor<>
// CHECK-NEXT: } : (!heddle.tensor<T, d = 8>) -> (!heddle.tensor<T, d = 8>, !heddle.tensor<T>)
func.func @rowwise(%x: !x) {
  %y:2 = heddle.rowwise(%x) {
  ^bb0(%h: !v):
    %m = heddle.reduce max %h over ["d"] : (!v) -> !heddle.tensor<>
    heddle.yield %h, %m : !v, !heddle.tensor<>
  } : (!x) -> (!x, !heddle.tensor<T>)
  return
}

// Two weights, an extra along the rows, two results.
// CHECK-LABEL: func.func @linear
// CHECK: heddle.linear(%arg0) weights(%arg1, %arg1) extras(%arg2) over ["d"] prologue {
// CHECK-NEXT: ^bb0(%[[H:.*]]: !heddle.tensor<d = 8>):
// CHECK-NEXT:   heddle.yield %[[H]] : !heddle.tensor<d = 8>
// CHECK-NEXT: } epilogue {
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[E:.*]]: f32):
// CHECK:   heddle.yield %[[A]], %[[E]] : f32, f32
// CHECK-NEXT: } : (!heddle.tensor<T, d = 8>, !heddle.tensor<n = 4, d = 8>, !heddle.tensor<n = 4, d = 8>, !heddle.tensor<n = 4>) -> (!heddle.tensor<T, n = 4>, !heddle.tensor<T, n = 4>)
func.func @linear(%x: !x, %w: !w, %b: !heddle.tensor<n = 4>) {
  %y:2 = heddle.linear(%x) weights(%w, %w) extras(%b) over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32, %c: f32, %e: f32):
    heddle.yield %a, %e : f32, f32
  } : (!x, !w, !w, !heddle.tensor<n = 4>) -> (!y, !y)
  return
}

// Two products, an extra of integers, a sink, bounds.
// CHECK-LABEL: func.func @attention
// CHECK: heddle.attention(%arg0, %arg0), (%arg1, %arg1), %arg1 extras(%arg2) sink %arg3 over {{\[}}["hd"], ["hd"]] keys "S" {
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[P:.*]]: i32):
// CHECK:   heddle.yield %[[A]] : f32
// CHECK-NEXT: } {visits_from = -3 : i64, visits_to = 0 : i64} : (
// CHECK-SAME: -> !heddle.tensor<T, h = 2, hd = 4>
func.func @attention(%q: !q, %k: !k, %p: !heddle.tensor<S : i32>, %sink: !heddle.tensor<h = 2>) {
  %y = heddle.attention(%q, %q), (%k, %k), %k extras(%p) sink %sink over [["hd"], ["hd"]] keys "S" {
  ^score(%a: f32, %b: f32, %j: i32):
    heddle.yield %a : f32
  } {visits_from = -3 : i64, visits_to = 0 : i64} : (!q, !q, !k, !k, !k, !heddle.tensor<S : i32>, !heddle.tensor<h = 2>) -> !q
  return
}
