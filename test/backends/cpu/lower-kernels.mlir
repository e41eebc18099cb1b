// RUN: heddle-opt %s --lower-kernels=suffix=.cpu --canonicalize --cse | FileCheck %s

// The entry reads heddle_call: buffers, sizes, scalars, scratch, whether this is the thread's first call; then it goes
// over its range.
// CHECK-LABEL: func.func @k.cpu(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK: llvm.load %[[CALL]] invariant : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr inbounds %[[CALL]][1]
// CHECK: %[[FOUR:.*]] = llvm.getelementptr inbounds %[[CALL]][4]
// CHECK: %[[WORD:.*]] = llvm.load %[[FOUR]] invariant : !llvm.ptr -> i64
// CHECK: %[[CALLED:.*]] = arith.trunci %[[WORD]] : i64 to i1
// CHECK: scf.for %[[P:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: %[[BEGINS:.*]] = arith.cmpi eq, %[[P]], %[[BEGIN]]
// CHECK: %[[FIRST:.*]] = arith.andi %[[CALLED]], %[[BEGINS]]
// CHECK: func.call @k.cpu.piece({{.*}}, %[[P]], %[[FIRST]])

// CHECK-LABEL: func.func private @k.cpu.piece(
// CHECK-SAME: %[[X:[^:]*]]: !llvm.ptr {llvm.noalias}, %[[Y:[^:]*]]: !llvm.ptr {llvm.noalias}, %[[A:[^:]*]]: f32,
// CHECK-SAME: %[[T:[^:]*]]: i64, %[[S:[^:]*]]: i64, %[[C:[^:]*]]: i64, %[[U:[^:]*]]: i64,
// CHECK-SAME: %[[SCRATCH:[^:]*]]: !llvm.ptr, %[[PIECE:[^:]*]]: i64, %[[ISFIRST:[^:]*]]: i1)
heddle.kernel @k lanes 16 grid [array<i64: 1, 1, 1>] dims ["T:16", "C/32"] {
^bb0(%x: memref<?x8xf32>, %y: memref<?x32xf32>, %a: f32):
  %c0 = arith.constant 0 : index
  // T rounded up to 16, and ceil(C / 32).
  // CHECK-DAG: arith.addi %[[T]], %c15_i64 : i64
  // CHECK-DAG: arith.divui %{{.*}}, %c16_i64 : i64
  // CHECK-DAG: arith.addi %[[C]], %c31_i64 : i64
  // CHECK-DAG: arith.divui %{{.*}}, %c32_i64 : i64
  %p = heddle.piece
  // The second one begins at the next multiple of 64 bytes.
  // CHECK: llvm.getelementptr inbounds %[[SCRATCH]][64]
  %first = heddle.scratch : memref<3xi32>
  %second = heddle.scratch : memref<5xf32>
  %s = heddle.size "S"
  %v = memref.load %x[%p, %s] : memref<?x8xf32>
  %i = arith.fptosi %v : f32 to i32
  // CHECK: scf.if %[[ISFIRST]]
  %fresh = heddle.first_piece
  scf.if %fresh {
    memref.store %i, %first[%c0] : memref<3xi32>
  }
  memref.store %a, %second[%c0] : memref<5xf32>
  memref.store %v, %y[%p, %s] : memref<?x32xf32>
}

// A cache that is a ring: the lesser of C and its size.
// CHECK-LABEL: func.func private @ring.cpu.piece(
// CHECK-SAME: i64, %[[S:[^:]*]]: i64, %[[C:[^:]*]]: i64, %{{[^:]*}}: i64,
// CHECK: %[[SIZE:.*]] = arith.minui %[[C]], %c640_i64
// CHECK: arith.addi %[[SIZE]], %c15_i64
heddle.kernel @ring lanes 16 grid [array<i64: 0, 1, 1>] dims ["C<640/16"] {
^bb0(%x: memref<2x?x16xf32>, %y: memref<2xf32>):
  %c0 = arith.constant 0 : index
  %p = heddle.piece
  %v = memref.load %x[%p, %c0, %c0] : memref<2x?x16xf32>
  memref.store %v, %y[%p] : memref<2xf32>
}
