// RUN: heddle-opt %s --widen-lanes=cpu=x86-64-v3 --canonicalize --cse --split-input-file | FileCheck %s

// Neighbours: a vector load and store; a uniform value is broadcast.
// CHECK-LABEL: heddle.kernel @neighbours
heddle.kernel @neighbours lanes 16 grid [array<i64: 1, 16, 1>] dims ["T:16", "T:16"] {
^bb0(%x: memref<?xf32>, %y: memref<?xf32>, %a: f32):
  %c16 = arith.constant 16 : index
  %p = heddle.piece
  %l = heddle.lane
  %b = arith.muli %p, %c16 : index
  %i = arith.addi %b, %l : index
  // CHECK: %[[FIRST:.*]] = arith.muli %{{.*}}, %c16 : index
  // CHECK: %[[V:.*]] = vector.load %{{.*}}[%[[FIRST]]] : memref<?xf32>, vector<16xf32>
  // CHECK: %[[A:.*]] = vector.broadcast %{{.*}} : f32 to vector<16xf32>
  // CHECK: %[[M:.*]] = arith.mulf %[[V]], %[[A]] : vector<16xf32>
  // CHECK: vector.store %[[M]], %{{.*}}[%[[FIRST]]] : memref<?xf32>, vector<16xf32>
  %v = memref.load %x[%i] : memref<?xf32>
  %m = arith.mulf %v, %a : f32
  memref.store %m, %y[%i] : memref<?xf32>
}

// -----

// A tile: the outer indices are uniform, the last one is the lane; uniform loads stay scalar.
// CHECK-LABEL: heddle.kernel @panel
heddle.kernel @panel lanes 16 grid [array<i64: 0, 1, 4>] dims [] {
^bb0(%w: memref<4x8x1x16xf32>, %x: memref<8xf32>, %y: memref<4x16xf32>):
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %p = heddle.piece
  %l = heddle.lane
  // CHECK: scf.for %[[K:.*]] = {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<16xf32>)
  %r = scf.for %k = %c0 to %c8 step %c1 iter_args(%acc = %zero) -> f32 {
    // CHECK: vector.load %{{.*}}[%{{.*}}, %[[K]], %c0, %c0] : memref<4x8x1x16xf32>, vector<16xf32>
    // CHECK: memref.load %{{.*}}[%[[K]]] : memref<8xf32>
    // CHECK: math.fma %{{.*}}, %{{.*}}, %[[ACC]] : vector<16xf32>
    %a = memref.load %w[%p, %k, %c0, %l] : memref<4x8x1x16xf32>
    %b = memref.load %x[%k] : memref<8xf32>
    %n = math.fma %a, %b, %acc : f32
    scf.yield %n : f32
  }
  memref.store %r, %y[%p, %l] : memref<4x16xf32>
}

// -----

// Rows by number: a gather, its offsets scaled by the rows' length; the uniform part of an index stays outside.
// CHECK-LABEL: heddle.kernel @gather
heddle.kernel @gather lanes 8 grid [array<i64: 0, 1, 1>] dims ["T"] {
^bb0(%ids: memref<8xi32>, %x: memref<?x100xf32>, %y: memref<8xf32>):
  %c7 = arith.constant 7 : index
  %l = heddle.lane
  // CHECK-DAG: %[[LENGTH:.*]] = arith.constant dense<100> : vector<8xi32>
  // CHECK: %[[IDS:.*]] = vector.load %{{.*}} : memref<8xi32>, vector<8xi32>
  // CHECK: %[[OFFSETS:.*]] = arith.muli %[[IDS]], %[[LENGTH]] : vector<8xi32>
  // CHECK: vector.gather %{{.*}}[%c0, %c7] [%[[OFFSETS]]]
  %id = memref.load %ids[%l] : memref<8xi32>
  %row = arith.index_cast %id : i32 to index
  %v = memref.load %x[%row, %c7] : memref<?x100xf32>
  memref.store %v, %y[%l] : memref<8xf32>
}

// -----

