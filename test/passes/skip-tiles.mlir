// Tiles of keys that no query of a tile of queries sees are not visited: from the mask to the kernel's loop over keys.
// RUN: heddle-opt %s --bound-keys --assign-layouts --make-kernels --canonicalize --cse | FileCheck %s
// RUN: heddle-opt %s --assign-layouts --make-kernels --canonicalize --cse | FileCheck %s --check-prefix=UNBOUND

!q = !heddle.tensor<T, kv = 2, group = 3, hd = 32>
!k = !heddle.tensor<S, kv = 2, hd = 32>
!t = !heddle.tensor<T : i32>
!u = !heddle.tensor<S : i32>

// Four tokens a tile. Its first sees 99 keys before itself, in blocks of 16; its last sees itself, the text's last at most.
// CHECK-LABEL: heddle.kernel @window.attention
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[THREE:.*]] = arith.constant 3 : index
// CHECK-DAG: %[[FOUR:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[SIXTEEN:.*]] = arith.constant 16 : index
// CHECK-DAG: %[[BEFORE:.*]] = arith.constant -99 : index
// CHECK-DAG: %[[T:.*]] = heddle.size "T"
// CHECK-DAG: %[[S:.*]] = heddle.size "S"
// CHECK: %[[FIRST:.*]] = arith.muli %{{.*}}, %[[FOUR]]
// CHECK: %[[PAST:.*]] = arith.subi %[[S]], %[[T]]
// CHECK-DAG: %[[END:.*]] = arith.subi %[[T]], %[[ONE]]
// CHECK-DAG: %[[FOURTH:.*]] = arith.addi %[[FIRST]], %[[THREE]]
// CHECK: %[[LAST:.*]] = arith.minui %[[FOURTH]], %[[END]]
// CHECK: %[[SEEN:.*]] = arith.addi %[[PAST]], %[[LAST]]
// CHECK: %[[BEHIND:.*]] = arith.addi %[[SEEN]], %[[ONE]]
// CHECK: %[[TO:.*]] = arith.minsi %[[S]], %[[BEHIND]]
// CHECK: %[[POSITION:.*]] = arith.addi %[[PAST]], %[[FIRST]]
// CHECK: %[[FAR:.*]] = arith.addi %[[POSITION]], %[[BEFORE]]
// CHECK: %[[NEAR:.*]] = arith.maxsi %[[FAR]], %[[ZERO]]
// CHECK: %[[BLOCK:.*]] = arith.divui %[[NEAR]], %[[SIXTEEN]]
// CHECK: %[[FROM:.*]] = arith.muli %[[BLOCK]], %[[SIXTEEN]]
// CHECK: scf.for %{{.*}} = %[[FROM]] to %[[TO]] step
// UNBOUND-LABEL: heddle.kernel @window.attention
// UNBOUND-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// UNBOUND-DAG: %[[S:.*]] = heddle.size "S"
// UNBOUND: scf.for %{{.*}} = %[[ZERO]] to %[[S]] step
heddle.layer @window(%q: !q, %k: !k, %v: !k) -> !q attributes {kind = "block", variant = #heddle<variant all>} {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %v extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %n = arith.constant 100 : i32
    %a = arith.cmpi sle, %j, %p : i32
    %w = arith.subi %p, %n : i32
    %b = arith.cmpi sgt, %j, %w : i32
    %c = arith.andi %a, %b : i1
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  heddle.return %o : !q
}

// A causal mask alone: all that came before.
// CHECK-LABEL: heddle.kernel @causal.attention
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[S:.*]] = heddle.size "S"
// CHECK: %[[TO:.*]] = arith.minsi %[[S]],
// CHECK: scf.for %{{.*}} = %[[ZERO]] to %[[TO]] step
heddle.layer @causal(%q: !q, %k: !k, %v: !k) -> !q attributes {kind = "block", variant = #heddle<variant all>} {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %v extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %c = arith.cmpi sle, %j, %p : i32
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  heddle.return %o : !q
}
