// RUN: heddle-opt %s --synchronize-lanes --split-input-file | FileCheck %s

// Each lane uses its own elements: private memory, no barrier.
// CHECK-LABEL: heddle.kernel @own
// CHECK: heddle.scratch {heddle.place = "private"}
// CHECK-NOT: gpu.barrier
heddle.kernel @own lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<32xf32>, %y: memref<32xf32>):
  %lane = heddle.lane
  %c16 = arith.constant 16 : index
  %other = arith.addi %lane, %c16 : index
  %s = heddle.scratch : memref<32xf32>
  %a = memref.load %x[%lane] : memref<32xf32>
  memref.store %a, %s[%other] : memref<32xf32>
  %b = memref.load %s[%other] : memref<32xf32>
  memref.store %b, %y[%lane] : memref<32xf32>
}

// -----

// What one lane writes all lanes read: the workgroup's memory, and a barrier in between; another before the loop's next turn
// writes again.
// CHECK-LABEL: heddle.kernel @exchange
// CHECK: heddle.scratch {heddle.place = "workgroup"}
// CHECK: scf.for
// CHECK: gpu.barrier
// CHECK-NEXT: memref.store
// CHECK: gpu.barrier
// CHECK-NEXT: memref.load
heddle.kernel @exchange lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %s = heddle.scratch : memref<16xf32>
  scf.for %i = %c0 to %c4 step %c1 {
    %a = memref.load %x[%lane] : memref<16xf32>
    memref.store %a, %s[%lane] : memref<16xf32>
    %b = memref.load %s[%i] : memref<16xf32>
    memref.store %b, %y[%lane] : memref<16xf32>
  }
}

// -----

// A loop that only reads waits once, before it.
// CHECK-LABEL: heddle.kernel @loop
// CHECK: memref.store {{.*}} memref<16xf32>
// CHECK: gpu.barrier
// CHECK-NEXT: scf.for
// CHECK-NOT: gpu.barrier
heddle.kernel @loop lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %s = heddle.scratch : memref<16xf32>
  %a = memref.load %x[%lane] : memref<16xf32>
  memref.store %a, %s[%lane] : memref<16xf32>
  %sum = scf.for %i = %c0 to %c16 step %c1 iter_args(%before = %zero) -> (f32) {
    %b = memref.load %s[%i] : memref<16xf32>
    %after = arith.addf %before, %b : f32
    scf.yield %after : f32
  }
  memref.store %sum, %y[%lane] : memref<16xf32>
}

// -----

// One number that all lanes have alike: each keeps it for itself.
// CHECK-LABEL: heddle.kernel @alike
// CHECK: heddle.scratch {heddle.place = "private"}
// CHECK-NOT: gpu.barrier
heddle.kernel @alike lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<1xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %s = heddle.scratch : memref<1xf32>
  %a = memref.load %x[%lane] : memref<16xf32>
  %sum = heddle.lane_reduce sum %a : f32
  memref.store %sum, %s[%c0] : memref<1xf32>
  %b = memref.load %s[%c0] : memref<1xf32>
  memref.store %b, %y[%c0] : memref<1xf32>
}

// -----

// More than a workgroup has: the device's memory.
// CHECK-LABEL: heddle.kernel @large
// CHECK: heddle.scratch {heddle.place = "device"}
heddle.kernel @large lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %s = heddle.scratch : memref<16384xf32>
  %a = memref.load %x[%lane] : memref<16xf32>
  memref.store %a, %s[%lane] : memref<16384xf32>
  %b = memref.load %s[%c0] : memref<16384xf32>
  memref.store %b, %y[%lane] : memref<16xf32>
}

// -----

// A lane that goes over its own row waits for those who wrote it, and for nobody while it changes it.
// CHECK-LABEL: heddle.kernel @row
// CHECK: memref.store %{{.*}}[%c0, %{{.*}}]
// CHECK-NEXT: gpu.barrier
// CHECK-NEXT: memref.load
// CHECK-NEXT: memref.store
// CHECK-NEXT: memref.load
// CHECK-NEXT: memref.store
// CHECK-NEXT: gpu.barrier
// CHECK-NEXT: memref.load
heddle.kernel @row lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xvector<4xf32>>, %y: memref<16xvector<4xf32>>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = heddle.scratch : memref<16x16xvector<4xf32>>
  %a = memref.load %x[%lane] : memref<16xvector<4xf32>>
  memref.store %a, %s[%c0, %lane] : memref<16x16xvector<4xf32>>
  %b = memref.load %s[%lane, %c0] : memref<16x16xvector<4xf32>>
  memref.store %b, %s[%lane, %c1] : memref<16x16xvector<4xf32>>
  %c = memref.load %s[%lane, %c1] : memref<16x16xvector<4xf32>>
  memref.store %c, %s[%lane, %c0] : memref<16x16xvector<4xf32>>
  %d = memref.load %s[%c1, %c0] : memref<16x16xvector<4xf32>>
  memref.store %d, %y[%lane] : memref<16xvector<4xf32>>
}
