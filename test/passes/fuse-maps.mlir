// RUN: heddle-opt %s --fuse-maps | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!row = !heddle.tensor<T>

// A chain of single uses is one map, and an input read twice is one argument.
// CHECK-LABEL: @chain
// CHECK: %[[Y:.*]] = heddle.map(%arg0, %arg1) {
// CHECK:   %[[S:.*]] = arith.addf %[[A:.*]], %[[B:.*]] :
// CHECK:   %[[E:.*]] = math.exp %[[S]]
// CHECK:   %[[R:.*]] = arith.mulf %[[E]], %[[A]]
// CHECK:   heddle.yield %[[R]]
// CHECK-NOT: heddle.map
// CHECK: return %[[Y]]
func.func @chain(%x: !x, %b: !heddle.tensor<d = 8>) -> !x {
  %s = heddle.map(%x, %b) { ^bb0(%p: f32, %q: f32): %0 = arith.addf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<d = 8>) -> !x
  %e = heddle.map(%s) { ^bb0(%p: f32): %0 = math.exp %p : f32 heddle.yield %0 : f32 } : (!x) -> !x
  %y = heddle.map(%e, %x) { ^bb0(%p: f32, %q: f32): %0 = arith.mulf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
  return %y : !x
}

// A root of one number a token is not taken again for each of the token's numbers.
// CHECK-LABEL: @dear
// CHECK: %[[R:.*]] = heddle.map(%arg1)
// CHECK:   math.sqrt
// CHECK: heddle.map(%arg0, %[[R]])
func.func @dear(%x: !x, %m: !row) -> !x {
  %r = heddle.map(%m) { ^bb0(%p: f32): %0 = math.sqrt %p : f32 heddle.yield %0 : f32 } : (!row) -> !row
  %y = heddle.map(%x, %r) { ^bb0(%p: f32, %q: f32): %0 = arith.divf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !row) -> !x
  return %y : !x
}

// A mask of positions goes into each of its users; a sum of computed numbers does not.
// CHECK-LABEL: @shared
// CHECK-COUNT-2: arith.cmpi sle
// CHECK: %[[SUM:.*]] = heddle.map(%arg0, %arg1)
// CHECK: heddle.map(%[[SUM]])
// CHECK: heddle.map(%[[SUM]])
func.func @shared(%x: !x, %y: !x, %s: !heddle.tensor<T, S>) -> (!heddle.tensor<T, S>, !heddle.tensor<T, S>, !x, !x) {
  %t = heddle.position "T" : !heddle.tensor<T : i32>
  %u = heddle.position "S" : !heddle.tensor<S : i32>
  %c = heddle.map(%u, %t) { ^bb0(%p: i32, %q: i32): %0 = arith.cmpi sle, %p, %q : i32 heddle.yield %0 : i1 } : (!heddle.tensor<S : i32>, !heddle.tensor<T : i32>) -> !heddle.tensor<T, S : i1>
  %a = heddle.map(%c, %s) { ^bb0(%p: i1, %q: f32): %z = arith.constant 0.0 : f32 %0 = arith.select %p, %q, %z : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, S : i1>, !heddle.tensor<T, S>) -> !heddle.tensor<T, S>
  %b = heddle.map(%c, %s) { ^bb0(%p: i1, %q: f32): %z = arith.constant 0.0 : f32 %0 = arith.select %p, %z, %q : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, S : i1>, !heddle.tensor<T, S>) -> !heddle.tensor<T, S>
  %sum = heddle.map(%x, %y) { ^bb0(%p: f32, %q: f32): %0 = arith.addf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
  %n = heddle.map(%sum) { ^bb0(%p: f32): %0 = arith.negf %p : f32 heddle.yield %0 : f32 } : (!x) -> !x
  %e = heddle.map(%sum) { ^bb0(%p: f32): %0 = math.exp %p : f32 heddle.yield %0 : f32 } : (!x) -> !x
  return %a, %b, %n, %e : !heddle.tensor<T, S>, !heddle.tensor<T, S>, !x, !x
}

// A constant that is the same everywhere is a scalar, and adding zero does nothing.
// CHECK-LABEL: @constants
// CHECK-DAG: heddle.map(%arg0) {
// CHECK-DAG: %[[C:.*]] = arith.constant 2.5
// CHECK:   %[[R:.*]] = arith.mulf %{{.*}}, %[[C]]
// CHECK:   heddle.yield %[[R]]
func.func @constants(%x: !x) -> !x {
  %scale = heddle.constant dense<2.5> : tensor<f32> : !heddle.tensor<>
  %zero = heddle.constant dense<0.0> : tensor<8xf32> : !heddle.tensor<d = 8>
  %m = heddle.map(%x, %scale) { ^bb0(%p: f32, %q: f32): %0 = arith.mulf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<>) -> !x
  %y = heddle.map(%m, %zero) { ^bb0(%p: f32, %q: f32): %0 = arith.addf %p, %q : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<d = 8>) -> !x
  return %y : !x
}
