// RUN: heddle-opt %s --assign-layouts=plain=true --make-kernels=plain=true --canonicalize --cse | FileCheck %s

!x = !heddle.tensor<T, d = 24>
!e = !heddle.tensor<vocab = 10, d = 24 : q8_0>
!p = !heddle.tensor<T, "d/2" = 12>

heddle.stored @embed ["e"] digits [array<i64: 10, 24>, array<i64: 24, 1>] : !e

// Entries speak tokens outermost. A weight is read densely as float32, a row of it for each token.
// CHECK-LABEL: heddle.entry @lookup
// CHECK-SAME: %[[IDS:.*]]: memref<?xi32> {heddle.axes = ["T"], heddle.dims = ["T"]}
// CHECK-SAME: %[[OUT:.*]]: memref<?x24xf32> {heddle.axes = ["T", "d"], heddle.dims = ["T"]}
// CHECK: %[[W:.*]] = heddle.packed "embed" as "dense [vocab d]" : memref<10x24xf32>
// CHECK: heddle.launch @lookup.lookup(%[[IDS]], %[[W]], %[[OUT]]) writes [2] {weight_bytes = 96 : i64}
// CHECK-NEXT: heddle.return
heddle.entry @lookup(%t: !heddle.tensor<T : i32>) -> !x attributes {input_names = ["t"], output_names = ["x"], extents = array<i64: 10>, defaults = [unit]} {
  %w = heddle.weight "embed" : !e
  %x = heddle.lookup %w ["vocab"] = (%t) : (!e, !heddle.tensor<T : i32>) -> !x
  heddle.return %x : !x
}

// In layers tokens are innermost: lanes run along them, and a sum crosses no lanes.
// CHECK-LABEL: heddle.layer @sum
// CHECK-SAME: (%[[A:.*]]: memref<24x?xf32>, %[[B:.*]]: memref<?xf32>)
// CHECK: heddle.launch @sum.reduce(%[[A]], %[[B]]) writes [1]
// CHECK-NEXT: heddle.return
heddle.layer @sum(%x: !x) -> !heddle.tensor<T> attributes {kind = "block"} {
  %s = heddle.reduce sum %x over ["d"] : (!x) -> !heddle.tensor<T>
  heddle.return %s : !heddle.tensor<T>
}

// The parts are stored into the whole, one kernel each; a part that comes from outside is copied.
// CHECK-LABEL: heddle.layer @concat
// CHECK-SAME: (%[[A:.*]]: memref<12x?xf32>, %[[C:.*]]: memref<24x?xf32>)
// CHECK: heddle.launch @concat.map(%[[A]], %[[C]]) writes [1]
// CHECK-NEXT: heddle.launch @concat.concat(%[[A]], %[[C]]) writes [1]
// CHECK-NEXT: heddle.return
heddle.layer @concat(%x: !p) -> !x attributes {kind = "block"} {
  %a = heddle.map(%x) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!p) -> !p
  %c = heddle.concat(%a, %x) ["d/2", "d/2"] -> "d" : (!p, !p) -> !x
  heddle.return %c : !x
}

// A softmax reads its input three times; the lanes run along the tokens.
// CHECK-LABEL: heddle.layer @softmax
// CHECK: heddle.launch @softmax.softmax
heddle.layer @softmax(%x: !x) -> !x attributes {kind = "block"} {
  %s = heddle.softmax %x over "d" : (!x) -> !x
  heddle.return %s : !x
}

// Both results of a top are written at once.
// CHECK-LABEL: heddle.layer @top
// CHECK-SAME: (%[[A:.*]]: memref<24x?xf32>, %[[B:.*]]: memref<2x?xf32>, %[[W:.*]]: memref<2x?xi32>)
// CHECK: heddle.launch @top.top(%[[A]], %[[B]], %[[W]]) writes [1, 2]
heddle.layer @top(%x: !x) -> (!heddle.tensor<T, k = 2>, !heddle.tensor<T, k = 2 : i32>) attributes {kind = "block"} {
  %b, %w = heddle.top %x["d" -> "k"] : (!x) -> (!heddle.tensor<T, k = 2>, !heddle.tensor<T, k = 2 : i32>)
  heddle.return %b, %w : !heddle.tensor<T, k = 2>, !heddle.tensor<T, k = 2 : i32>
}

