// RUN: heddle-opt %s --hoist-layer-invariants | FileCheck %s

!x = !heddle.tensor<T, d = 2>
!freq = !heddle.tensor<d = 2>

// The cosine is an argument of the layer; the mask, which is cheap, stays. The frequencies, used for nothing else, are no
// longer passed.
// CHECK-LABEL: heddle.layer @block(
// CHECK-SAME: %[[X:.*]]: !heddle.tensor<T, d = 2>, %[[C:.*]]: !heddle.tensor<T, d = 2>)
// CHECK-NOT: math.cos
// CHECK: heddle.map(%[[X]], %[[C]])
heddle.layer @block(%x: !x, %freq: !freq) -> !x attributes {kind = "block"} {
  %t = heddle.position "T" : !heddle.tensor<T : i32>
  %c = heddle.map(%t, %freq) { ^bb0(%p: i32, %f: f32): %r = arith.sitofp %p : i32 to f32 %a = arith.mulf %r, %f : f32 %0 = math.cos %a : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T : i32>, !freq) -> !x
  %y = heddle.map(%x, %c) { ^bb0(%p: f32, %q: f32): %0 = arith.mulf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
  heddle.return %y : !x
}

// Layers with the same frequencies share one cosine.
// CHECK-LABEL: heddle.entry @forward
// CHECK: %[[NEAR:.*]] = heddle.map
// CHECK: math.cos
// CHECK: heddle.invoke @block[0] (%arg0, %[[NEAR]])
// CHECK: %[[FAR:.*]] = heddle.map
// CHECK: math.cos
// CHECK: heddle.invoke @block[1] (%{{.*}}, %[[FAR]])
// CHECK-NOT: math.cos
// CHECK: heddle.invoke @block[2] (%{{.*}}, %[[NEAR]])
heddle.entry @forward(%x: !x) -> !x attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %near = heddle.constant dense<[1.0, 0.5]> : tensor<2xf32> : !freq
  %far = heddle.constant dense<[1.0, 0.1]> : tensor<2xf32> : !freq
  %1 = heddle.invoke @block[0] (%x, %near) : (!x, !freq) -> !x
  %2 = heddle.invoke @block[1] (%1, %far) : (!x, !freq) -> !x
  %3 = heddle.invoke @block[2] (%2, %near) : (!x, !freq) -> !x
  heddle.return %3 : !x
}

// A weight differs from layer to layer, and a table for each pair of tokens is too large.
// CHECK-LABEL: heddle.layer @stays(%{{.*}}: !heddle.tensor<T, d = 2>) ->
// CHECK: math.sin
// CHECK: math.exp
heddle.layer @stays(%x: !x) -> !heddle.tensor<T, S, d = 2> attributes {kind = "stays"} {
  %w = heddle.weight "freq" : !freq
  %s = heddle.map(%w) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!freq) -> !freq
  %t = heddle.position "T" : !heddle.tensor<T : i32>
  %u = heddle.position "S" : !heddle.tensor<S : i32>
  %d = heddle.map(%t, %u) { ^bb0(%p: i32, %q: i32): %i = arith.subi %q, %p : i32 %r = arith.sitofp %i : i32 to f32 %0 = math.exp %r : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T : i32>, !heddle.tensor<S : i32>) -> !heddle.tensor<T, S>
  %y = heddle.map(%x, %s, %d) { ^bb0(%p: f32, %q: f32, %r: f32): %1 = arith.mulf %p, %q : f32 %0 = arith.mulf %1, %r : f32 heddle.yield %0 : f32 } : (!x, !freq, !heddle.tensor<T, S>) -> !heddle.tensor<T, S, d = 2>
  heddle.return %y : !heddle.tensor<T, S, d = 2>
}
heddle.entry @other(%x: !x) -> !heddle.tensor<T, S, d = 2> attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %1 = heddle.invoke @stays[0] (%x) : (!x) -> !heddle.tensor<T, S, d = 2>
  heddle.return %1 : !heddle.tensor<T, S, d = 2>
}
