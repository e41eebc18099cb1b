// RUN: heddle-opt %s --assign-layouts --make-kernels --canonicalize --cse | FileCheck %s

!q = !heddle.tensor<T, kv = 2, group = 3, hd = 32>
!k = !heddle.tensor<T, kv = 2, hd = 32>
!ks = !heddle.tensor<S, kv = 2, hd = 32>
!t = !heddle.tensor<T : i32>
!u = !heddle.tensor<S : i32>

// Keys in blocks of 16 positions, values by position, both with room for C positions; what is kept is copied there, then read.
// CHECK-LABEL: heddle.layer @causal
// CHECK-SAME: (%[[Q:.*]]: memref<?x2x3x32xf32>, %[[X:.*]]: memref<?x2x32xf32>, %[[O:.*]]: memref<?x2x3x32xf32>)
// CHECK-DAG: %[[K:.*]] = heddle.cache "k" dims ["C/16"] : memref<2x?x32x16xf32>
// CHECK-DAG: %[[V:.*]] = heddle.cache "v" dims ["C"] : memref<2x?x32xf32>
// CHECK: heddle.launch @causal.keep(%[[X]], %[[K]]) writes [1]
// CHECK: heddle.launch @causal.keep.2(%[[X]], %[[V]]) writes [1]
// CHECK: heddle.launch @causal.attention(%[[Q]], %[[K]], %[[V]], %[[O]]) writes [3]
// CHECK-NEXT: heddle.return
heddle.layer @causal(%q: !q, %x: !k) -> !q attributes {kind = "block", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %x : (!k) -> !ks
  %v = heddle.keep "v" %x : (!k) -> !ks
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %v extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %c = arith.cmpi sle, %j, %p : i32
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } {visits_from = -99 : i64, visits_to = 0 : i64} : (!q, !ks, !ks, !t, !u) -> !q
  heddle.return %o : !q
}

// One token: a tile is the three heads that share keys. A sink is a term of the sum from the start.
// CHECK-LABEL: heddle.layer @decode
// CHECK: %[[SINK:.*]] = heddle.packed "sink" as "dense [kv group]" : memref<2x3xf32>
// CHECK: heddle.launch @decode.attention(%arg0, %[[SINK]],
heddle.layer @decode(%q: !q, %x: !k) -> !q attributes {kind = "block", variant = #heddle<variant decode>} {
  %k = heddle.keep "k" %x : (!k) -> !ks
  %v = heddle.keep "v" %x : (!k) -> !ks
  %sink = heddle.weight "sink" : !heddle.tensor<kv = 2, group = 3>
  %o = heddle.attention(%q), (%k), %v extras() sink %sink over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } : (!q, !ks, !ks, !heddle.tensor<kv = 2, group = 3>) -> !q
  heddle.return %o : !q
}

// A key at position s goes to block s / 16, place s % 16; positions count from the tokens before this call.
// CHECK-LABEL: heddle.kernel @causal.keep lanes 16
// CHECK-SAME: dims ["T", "C/16"]
// CHECK-DAG: %[[SIXTEEN:.*]] = arith.constant 16 : index
// CHECK-DAG: %[[T:.*]] = heddle.size "T"
// CHECK-DAG: %[[S:.*]] = heddle.size "S"
// CHECK: arith.subi %[[S]], %[[T]]
// CHECK-DAG: %[[BLOCK:.*]] = arith.divui %{{.*}}, %[[SIXTEEN]]
// CHECK-DAG: %[[PLACE:.*]] = arith.remui %{{.*}}, %[[SIXTEEN]]
// CHECK: %arg1[%{{.*}}, %[[BLOCK]], %{{.*}}, %[[PLACE]]]

// Four tokens times three heads are the 12 queries of a tile, for each of two shared heads. No scores beyond 64 keys are stored.
// CHECK-LABEL: heddle.kernel @causal.attention lanes 16 grid [array<i64: 1, 4, 2>] dims ["T", "C/16", "C", "T"]
// CHECK: ^bb0(%[[Q:.*]]: memref<?x2x3x32xf32>, %[[K:.*]]: memref<2x?x32x16xf32>, %[[V:.*]]: memref<2x?x32xf32>, %[[O:.*]]: memref<?x2x3x32xf32>)
// CHECK: heddle.scratch : memref<12x32xf32>
// CHECK: %[[SCORES:.*]] = heddle.scratch : memref<12x64xf32>
// CHECK: %[[MOST:.*]] = heddle.scratch : memref<12xf32>
// CHECK: %[[TOTAL:.*]] = heddle.scratch : memref<12xf32>
// CHECK: %[[SUMS:.*]] = heddle.scratch : memref<12x32xf32>
// CHECK-NOT: heddle.scratch
// Keys that no query of the tile may see are not visited: not before the window, not behind the last token.
// CHECK: arith.minui
// CHECK: arith.minsi
// CHECK: arith.maxsi
// CHECK: scf.for %[[KEY:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK:   memref.load %[[K]][
// CHECK:   math.fma
// CHECK:   memref.store %{{.*}}, %[[SCORES]][
// The mask, the running maximum, the exponentials in the scores' place.
// CHECK:   arith.cmpi sle
// CHECK:   %[[BLOCKMOST:.*]] = heddle.lane_reduce max
// CHECK:   scf.if
// CHECK:     memref.store %[[BLOCKMOST]], %[[MOST]][
// CHECK:   math.exp
// CHECK:   memref.store %{{.*}}, %[[SCORES]][
// CHECK:   heddle.lane_reduce sum
// CHECK:   memref.load %[[V]][
// CHECK:   math.fma
// The results, divided by the sum.
// CHECK: memref.load %[[TOTAL]][
// CHECK: arith.divf
// CHECK: memref.store %{{.*}}, %[[O]][

// CHECK-LABEL: heddle.kernel @decode.attention lanes 16 grid [array<i64: 1, 1, 2>]
// CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: heddle.scratch : memref<3x32xf32>
// CHECK: heddle.scratch : memref<3x64xf32>
// CHECK: %[[MOST:.*]] = heddle.scratch : memref<3xf32>
// CHECK: %[[TOTAL:.*]] = heddle.scratch : memref<3xf32>
// CHECK: %[[TERM:.*]] = memref.load %arg1[
// CHECK: memref.store %[[TERM]], %[[MOST]][
// CHECK: memref.store %[[ONE]], %[[TOTAL]][
