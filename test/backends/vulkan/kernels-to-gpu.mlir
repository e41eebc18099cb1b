// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// A lane is an invocation, a piece a turn of a loop over workgroups; buffers begin where push constants say. Where lanes do not
// meet, a workgroup may have several pieces side by side.
// CHECK-LABEL: gpu.module @double
// CHECK: spirv.SpecConstant @workgroup spec_id(0) = 16 : i32
// CHECK: spirv.SpecConstantComposite @workgroup_size (@workgroup, @one, @one) : vector<3xi32>
// CHECK: gpu.func @main(%[[ARENA:[a-z0-9]+]]: memref<?xi32, #spirv.storage_class<StorageBuffer>>
// CHECK-SAME: heddle.widest = 128 : i32, {{.*}}workgroup_size = [16, 1, 1]
// CHECK-DAG: %[[LANE:.+]] = gpu.thread_id x
// CHECK-DAG: %[[GROUP:.+]] = gpu.block_id x
// CHECK-DAG: %[[GROUPS:.+]] = gpu.grid_dim x
// CHECK: %[[SIDE:.+]] = arith.divui %{{.+}}, %c16
// CHECK: %[[ALONE:.+]] = arith.cmpi eq, %[[SIDE]], %c1
// CHECK-DAG: %[[OWN:.+]] = arith.divui %[[LANE]], %c16
// CHECK-DAG: arith.remui %[[LANE]], %c16
// CHECK-DAG: %[[PIECE:.+]] = arith.select %[[ALONE]], %c0, %[[OWN]]
// CHECK-DAG: %[[SCALED:.+]] = arith.muli %[[GROUP]], %[[SIDE]]
// CHECK-DAG: %[[FIRST:.+]] = arith.addi %[[SCALED]], %[[PIECE]]
// CHECK-DAG: %[[STEP:.+]] = arith.muli %[[GROUPS]], %[[SIDE]]
// CHECK: scf.for %{{.+}} = %[[FIRST]] to %{{.+}} step %[[STEP]]
// CHECK: %[[WORD:.+]] = memref.load %{{.+}}[%{{.+}}] : memref<?xi32, #spirv.storage_class<StorageBuffer>>
// CHECK: %[[X:.+]] = arith.bitcast %[[WORD]] : i32 to f32
// CHECK: arith.addf %[[X]], %[[X]]
// CHECK: memref.store %{{.+}}, %[[ARENA]]
heddle.kernel @double lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T"] {
^bb0(%x: memref<?x16xf32>, %y: memref<?x16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %a = memref.load %x[%piece, %lane] : memref<?x16xf32>
  %b = arith.addf %a, %a : f32
  memref.store %b, %y[%piece, %lane] : memref<?x16xf32>
} {heddle.spaces = ["weights", "arena"]}

// -----

// What is the same in all lanes is stored by the first; sums go through the workgroup's memory in one order.
// CHECK-LABEL: gpu.module @total
// CHECK-NOT: spirv.SpecConstant
// CHECK: memref.alloc() : memref<16xi32, #spirv.storage_class<Workgroup>>
// CHECK: memref.store %{{.+}}, %{{.+}}[%{{.+}}] : memref<16xi32, #spirv.storage_class<Workgroup>>
// CHECK-NEXT: gpu.barrier
// CHECK-COUNT-15: arith.addf
// CHECK: gpu.barrier
// CHECK: scf.if
// CHECK-NEXT: memref.store
heddle.kernel @total lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<1xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %a = memref.load %x[%lane] : memref<16xf32>
  %sum = heddle.lane_reduce sum %a : f32
  memref.store %sum, %y[%c0] : memref<1xf32>
} {heddle.spaces = ["arena", "arena"]}

// -----

// Four neighbours are one load.
// CHECK-LABEL: gpu.module @four
// CHECK: memref.load %{{.+}}[%{{.+}}] : memref<?xvector<4xi32>, #spirv.storage_class<StorageBuffer>>
// CHECK-NEXT: arith.bitcast %{{.+}} : vector<4xi32> to vector<4xf32>
heddle.kernel @four lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %c4 = arith.constant 4 : index
  %four = vector.load %x[%c4] : memref<16xf32>, vector<4xf32>
  %a = vector.extract %four[1] : f32 from vector<4xf32>
  memref.store %a, %y[%lane] : memref<16xf32>
} {heddle.spaces = ["arena", "arena"]}

