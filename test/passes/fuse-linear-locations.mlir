// RUN: heddle-opt %s --fuse-linear --fold-norms --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// A linear knows the lines of its norm, its contraction and the map after it.
// CHECK: heddle.linear
// CHECK: heddle.reduce {{.*}} loc("page.heddle":1:1)
// CHECK: math.exp {{.*}} loc("page.heddle":4:9)
// CHECK: loc(fused["page.heddle":3:1, "page.heddle":4:1, "page.heddle":1:1, "page.heddle":2:1])
func.func @f(%x: !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, n = 4> {
  %w = heddle.weight "w" : !heddle.tensor<n = 4, d = 8>
  %m = heddle.reduce max %x over ["d"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T> loc("page.heddle":1:1)
  %h = heddle.map(%x, %m) { ^bb0(%a: f32, %b: f32): %0 = arith.divf %a, %b : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, d = 8>, !heddle.tensor<T>) -> !heddle.tensor<T, d = 8> loc("page.heddle":2:1)
  %c = heddle.contract %w, %h over ["d"] : (!heddle.tensor<n = 4, d = 8>, !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, n = 4> loc("page.heddle":3:1)
  %e = heddle.map(%c) { ^bb0(%a: f32): %0 = math.exp %a : f32 loc("page.heddle":4:9) heddle.yield %0 : f32 } : (!heddle.tensor<T, n = 4>) -> !heddle.tensor<T, n = 4> loc("page.heddle":4:1)
  return %e : !heddle.tensor<T, n = 4>
}
