// RUN: heddle-opt %s --assign-layouts --make-kernels=direct=true --canonicalize --cse | FileCheck %s

!q = !heddle.tensor<T, kv = 2, group = 3, hd = 32>
!k = !heddle.tensor<T, kv = 2, hd = 32>
!ks = !heddle.tensor<S, kv = 2, hd = 32>

heddle.stored @"block.0.sink" ["s"] digits [array<i64: 2, 3>, array<i64: 3, 1>] : !heddle.tensor<kv = 2, group = 3>

// One token on a device: the keys are split by 512, each split leaves weighted values, the greatest score and the sum; a
// second kernel brings them together.
// CHECK-LABEL: heddle.layer @decode
// CHECK: %[[PARTIAL:.*]] = heddle.buffer dims ["C/512"] : memref<?x2x3x80xf32>
// CHECK: heddle.launch @decode.attention(%[[PARTIAL]], %arg0,
// CHECK-SAME: writes [0, 5]
// CHECK: heddle.launch @decode.attention.2(%[[PARTIAL]], %arg2) writes [1]
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

// A piece for each split of the cache's room and each shared head; beyond the last key there is nothing to do. The sink is a
// term of the first split's sum. Where there is one split only, it has the result.
// CHECK: heddle.kernel @decode.attention lanes 16 grid [array<i64: 3, 512, 2>]
// CHECK: %[[SPLIT:.*]] = arith.divui %{{.*}}, %c2
// CHECK: %[[FIRST:.*]] = arith.muli %[[SPLIT]], %c512
// CHECK: %[[THERE:.*]] = arith.cmpi ult, %[[FIRST]], %{{.*}} : index
// CHECK: scf.if %[[THERE]]
// CHECK: arith.cmpi eq, %[[SPLIT]], %c0
// CHECK: %[[ONE:.*]] = arith.cmpi ult, %{{.*}}, %c513
// CHECK: scf.if %[[ONE]]
// CHECK: arith.divf
// CHECK: %[[SEVERAL:.*]] = arith.cmpi ugt, %{{.*}}, %c512
// CHECK: scf.if %[[SEVERAL]]
// CHECK: vector.store %{{.*}}, %arg0[%[[SPLIT]],
// CHECK: heddle.kernel @decode.attention.2 lanes 16 grid [array<i64: 0, 1, 2>]
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.divf
