// RUN: heddle-opt %s --assign-layouts --make-kernels --canonicalize --cse | FileCheck %s
// RUN: heddle-opt %s --assign-layouts --make-kernels=direct=true --canonicalize --cse | FileCheck %s --check-prefix=DIRECT

!q = !heddle.tensor<T, hd = 32>
!k = !heddle.tensor<S, hd = 32>

// A ring has room for 640 positions at most.
// CHECK-LABEL: heddle.layer @window
// CHECK-DAG: heddle.cache "k" dims ["C<640/16"] {ring = 640 : i64, window = 100 : i64} : memref<?x32x16xf32>
// CHECK-DAG: heddle.cache "v" dims ["C<640"] {ring = 640 : i64, window = 100 : i64} : memref<?x32xf32>
// DIRECT-LABEL: heddle.layer @window
// DIRECT-DAG: heddle.cache "k" dims ["C<640/16"] {ring = 640 : i64, window = 100 : i64} : memref<?x32x16xf32>
heddle.layer @window(%q: !q) -> !q attributes {kind = "window", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %q {ring = 640 : i64, window = 100 : i64} : (!q) -> !k
  %v = heddle.keep "v" %q {ring = 640 : i64, window = 100 : i64} : (!q) -> !k
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_from = -99 : i64, visits_to = 0 : i64} : (!q, !k, !k) -> !q
  heddle.return %o : !q
}

// Position s is stored at s % 640: the block of that, and, as 640 is whole blocks, the place in the block of s itself.
// CHECK-LABEL: heddle.kernel @window.keep lanes 16
// CHECK-SAME: dims ["T", "C<640/16"]
// CHECK: arith.subi
// CHECK: %[[AT:.*]] = arith.addi
// CHECK: %[[PLACE:.*]] = arith.remui %[[AT]], %c640
// CHECK: %[[BLOCK:.*]] = arith.divui %[[PLACE]], %c16
// CHECK: %[[IN:.*]] = arith.remui %[[AT]], %c16
// CHECK: memref.store %{{.*}}, %arg1[%[[BLOCK]], %{{.*}}, %[[IN]]]
// CHECK-LABEL: heddle.kernel @window.keep.2 lanes 16
// CHECK: %[[PLACE:.*]] = arith.remui %{{.*}}, %c640
// CHECK: memref.store %{{.*}}, %arg1[%[[PLACE]],

// And read there; neighbouring lanes have neighbouring keys still. What the score sees are positions.
// CHECK-LABEL: heddle.kernel @window.attention lanes 16
// CHECK-SAME: dims ["T", "C<640/16", "C<640", "T"]
// CHECK: %[[LANE:.*]] = heddle.lane
// CHECK: %[[KEY:.*]] = arith.remui %{{.*}}, %c640
// CHECK: %[[BLOCK:.*]] = arith.divui %[[KEY]], %c16
// CHECK: memref.load %arg1[%[[BLOCK]], %{{.*}}, %[[LANE]]]
// CHECK: math.exp
// CHECK: %[[KEY:.*]] = arith.remui %{{.*}}, %c640
// CHECK: memref.load %arg2[%[[KEY]], %{{.*}}]
// DIRECT-LABEL: heddle.kernel @window.attention
// DIRECT: %[[KEY:.*]] = arith.remui %{{.*}}, %c640
// DIRECT: %[[BLOCK:.*]] = arith.divui %[[KEY]], %c16
// DIRECT: vector.load %arg1[%[[BLOCK]], %{{.*}}, %{{.*}}] : memref<?x32x16xf32>, vector<4xf32>
// DIRECT: math.exp
// DIRECT: %[[KEY:.*]] = arith.remui %{{.*}}, %c640
// DIRECT: vector.load %arg2[%[[KEY]], %{{.*}}]
