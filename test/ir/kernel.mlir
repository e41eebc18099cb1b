// RUN: heddle-opt %s | heddle-opt | FileCheck %s

// CHECK: heddle.kernel @k lanes 16 grid [array<i64: 1, 16, 3>, array<i64: 0, 1, 2>] dims ["T", "T:16", "C/16"] {
// CHECK-NEXT: ^bb0(%[[A:.*]]: memref<?xf32>, %[[B:.*]]: memref<8x?xi32>, %[[C:.*]]: memref<?x16xf32>, %[[F:.*]]: f32):
heddle.kernel @k lanes 16 grid [array<i64: 1, 16, 3>, array<i64: 0, 1, 2>] dims ["T", "T:16", "C/16"] {
^bb0(%a: memref<?xf32>, %b: memref<8x?xi32>, %c: memref<?x16xf32>, %f: f32):
  // CHECK: heddle.piece
  %piece = heddle.piece
  // CHECK: heddle.first_piece
  %first = heddle.first_piece
  // CHECK: %[[LANE:.*]] = heddle.lane
  %lane = heddle.lane
  // CHECK: %[[T:.*]] = heddle.size "T"
  %t = heddle.size "T"
  // CHECK: heddle.scratch : memref<4x16xf32>
  %s = heddle.scratch : memref<4x16xf32>
  // CHECK: heddle.lane_reduce sum %[[F]] : f32
  %sum = heddle.lane_reduce sum %f : f32
  %i = arith.constant 3 : i32
  // CHECK: heddle.lane_reduce max %[[I:.*]] : i32
  %max = heddle.lane_reduce max %i : i32
  // CHECK: heddle.dot2 %[[I]], %[[I]], %[[I]]
  %dot = heddle.dot2 %i, %i, %i
  // CHECK: heddle.dot4 %[[I]], %[[I]], %[[I]]
  %bytes = heddle.dot4 %i, %i, %i : i32
  // CHECK: heddle.dot4 narrow %[[I]], %[[I]], %[[I]] : i32
  %codes = heddle.dot4 narrow %i, %i, %i : i32
  // CHECK: heddle.choose_bytes %[[I]] in [0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1]
  %chosen = heddle.choose_bytes %i in [0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1] : i32
  %inside = arith.cmpi ult, %lane, %t : index
  // CHECK: heddle.store_where %{{.*}}, %[[F]], %[[A]][%[[LANE]]] : f32, memref<?xf32>
  heddle.store_where %inside, %f, %a[%lane] : f32, memref<?xf32>
}
// CHECK: heddle.kernel @alone lanes 1 grid [] beyond 512 dims [] serial {
heddle.kernel @alone lanes 1 grid [] beyond 512 dims [] serial {
^bb0(%a: memref<8xf32>):
}

// CHECK-LABEL: heddle.layer @block
heddle.layer @block(%x: memref<?xf32>) attributes {kind = "block"} {
  // CHECK: %[[P:.*]] = heddle.packed "wq" as "dense [n]" : memref<8xf32>
  %p = heddle.packed "wq" as "dense [n]" : memref<8xf32>
  // CHECK: heddle.packed "constant" as "dense [n]" dense<1.000000e+00> : tensor<2xf32> : memref<2xf32>
  %c = heddle.packed "constant" as "dense [n]" dense<1.0> : tensor<2xf32> : memref<2xf32>
  // CHECK: %[[B:.*]] = heddle.buffer dims ["T:16"] : memref<8x?xi32>
  %b = heddle.buffer dims ["T:16"] : memref<8x?xi32>
  // CHECK: heddle.buffer dims [] slot 3 : memref<8xf32>
  %s = heddle.buffer dims [] slot 3 : memref<8xf32>
  // CHECK: %[[K:.*]] = heddle.cache "k" dims ["C/16"] : memref<?x16xf32>
  %k = heddle.cache "k" dims ["C/16"] : memref<?x16xf32>
  // CHECK: heddle.launch @k(%arg0, %[[B]], %[[K]]) writes [0, 2] {scalars = array<f32: 5.000000e-01>} : memref<?xf32>, memref<8x?xi32>, memref<?x16xf32>
  heddle.launch @k(%x, %b, %k) writes [0, 2] {scalars = array<f32: 0.5>} : memref<?xf32>, memref<8x?xi32>, memref<?x16xf32>
  // CHECK: heddle.launch @alone(%[[P]]) writes [] : memref<8xf32>
  heddle.launch @alone(%p) writes [] : memref<8xf32>
  heddle.return
}