// -----

// Where a row is no whole number of vectors, they go across rows: rows of 6 in pieces of 2 are 3 vectors.
// CHECK-LABEL: gpu.module @across
// CHECK: scf.for %[[I:.+]] = %c0 to %c3
// CHECK: %[[INSIDE:.+]] = arith.addi %{{.+}}, %[[I]]
// CHECK: %[[PIECE:.+]] = arith.muli %{{.+}}, %c3
// CHECK: %[[AT:.+]] = arith.addi %[[INSIDE]], %[[PIECE]]
// CHECK: memref.load %{{.+}}[%[[AT]]] : memref<?xvector<4xi32>, #spirv.storage_class<StorageBuffer>>
heddle.kernel @across lanes 16 grid [array<i64: 0, 1, 1>] dims ["T"] {
^bb0(%x: memref<?x2x6xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c3 step %c1 {
    %at = arith.muli %i, %c4 : index
    %four = vector.load %x[%piece, %c0, %at] : memref<?x2x6xf32>, vector<4xf32>
    %a = vector.extract %four[1] : f32 from vector<4xf32>
    memref.store %a, %y[%lane] : memref<16xf32>
  }
} {heddle.spaces = ["arena", "arena"]}

// -----

// Four neighbours are one store, where a condition holds in a branch; what is a multiple of four is divided part by part.
// CHECK-LABEL: gpu.module @storeFour
// CHECK: %[[LANE:.+]] = gpu.thread_id x
// CHECK: %[[AT:.+]] = arith.addi %{{.+}}, %[[LANE]]
// CHECK: memref.store %{{.+}}, %{{.+}}[%[[AT]]] : memref<?xvector<4xi32>, #spirv.storage_class<StorageBuffer>>
// CHECK: scf.if
// CHECK: memref.store %{{.+}} : memref<?xvector<4xi32>, #spirv.storage_class<StorageBuffer>>
heddle.kernel @storeFour lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<64xf32>, %y: memref<64xf32>):
  %lane = heddle.lane
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %at = arith.muli %lane, %c4 : index
  %four = vector.load %x[%at] : memref<64xf32>, vector<4xf32>
  vector.store %four, %x[%at] : memref<64xf32>, vector<4xf32>
  %some = arith.cmpi ult, %lane, %c3 : index
  heddle.store_where %some, %four, %y[%at] : vector<4xf32>, memref<64xf32>
} {heddle.spaces = ["arena", "arena"]}

// -----

// What a loop does not change is added first, so that it can leave the loop.
// CHECK-LABEL: gpu.module @invariant
// CHECK: scf.for
// CHECK: scf.for %[[I:.+]] = %c0
// CHECK: %[[OUTSIDE:.+]] = arith.addi
// CHECK: arith.addi %[[OUTSIDE]], %[[INSIDE:.+]] : index
heddle.kernel @invariant lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<4x16xf32>, %y: memref<4x16xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %a = memref.load %x[%i, %lane] : memref<4x16xf32>
    memref.store %a, %y[%i, %lane] : memref<4x16xf32>
  }
} {heddle.spaces = ["arena", "arena"]}

// -----

// A cache that is a ring has the lesser of C and its size.
// CHECK-LABEL: gpu.module @ring
// CHECK: %[[SIZE:.+]] = arith.minui %{{.+}}, %c640
// CHECK: arith.ceildivui %[[SIZE]], %c16
heddle.kernel @ring lanes 16 grid [array<i64: 0, 1, 2>] dims ["C<640/16"] {
^bb0(%x: memref<2x?x16xf32>, %y: memref<2x16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %c0 = arith.constant 0 : index
  %a = memref.load %x[%piece, %c0, %lane] : memref<2x?x16xf32>
  memref.store %a, %y[%piece, %lane] : memref<2x16xf32>
} {heddle.spaces = ["cache", "arena"]}
