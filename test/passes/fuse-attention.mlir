// RUN: heddle-opt %s --fuse-attention | FileCheck %s

!q = !heddle.tensor<T, kv = 2, group = 3, hd = 4>
!k = !heddle.tensor<S, kv = 2, hd = 4>
!s = !heddle.tensor<T, S, kv = 2, group = 3>
!t = !heddle.tensor<T : i32>
!u = !heddle.tensor<S : i32>
!heads = !heddle.tensor<kv = 2, group = 3>

// No mask, no scale: the region yields the product. The contraction's sides may be swapped.
// CHECK-LABEL: @bare
// CHECK: %[[O:.*]] = heddle.attention(%arg0), (%arg1), %arg2 extras() over {{\[}}["hd"]] keys "S" {
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32):
// CHECK-NEXT:   heddle.yield %[[S]]
// CHECK-NOT: heddle.softmax
// CHECK: return %[[O]]
func.func @bare(%q: !q, %k: !k, %v: !k) -> !q {
  %s = heddle.contract %k, %q over ["hd"] : (!k, !q) -> !s
  %p = heddle.softmax %s over "S" : (!s) -> !s
  %o = heddle.contract %v, %p over ["S"] : (!k, !s) -> !q
  return %o : !q
}

// A window, a softcap, a bias for each head and a sink, in maps of their own.
// CHECK-LABEL: @everything
// CHECK: %[[T:.*]] = heddle.position "T"
// CHECK: %[[U:.*]] = heddle.position "S"
// CHECK: heddle.attention(%arg0), (%arg1), %arg2 extras(%[[U]], %[[T]], %arg3) sink %arg4 over
// CHECK: ^bb0(%[[S:.*]]: f32, %[[PU:.*]]: i32, %[[PT:.*]]: i32, %[[B:.*]]: f32):
// CHECK:   arith.cmpi sle, %[[PU]], %[[PT]]
// CHECK:   arith.cmpi sgt
// CHECK:   math.tanh
// CHECK:   arith.addf %{{.*}}, %[[B]]
// CHECK:   arith.select
// CHECK-NOT: heddle.map
// CHECK: return
func.func @everything(%q: !q, %k: !k, %v: !k, %bias: !heads, %sink: !heads) -> !q {
  %s = heddle.contract %q, %k over ["hd"] : (!q, !k) -> !s
  %c = heddle.map(%s) { ^bb0(%a: f32): %n = arith.constant 50.0 : f32 %0 = arith.divf %a, %n : f32 %1 = math.tanh %0 : f32 %2 = arith.mulf %1, %n : f32 heddle.yield %2 : f32 } : (!s) -> !s
  %b = heddle.map(%c, %bias) { ^bb0(%a: f32, %h: f32): %0 = arith.addf %a, %h : f32 heddle.yield %0 : f32 } : (!s, !heads) -> !s
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %m = heddle.map(%u, %t) { ^bb0(%a: i32, %p: i32): %n = arith.constant 4 : i32 %0 = arith.cmpi sle, %a, %p : i32 %w = arith.subi %p, %n : i32 %1 = arith.cmpi sgt, %a, %w : i32 %2 = arith.andi %0, %1 : i1 heddle.yield %2 : i1 } : (!u, !t) -> !heddle.tensor<T, S : i1>
  %z = heddle.map(%m, %b) { ^bb0(%a: i1, %x: f32): %inf = arith.constant 0xFF800000 : f32 %0 = arith.select %a, %x, %inf : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, S : i1>, !s) -> !s
  %p = heddle.softmax %z extra %sink over "S" : (!s, !heads) -> !s
  %o = heddle.contract %p, %v over ["S"] : (!s, !k) -> !q
  return %o : !q
}

