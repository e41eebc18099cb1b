// RUN: heddle-opt %s --assign-layouts --make-kernels=direct=true --canonicalize --cse | FileCheck %s

!q = !heddle.tensor<T, kv = 2, group = 3, hd = 32>
!k = !heddle.tensor<T, kv = 2, hd = 32>
!ks = !heddle.tensor<S, kv = 2, hd = 32>

// Prefill on a device: 12 queries to a piece, four tokens of the three heads that share keys. A lane has four neighbouring keys
// for the scores, a query for the softmax, four neighbouring columns for the results; all in vectors of four.
// CHECK: heddle.kernel @prefill.attention lanes 16 grid [array<i64: 1, 4, 2>]
// CHECK: %[[LANE:.*]] = heddle.lane
// CHECK: %[[SCORES:.*]] = heddle.scratch : memref<16x16xvector<4xf32>>
// CHECK: scf.for %[[FIRST:.*]] = %{{.*}} step %c64 iter_args
// CHECK: scf.for %[[TURN:.*]] = %c0 to %c8 step %c1 iter_args
// CHECK-COUNT-4: vector.load %{{.*}} : memref<2x?x32x16xf32>, vector<4xf32>
// CHECK-COUNT-48: math.fma %{{.*}} : vector<4xf32>
// CHECK-COUNT-12: memref.store %{{.*}}, %[[SCORES]][%{{.*}}, %[[LANE]]]
// CHECK: %[[S:.*]] = memref.load %[[SCORES]][%[[LANE]], %c0]
// CHECK: math.tanh %[[S]] : vector<4xf32>
// CHECK-NOT: lane_reduce
// CHECK: math.exp
// CHECK: scf.for %[[TURN:.*]] = %c0 to %{{.*}} step %c1 iter_args
// CHECK-COUNT-4: vector.load %{{.*}} : memref<2x?x32xf32>, vector<4xf32>
// CHECK: memref.load %[[SCORES]][%c0, %[[TURN]]]
heddle.layer @prefill(%q: !q, %x: !k) -> !q attributes {kind = "block", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %x : (!k) -> !ks
  %v = heddle.keep "v" %x : (!k) -> !ks
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    %t = math.tanh %s : f32
    heddle.yield %t : f32
  } : (!q, !ks, !ks) -> !q
  heddle.return %o : !q
}
