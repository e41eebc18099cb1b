// RUN: heddle-opt %s --assign-layouts --make-kernels=direct=true --canonicalize --cse | FileCheck %s

!q = !heddle.tensor<T, kv = 2, group = 3, hd = 32>
!k = !heddle.tensor<T, kv = 2, hd = 32>
!ks = !heddle.tensor<S, kv = 2, hd = 32>
!wide = !heddle.tensor<T, group = 12, hd = 64>
!one = !heddle.tensor<T, hd = 64>
!ones = !heddle.tensor<S, hd = 64>

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

// A piece for each split and each shared head. The scores of a split's keys stay in scratch memory; a lane keeps the greatest
// of its own.
// CHECK: heddle.kernel @decode.attention lanes 16 grid [array<i64: 2, 512, 2>]
// CHECK: %[[SPLIT:.*]] = arith.divui %{{.*}}, %c2
// CHECK: %[[FIRST:.*]] = arith.muli %[[SPLIT]], %c512
// CHECK: %[[SCORES:.*]] = heddle.scratch : memref<3x128xvector<4xf32>>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: math.fma
// CHECK-COUNT-3: memref.store %{{.*}}, %[[SCORES]]
// The greatest of all lanes', or the first split's sink; then each lane's exponentials, and their sum.
// CHECK: %[[LANES:.*]] = heddle.lane_reduce max
// CHECK: arith.cmpi eq, %[[SPLIT]], %c0
// CHECK: arith.cmpf ogt, %[[LANES]]
// CHECK: scf.for
// CHECK: math.exp
// CHECK: memref.store %{{.*}}, %[[SCORES]]
// CHECK: heddle.lane_reduce sum
// CHECK: math.exp
// The values. Where there is one split, it has the result.
// CHECK: math.fma
// CHECK: %[[SEVERAL:.*]] = arith.cmpi ugt, %{{.*}}, %c512
// CHECK: scf.if %[[SEVERAL]]
// CHECK: vector.store %{{.*}}, %arg0[%[[SPLIT]],
// CHECK: %[[ONE:.*]] = arith.cmpi ult, %{{.*}}, %c513
// CHECK: scf.if %[[ONE]]
// CHECK: arith.divf
// CHECK: heddle.kernel @decode.attention.2 lanes 16 grid [array<i64: 0, 1, 2>] beyond 512
// CHECK: arith.cmpf ogt
// CHECK: math.exp
// CHECK: arith.divf

// More queries: shorter splits, so that their scores have room.
// CHECK: heddle.kernel @wide.attention lanes 16 grid [array<i64: 2, 256, 1>]
// CHECK: heddle.scratch : memref<12x64xvector<4xf32>>
// CHECK: heddle.kernel @wide.attention.2 lanes 16 grid [array<i64: 0, 1, 1>] beyond 256
heddle.layer @wide(%q: !wide, %x: !one) -> !wide attributes {kind = "block", variant = #heddle<variant decode>} {
  %k = heddle.keep "k" %x : (!one) -> !ones
  %v = heddle.keep "v" %x : (!one) -> !ones
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } : (!wide, !ones, !ones) -> !wide
  heddle.return %o : !wide
}
