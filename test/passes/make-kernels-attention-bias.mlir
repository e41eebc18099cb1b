// A learned bias for each distance: attention looks it up where it adds it; nothing of T x S has memory.
// RUN: heddle-opt %s --assign-layouts --make-kernels --canonicalize --cse | FileCheck %s

!q = !heddle.tensor<T, heads = 4, hd = 32>
!k = !heddle.tensor<S, heads = 4, hd = 32>
!t = !heddle.tensor<T : i32>
!u = !heddle.tensor<S : i32>
!table = !heddle.tensor<buckets = 8, heads = 4>
!bias = !heddle.tensor<T, S, heads = 4>

// CHECK-LABEL: heddle.layer @distance
// CHECK-NOT: heddle.buffer
// CHECK: %[[TABLE:.*]] = heddle.packed "bias"
// CHECK-NOT: heddle.buffer
// CHECK: heddle.launch @distance.attention(
// CHECK-SAME: %[[TABLE]]
// CHECK-NEXT: heddle.return
heddle.layer @distance(%q: !q, %k: !k, %v: !k) -> !q attributes {kind = "block", variant = #heddle<variant all>} {
  %table = heddle.weight "bias" : !table
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %d = heddle.map(%u, %t) { ^bb0(%a: i32, %b: i32): %0 = arith.subi %a, %b : i32 %1 = math.absi %0 : i32 heddle.yield %1 : i32 } : (!u, !t) -> !heddle.tensor<T, S : i32>
  %bias = heddle.lookup %table ["buckets"] = (%d) : (!table, !heddle.tensor<T, S : i32>) -> !bias
  %o = heddle.attention(%q), (%k), %v extras(%bias) over [["hd"]] keys "S" {
  ^score(%s: f32, %b: f32):
    %z = arith.addf %s, %b : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !bias) -> !q
  heddle.return %o : !q
}

// One that is read elsewhere, too, has memory.
// CHECK-LABEL: heddle.layer @stored
// CHECK: %[[BIAS:.*]] = heddle.buffer dims ["T", "S"] : memref<?x?x4xf32>
// CHECK: heddle.launch @stored.lookup({{.*}}%[[BIAS]])
// CHECK: heddle.launch @stored.attention({{.*}}%[[BIAS]]
heddle.layer @stored(%q: !q, %k: !k, %v: !k) -> !q attributes {kind = "block", variant = #heddle<variant all>} {
  %table = heddle.weight "bias" : !table
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %d = heddle.map(%u, %t) { ^bb0(%a: i32, %b: i32): %0 = arith.subi %a, %b : i32 %1 = math.absi %0 : i32 heddle.yield %1 : i32 } : (!u, !t) -> !heddle.tensor<T, S : i32>
  %bias = heddle.lookup %table ["buckets"] = (%d) : (!table, !heddle.tensor<T, S : i32>) -> !bias
  heddle.tap "bias" %bias : !bias
  %o = heddle.attention(%q), (%k), %v extras(%bias) over [["hd"]] keys "S" {
  ^score(%s: f32, %b: f32):
    %z = arith.addf %s, %b : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !bias) -> !q
  heddle.return %o : !q
}

// CHECK-LABEL: heddle.kernel @distance.attention
// CHECK: arith.subi {{.*}} : i32
// CHECK: math.absi
// CHECK: arith.index_cast
// CHECK: memref.load
