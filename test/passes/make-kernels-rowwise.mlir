// RUN: heddle-opt %s --make-kernels --canonicalize --cse | FileCheck %s

!x = !heddle.tensor<T, d = 40>
!v = !heddle.tensor<d = 40>

// A norm after a sublayer and the residual: one kernel, a piece a token.
// CHECK-LABEL: heddle.layer @norm
// CHECK-SAME: (%[[C:.*]]: memref<?x40xf32>, %[[X:.*]]: memref<?x40xf32>, %[[Y:.*]]: memref<?x40xf32>, %[[M:.*]]: memref<?xf32>)
// CHECK: %[[G:.*]] = heddle.packed "g" as "dense [d]" : memref<40xf32>
// CHECK: heddle.launch @norm.rowwise(%[[C]], %[[G]], %[[X]], %[[Y]], %[[M]]) writes [3, 4]
// CHECK-NEXT: heddle.return
heddle.layer @norm(%c: !x, %x: !x) -> (!x, !heddle.tensor<T>) attributes {kind = "block"} {
  %g = heddle.weight "g" : !v
  %y, %r = heddle.rowwise(%c, %x) {
  ^bb0(%a: !v, %b: !v):
    %m = heddle.reduce mean %a over ["d"] : (!v) -> !heddle.tensor<>
    %n = heddle.map(%a, %m, %g, %b) {
    ^bb0(%p: f32, %q: f32, %w: f32, %s: f32):
      %0 = arith.divf %p, %q : f32
      %1 = arith.mulf %0, %w : f32
      %2 = arith.addf %1, %s : f32
      heddle.yield %2 : f32
    } : (!v, !heddle.tensor<>, !v, !v) -> !v
    heddle.yield %n, %m : !v, !heddle.tensor<>
  } {heddle.layout = ["T d", "T"]} : (!x, !x) -> (!x, !heddle.tensor<T>)
  heddle.return %y, %r : !x, !heddle.tensor<T>
}

// The reduction once, across lanes; of 40 columns the last vector has 8: the others count as zero, and do not store.
// CHECK-LABEL: heddle.kernel @norm.rowwise lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T", "T", "T:16"]
// CHECK: ^bb0(%[[C:.*]]: memref<?x40xf32>, %[[G:.*]]: memref<40xf32>, %[[X:.*]]: memref<?x40xf32>, %[[Y:.*]]: memref<?x40xf32>, %[[M:.*]]: memref<?xf32>)
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[FORTY:.*]] = arith.constant 4.000000e+01 : f32
// CHECK-DAG: %[[SIZE:.*]] = arith.constant 40 : index
// CHECK-DAG: %[[LANE:.*]] = heddle.lane
// CHECK-DAG: %[[TOKEN:.*]] = heddle.piece
// CHECK: %[[PART:.*]] = scf.for {{.*}} iter_args(
// CHECK:   %[[COLUMN:.*]] = arith.addi %{{.*}}, %[[LANE]]
// CHECK:   %[[E:.*]] = memref.load %[[C]][%[[TOKEN]], %[[COLUMN]]]
// CHECK:   %[[IN:.*]] = arith.cmpi ult, %[[COLUMN]], %[[SIZE]]
// CHECK:   arith.select %[[IN]], %[[E]], %[[ZERO]]
// CHECK: %[[SUM:.*]] = heddle.lane_reduce sum %[[PART]]
// CHECK: %[[MEAN:.*]] = arith.divf %[[SUM]], %[[FORTY]]
// CHECK-NOT: heddle.lane_reduce
// CHECK: scf.for
// CHECK:   arith.divf %{{.*}}, %[[MEAN]]
// CHECK:   %[[R:.*]] = arith.addf
// CHECK:   %[[WHERE:.*]] = arith.cmpi ult, %{{.*}}, %[[SIZE]]
// CHECK:   heddle.store_where %[[WHERE]], %[[R]], %[[Y]][%[[TOKEN]],
// CHECK: memref.store %[[MEAN]], %[[M]][%[[TOKEN]]]
