// RUN: heddle-opt %s --widen-lanes=cpu=x86-64-v3 --canonicalize --cse --lower-kernels --kernels-to-llvm | FileCheck %s

// Strides that are known are constants, offsets need no memory.
// CHECK-LABEL: llvm.func @k(
// CHECK: llvm.call @k.piece
// CHECK-LABEL: llvm.func internal @k.piece(%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias}
// CHECK-DAG: llvm.mlir.constant(8 : index) : i64
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> vector<8xf32>
// CHECK: llvm.store %{{.*}} : vector<8xf32>, !llvm.ptr
// CHECK-NOT: unrealized_conversion_cast
heddle.kernel @k lanes 8 grid [array<i64: 1, 1, 1>] dims ["T"] {
^bb0(%x: memref<?x8xf32>, %y: memref<4x8xf32>):
  %p = heddle.piece
  %l = heddle.lane
  %v = memref.load %x[%p, %l] : memref<?x8xf32>
  memref.store %v, %y[%p, %l] : memref<4x8xf32>
}
