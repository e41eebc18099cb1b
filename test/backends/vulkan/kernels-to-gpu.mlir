// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// A lane is an invocation, a piece a turn of a loop over workgroups; buffers begin where push constants say.
// CHECK-LABEL: gpu.module @double
// CHECK: gpu.func @main(%[[ARENA:[a-z0-9]+]]: memref<?xi32, #spirv.storage_class<StorageBuffer>>
// CHECK-SAME: workgroup_size = [16, 1, 1]
// CHECK-DAG: %[[LANE:.+]] = gpu.thread_id x
// CHECK-DAG: %[[FIRST:.+]] = gpu.block_id x
// CHECK-DAG: %[[STEP:.+]] = gpu.grid_dim x
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