// A mean over tokens divides by how many there are.
heddle.layer @mean(%x: !x) -> !heddle.tensor<d = 24> attributes {kind = "block"} {
  %m = heddle.reduce mean %x over ["T"] : (!x) -> !heddle.tensor<d = 24>
  heddle.return %m : !heddle.tensor<d = 24>
}

// What an entry is given has tokens outermost: copied once for all layers that take it.
// CHECK-LABEL: heddle.entry @passes
// CHECK: heddle.launch @passes.entry(%arg0, %[[COPY:.*]]) writes [1] : memref<?x24xf32>, memref<24x?xf32>
// CHECK-NEXT: heddle.invoke @softmax[0] (%[[COPY]], %[[MIDDLE:.*]]) :
// CHECK-NEXT: heddle.invoke @both[0] (%[[COPY]], %[[MIDDLE]], %
heddle.layer @both(%x: !x, %y: !x) -> !x attributes {kind = "both"} {
  %z = heddle.map(%x, %y) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
  heddle.return %z : !x
}
heddle.entry @passes(%x: !x) -> !x attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %s = heddle.invoke @softmax[0] (%x) : (!x) -> !x
  %z = heddle.invoke @both[0] (%x, %s) : (!x, !x) -> !x
  heddle.return %z : !x
}

// Indices are clamped, whatever the tokens are.
// CHECK-LABEL: heddle.kernel @lookup.lookup lanes 16 grid [array<i64: 1, 1, 1>]
// CHECK-SAME: dims ["T", "T"]
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[NINE:.*]] = arith.constant 9 : i32
// CHECK: %[[ID:.*]] = memref.load %arg0
// CHECK: %[[LOW:.*]] = arith.maxsi %[[ID]], %[[ZERO]] : i32
// CHECK: arith.minsi %[[LOW]], %[[NINE]] : i32

// CHECK-LABEL: heddle.kernel @sum.reduce lanes 16 grid [array<i64: 0, 1, 1>]
// CHECK: %[[LANE:.*]] = heddle.lane
// CHECK: %[[T:.*]] = heddle.size "T"
// CHECK: scf.for %[[AT:.*]] = %{{.*}} to %[[T]] step %{{.*}} {
// CHECK:   %[[TOKEN:.*]] = arith.addi %[[AT]], %[[LANE]]
// CHECK:   %[[IN:.*]] = arith.cmpi ult, %[[TOKEN]], %[[T]]
// CHECK:   %[[SUM:.*]] = scf.for %[[D:.*]] = {{.*}} iter_args(
// CHECK:     memref.load %arg0[%[[D]], %[[TOKEN]]]
// CHECK-NOT: heddle.lane_reduce
// CHECK:   heddle.store_where %[[IN]], %[[SUM]], %arg1[%[[TOKEN]]]

// CHECK-LABEL: heddle.kernel @concat.map lanes 16 grid [array<i64: 0, 1, 12>]
// CHECK: math.sin
// CHECK-LABEL: heddle.kernel @concat.concat lanes 16 grid [array<i64: 0, 1, 12>]
// CHECK: %[[TWELVE:.*]] = arith.constant 12 : index
// CHECK: %[[ROW:.*]] = arith.addi %{{.*}}, %[[TWELVE]]
// CHECK: heddle.store_where {{.*}}, %arg1[%[[ROW]],

// CHECK-LABEL: heddle.kernel @softmax.softmax lanes 16 grid [array<i64: 0, 1, 1>]
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: math.exp
// CHECK: arith.divf
// CHECK-NOT: heddle.lane_reduce
// CHECK: heddle.kernel @top.top

// CHECK-LABEL: heddle.kernel @mean.reduce
// CHECK: %[[T:.*]] = heddle.size "T"
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: %[[WHOLE:.*]] = arith.index_cast %[[T]] : index to i32
// CHECK: %[[COUNT:.*]] = arith.sitofp %[[WHOLE]] : i32 to f32
// CHECK: arith.divf %{{.*}}, %[[COUNT]]