// CHECK-LABEL: heddle.kernel @scatter
heddle.kernel @scatter lanes 4 grid [array<i64: 0, 1, 1>] dims ["T", "S"] {
^bb0(%y: memref<?x?xf32>):
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %l = heddle.lane
  // The row's stride is known only when the kernel runs.
  // CHECK: %[[STRIDE:.*]] = memref.dim %{{.*}}, %c1
  // CHECK: vector.scatter %{{.*}}[%c0, %c1] [%{{.*}}], %{{.*}}, %{{.*}} : memref<?x?xf32>, vector<4xi32>, vector<4xi1>, vector<4xf32>
  memref.store %one, %y[%l, %c1] : memref<?x?xf32>
}

// -----

// CHECK-LABEL: heddle.kernel @store_where
heddle.kernel @store_where lanes 16 grid [array<i64: 0, 1, 1>] dims ["T"] {
^bb0(%y: memref<?xf32>, %a: f32):
  %n = heddle.size "T"
  %l = heddle.lane
  // CHECK: %[[MASK:.*]] = arith.cmpi ugt, %{{.*}}, %{{.*}} : vector<16xi32>
  // CHECK: vector.maskedstore %{{.*}}[%c0], %[[MASK]], %{{.*}}
  %inside = arith.cmpi ult, %l, %n : index
  heddle.store_where %inside, %a, %y[%l] : f32, memref<?xf32>
  // A uniform condition is a branch.
  // CHECK: scf.if
  // CHECK-NEXT: vector.store
  %c9 = arith.constant 9 : index
  %many = arith.cmpi ugt, %n, %c9 : index
  heddle.store_where %many, %a, %y[%l] : f32, memref<?xf32>
}

// -----

// The upper half onto the lower: the sum's order is the same on every processor.
// CHECK-LABEL: heddle.kernel @reduce
heddle.kernel @reduce lanes 4 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<4xf32>, %y: memref<1xf32>):
  %c0 = arith.constant 0 : index
  %l = heddle.lane
  %v = memref.load %x[%l] : memref<4xf32>
  // CHECK: vector.shuffle %{{.*}} [0, 1]
  // CHECK: vector.shuffle %{{.*}} [2, 3]
  // CHECK: arith.addf %{{.*}} : vector<2xf32>
  // CHECK: arith.addf %{{.*}} : vector<1xf32>
  // CHECK: memref.store %{{.*}}, %{{.*}}[%c0] : memref<1xf32>
  %s = heddle.lane_reduce sum %v : f32
  memref.store %s, %y[%c0] : memref<1xf32>
}

// -----

// float16 in the low half of a word, the lane as a number, a branch that yields what varies.
// CHECK-LABEL: heddle.kernel @values
heddle.kernel @values lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xi32>, %y: memref<8xf32>):
  %c0 = arith.constant 0 : index
  %p = heddle.piece
  %l = heddle.lane
  // CHECK-DAG: arith.constant dense<[0.000000e+00, 1.000000e+00, {{.*}}, 7.000000e+00]> : vector<8xf32>
  // CHECK: arith.trunci %{{.*}} : vector<8xi32> to vector<8xi16>
  // CHECK: arith.bitcast %{{.*}} : vector<8xi16> to vector<8xf16>
  // CHECK: arith.extf %{{.*}} : vector<8xf16> to vector<8xf32>
  %w = memref.load %x[%l] : memref<8xi32>
  %h = arith.trunci %w : i32 to i16
  %b = arith.bitcast %h : i16 to f16
  %f = arith.extf %b : f16 to f32
  %number = arith.index_cast %l : index to i32
  %g = arith.sitofp %number : i32 to f32
  %first = arith.cmpi eq, %p, %c0 : index
  // CHECK: scf.if %{{.*}} -> (vector<8xf32>)
  %r = scf.if %first -> (f32) {
    %s = arith.addf %f, %g : f32
    scf.yield %s : f32
  } else {
    %z = arith.constant 0.0 : f32
    scf.yield %z : f32
  }
  memref.store %r, %y[%l] : memref<8xf32>
}
