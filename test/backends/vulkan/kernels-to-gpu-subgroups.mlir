// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu=subgroups --canonicalize --cse | FileCheck %s

// A subgroup reduces its own lanes; where there are several, their results go through the workgroup's memory, in one order.
// CHECK-LABEL: gpu.module @total
// CHECK: %[[SHARED:.+]] = memref.alloc() : memref<16xi32, #spirv.storage_class<Workgroup>>
// CHECK: %[[PART:.+]] = gpu.subgroup_reduce add %{{.+}} : (f32) -> f32
// CHECK: %[[COUNT:.+]] = gpu.num_subgroups
// CHECK: %[[SEVERAL:.+]] = arith.cmpi ugt, %[[COUNT]], %c1
// CHECK: %[[SUM:.+]] = scf.if %[[SEVERAL]] -> (f32) {
// CHECK: %[[OWN:.+]] = gpu.subgroup_id
// CHECK: %[[ELECTED:.+]] = spirv.GroupNonUniformElect <Subgroup>
// CHECK: scf.if %[[ELECTED]] {
// CHECK: memref.store %{{.+}}, %[[SHARED]][%[[OWN]]]
// CHECK: gpu.barrier
// CHECK: scf.for %{{.+}} = %c1 to %[[COUNT]] step %c1
// CHECK: arith.addf
// CHECK: gpu.barrier
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[PART]]
// CHECK: gpu.subgroup_reduce maxnumf
// CHECK: gpu.subgroup_reduce maxsi
heddle.kernel @total lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %ids: memref<16xi32>, %y: memref<2xf32>, %z: memref<1xi32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.load %x[%lane] : memref<16xf32>
  %sum = heddle.lane_reduce sum %a : f32
  memref.store %sum, %y[%c0] : memref<2xf32>
  %most = heddle.lane_reduce max %a : f32
  memref.store %most, %y[%c1] : memref<2xf32>
  %id = memref.load %ids[%lane] : memref<16xi32>
  %last = heddle.lane_reduce max %id : i32
  memref.store %last, %z[%c0] : memref<1xi32>
} {heddle.spaces = ["arena", "arena", "arena", "arena"]}
