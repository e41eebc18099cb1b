// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu --canonicalize --cse | FileCheck %s

// Teams of 16 lanes share the turns of a loop that sums up, where a workgroup is several times as wide: each begins at its own
// number and goes on by their count. In one that is not, all of this folds.
// CHECK-LABEL: gpu.module @sum
// CHECK: spirv.SpecConstant @workgroup spec_id(0) = 16 : i32
// There are as many as there are turns (18), if the device has invocations and the workgroup memory room for them.
// CHECK: heddle.teams, heddle.widest = 288 : i32
// CHECK-DAG: %[[ID:.+]] = gpu.thread_id x
// CHECK-DAG: %[[GROUP:.+]] = gpu.block_id x
// CHECK-DAG: %[[GROUPS:.+]] = gpu.grid_dim x
// CHECK: %[[TEAMS:.+]] = arith.divui %{{.+}}, %c16
// CHECK: %[[ALONE:.+]] = arith.cmpi eq, %[[TEAMS]], %c1
// CHECK-DAG: %[[OWN:.+]] = arith.divui %[[ID]], %c16
// CHECK-DAG: %[[TEAM:.+]] = arith.select %[[ALONE]], %c0, %[[OWN]]
// CHECK: scf.for %{{.+}} = %[[GROUP]] to %c3 step %[[GROUPS]]
// CHECK: %[[PART:.+]] = scf.for %{{.+}} = %[[TEAM]] to %c18 step %[[TEAMS]]
// CHECK: %[[ALL:.+]] = scf.if %[[ALONE]]
// CHECK-NEXT: scf.yield %[[PART]]
// CHECK: %[[SHARED:.+]] = memref.alloc() : memref<288xvector<4xf32>, #spirv.storage_class<Workgroup>>
// CHECK: memref.store %[[PART]], %[[SHARED]]
// CHECK-NEXT: gpu.barrier
// CHECK: %[[SUM:.+]] = scf.if %{{.+}} -> (vector<4xf32>)
// CHECK: scf.for %{{.+}} = %c1 to %[[TEAMS]] step %c1 iter_args(%[[SO_FAR:.+]] = %[[PART]])
// CHECK: %[[OTHER:.+]] = memref.load %[[SHARED]]
// CHECK: arith.addf %[[SO_FAR]], %[[OTHER]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[PART]]
// CHECK: gpu.barrier
// CHECK: scf.yield %[[SUM]]
// CHECK: %[[FIRST:.+]] = arith.cmpi eq, %[[TEAM]], %c0
// CHECK: scf.if %[[FIRST]]
// CHECK-NEXT: memref.store
heddle.kernel @sum lanes 16 grid [array<i64: 0, 1, 3>] dims [] {
^bb0(%w: memref<18x16x4xf32>, %y: memref<3x16x4xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c18 = arith.constant 18 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %all = scf.for %step = %c0 to %c18 step %c1 iter_args(%sum = %zero) -> (vector<4xf32>) {
    %four = vector.load %w[%step, %lane, %c0] : memref<18x16x4xf32>, vector<4xf32>
    %next = arith.addf %sum, %four : vector<4xf32>
    scf.yield %next : vector<4xf32>
  } {heddle.sums}
  vector.store %all, %y[%piece, %lane, %c0] : memref<3x16x4xf32>, vector<4xf32>
} {heddle.spaces = ["weights", "arena"]}
