// RUN: heddle-opt %s --fuse-attention --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// The attention knows the lines of all that it was made of; what stands in its region keeps its own.
// CHECK: heddle.attention
// CHECK: arith.negf {{.*}} loc("page.heddle":3:7)
// CHECK: loc(fused["page.heddle":5:3, "page.heddle":4:3, "page.heddle":2:3])
func.func @f(%q: !heddle.tensor<T, hd = 4>, %k: !heddle.tensor<S, hd = 4>) -> !heddle.tensor<T, hd = 4> {
  %s = heddle.contract %q, %k over ["hd"] : (!heddle.tensor<T, hd = 4>, !heddle.tensor<S, hd = 4>) -> !heddle.tensor<T, S> loc("page.heddle":2:3)
  %n = heddle.map(%s) { ^bb0(%a: f32): %0 = arith.negf %a : f32 loc("page.heddle":3:7) heddle.yield %0 : f32 } : (!heddle.tensor<T, S>) -> !heddle.tensor<T, S> loc("page.heddle":3:3)
  %p = heddle.softmax %n over "S" : (!heddle.tensor<T, S>) -> !heddle.tensor<T, S> loc("page.heddle":4:3)
  %o = heddle.contract %p, %k over ["S"] : (!heddle.tensor<T, S>, !heddle.tensor<S, hd = 4>) -> !heddle.tensor<T, hd = 4> loc("page.heddle":5:3)
  return %o : !heddle.tensor<T, hd = 4>
}