// Scores that nobody has published: they decay with the distance, and each head opens a gate for each token.
// CHECK-LABEL: @made_up
// CHECK: heddle.attention(%arg0), (%arg1), %arg2 extras(%[[T:.*]], %[[U:.*]], %arg3) over
// CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: i32, %{{.*}}: i32, %{{.*}}: f32):
// CHECK:   math.exp
// CHECK-NOT: heddle.softmax
// CHECK: return
func.func @made_up(%q: !q, %k: !k, %v: !k, %gate: !heddle.tensor<T, kv = 2, group = 3>) -> !q {
  %s = heddle.contract %q, %k over ["hd"] : (!q, !k) -> !s
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %d = heddle.map(%t, %u) { ^bb0(%a: i32, %b: i32): %0 = arith.subi %b, %a : i32 %1 = arith.sitofp %0 : i32 to f32 %2 = math.exp %1 : f32 heddle.yield %2 : f32 } : (!t, !u) -> !heddle.tensor<T, S>
  %z = heddle.map(%s, %d, %gate) { ^bb0(%a: f32, %b: f32, %g: f32): %0 = arith.mulf %a, %b : f32 %1 = arith.mulf %0, %g : f32 heddle.yield %1 : f32 } : (!s, !heddle.tensor<T, S>, !heddle.tensor<T, kv = 2, group = 3>) -> !s
  %p = heddle.softmax %z over "S" : (!s) -> !s
  %o = heddle.contract %p, %v over ["S"] : (!s, !k) -> !q
  return %o : !q
}

// One score from two products; values narrower than keys.
// CHECK-LABEL: @latent
// CHECK: heddle.attention(%arg0, %arg2), (%arg1, %arg3), %arg4 extras() over {{\[}}["nope"], ["rot"]] keys "S"
// CHECK: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK:   arith.addf %[[A]], %[[B]]
func.func @latent(%q: !heddle.tensor<T, h = 2, nope = 4>, %k: !heddle.tensor<S, h = 2, nope = 4>, %qr: !heddle.tensor<T, h = 2, rot = 2>,
                  %kr: !heddle.tensor<S, rot = 2>, %v: !heddle.tensor<S, h = 2, vd = 3>) -> !heddle.tensor<T, h = 2, vd = 3> {
  %1 = heddle.contract %q, %k over ["nope"] : (!heddle.tensor<T, h = 2, nope = 4>, !heddle.tensor<S, h = 2, nope = 4>) -> !heddle.tensor<T, S, h = 2>
  %2 = heddle.contract %qr, %kr over ["rot"] : (!heddle.tensor<T, h = 2, rot = 2>, !heddle.tensor<S, rot = 2>) -> !heddle.tensor<T, S, h = 2>
  %z = heddle.map(%1, %2) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, S, h = 2>, !heddle.tensor<T, S, h = 2>) -> !heddle.tensor<T, S, h = 2>
  %p = heddle.softmax %z over "S" : (!heddle.tensor<T, S, h = 2>) -> !heddle.tensor<T, S, h = 2>
  %o = heddle.contract %p, %v over ["S"] : (!heddle.tensor<T, S, h = 2>, !heddle.tensor<S, h = 2, vd = 3>) -> !heddle.tensor<T, h = 2, vd = 3>
  return %o : !heddle.tensor<T, h = 2, vd = 3>
}

// Keys of another sequence.
// CHECK-LABEL: @cross
// CHECK: heddle.attention(%arg0), (%arg1), %arg1 extras() over {{.*}} keys "U"
func.func @cross(%q: !heddle.tensor<T, h = 2, hd = 4>, %m: !heddle.tensor<U, h = 2, hd = 4>) -> !heddle.tensor<T, h = 2, hd = 4> {
  %s = heddle.contract %q, %m over ["hd"] : (!heddle.tensor<T, h = 2, hd = 4>, !heddle.tensor<U, h = 2, hd = 4>) -> !heddle.tensor<T, U, h = 2>
  %p = heddle.softmax %s over "U" : (!heddle.tensor<T, U, h = 2>) -> !heddle.tensor<T, U, h = 2>
  %o = heddle.contract %p, %m over ["U"] : (!heddle.tensor<T, U, h = 2>, !heddle.tensor<U, h = 2, hd = 4>) -> !heddle.tensor<T, h = 2, hd = 4>
  return %o : !heddle.tensor<T, h = 2, hd = 4>
}
