// RUN: heddle-opt %s --widen-lanes=cpu=x86-64-v3 --canonicalize --cse --split-input-file | FileCheck %s

// Each lane's four, lane after lane: neighbours in memory where a lane starts four after the one before it.
// CHECK-LABEL: heddle.kernel @neighbours
heddle.kernel @neighbours lanes 4 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %c4 = arith.constant 4 : index
  %l = heddle.lane
  %i = arith.muli %l, %c4 : index
  // CHECK: %[[V:.*]] = vector.load %{{.*}}[%c0] : memref<16xf32>, vector<16xf32>
  // CHECK: %[[E:.*]] = math.exp %[[V]] : vector<16xf32>
  // CHECK: vector.store %[[E]], %{{.*}}[%c0] : memref<16xf32>, vector<16xf32>
  %v = vector.load %x[%i] : memref<16xf32>, vector<4xf32>
  %e = math.exp %v : vector<4xf32>
  vector.store %e, %y[%i] : memref<16xf32>, vector<4xf32>
}

// -----

// Elsewhere: the offset of each lane four times, plus 0 to 3.
// CHECK-LABEL: heddle.kernel @apart
heddle.kernel @apart lanes 2 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%ids: memref<2xi32>, %x: memref<9x8xi32>, %y: memref<8xf32>):
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %l = heddle.lane
  // CHECK-DAG: %[[WITHIN:.*]] = arith.constant dense<[0, 1, 2, 3, 0, 1, 2, 3]> : vector<8xi32>
  // CHECK: %[[ROWS:.*]] = arith.muli %{{.*}} : vector<2xi32>
  // CHECK: %[[FOUR:.*]] = vector.shuffle %[[ROWS]], %[[ROWS]] [0, 0, 0, 0, 1, 1, 1, 1] : vector<2xi32>, vector<2xi32>
  // CHECK: %[[OFFSETS:.*]] = arith.addi %[[FOUR]], %[[WITHIN]] : vector<8xi32>
  // CHECK: %[[V:.*]] = vector.gather %{{.*}}[%c0, %c0] [%[[OFFSETS]]], {{.*}} into vector<8xi32>
  // CHECK: arith.bitcast %[[V]] : vector<8xi32> to vector<8xf32>
  %id = memref.load %ids[%l] : memref<2xi32>
  %row = arith.index_cast %id : i32 to index
  %v = vector.load %x[%row, %c0] : memref<9x8xi32>, vector<4xi32>
  %f = arith.bitcast %v : vector<4xi32> to vector<4xf32>
  %i = arith.muli %l, %c4 : index
  vector.store %f, %y[%i] : memref<8xf32>, vector<4xf32>
}

// -----

// From scalars to vectors: a lane's number four times, a uniform vector for each lane, four scalars side by side.
// CHECK-LABEL: heddle.kernel @make
// CHECK-SAME: lanes 2
heddle.kernel @make lanes 2 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<2xf32>, %u: memref<4xf32>, %y: memref<8xf32>, %a: f32):
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %l = heddle.lane
  %i = arith.muli %l, %c4 : index
  // CHECK: %[[S:.*]] = vector.load %{{.*}} : memref<2xf32>, vector<2xf32>
  // CHECK: %[[U:.*]] = vector.load %{{.*}} : memref<4xf32>, vector<4xf32>
  // CHECK: %[[REPEATED:.*]] = vector.shuffle %[[S]], %[[S]] [0, 0, 0, 0, 1, 1, 1, 1]
  // CHECK: %[[TILED:.*]] = vector.shuffle %[[U]], %[[U]] [0, 1, 2, 3, 0, 1, 2, 3]
  // CHECK: %[[P:.*]] = arith.mulf %[[REPEATED]], %[[TILED]] : vector<8xf32>
  // CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 2, 4, 6, 1, 3, 5, 7] : vector<8xf32>, vector<8xf32>
  %s = memref.load %x[%l] : memref<2xf32>
  %four = vector.load %u[%c0] : memref<4xf32>, vector<4xf32>
  %r = vector.broadcast %s : f32 to vector<4xf32>
  %p = arith.mulf %r, %four : vector<4xf32>
  %e = vector.from_elements %s, %a, %s, %a : vector<4xf32>
  %sum = arith.addf %p, %e : vector<4xf32>
  vector.store %sum, %y[%i] : memref<8xf32>, vector<4xf32>
}

// -----

// And back: every fourth element; which one, may be known only at run time.
// CHECK-LABEL: heddle.kernel @take
heddle.kernel @take lanes 2 grid [array<i64: 1, 1, 1>] dims ["T"] {
^bb0(%x: memref<8xf32>, %y: memref<?x2xf32>):
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %p = heddle.piece
  %l = heddle.lane
  %i = arith.muli %l, %c4 : index
  // CHECK: %[[V:.*]] = vector.load
  // CHECK: vector.shuffle %[[V]], %[[V]] [2, 6]
  // CHECK: %[[FIRST:.*]] = vector.shuffle %[[V]], %[[V]] [0, 4]
  // CHECK: %[[SECOND:.*]] = vector.shuffle %[[V]], %[[V]] [1, 5]
  // CHECK: arith.select %{{.*}}, %[[SECOND]], %[[FIRST]] : vector<2xi1>, vector<2xf32>
  %v = vector.load %x[%i] : memref<8xf32>, vector<4xf32>
  %third = vector.extract %v[2] : f32 from vector<4xf32>
  %some = vector.extract %v[%p] : f32 from vector<4xf32>
  %s = arith.addf %third, %some : f32
  memref.store %s, %y[%p, %l] : memref<?x2xf32>
}

// -----

// A condition for each lane, for each of its four elements; one that chooses between vectors.
// CHECK-LABEL: heddle.kernel @where
heddle.kernel @where lanes 2 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>, %y: memref<8xf32>):
  %c4 = arith.constant 4 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %t = heddle.size "T"
  %l = heddle.lane
  %i = arith.muli %l, %c4 : index
  %v = vector.load %x[%i] : memref<8xf32>, vector<4xf32>
  %low = arith.cmpi ult, %l, %t : index
  // CHECK: %[[LOW:.*]] = vector.shuffle %{{.*}} [0, 0, 0, 0, 1, 1, 1, 1] : vector<2xi1>
  // CHECK: %[[CHOSEN:.*]] = arith.select %[[LOW]], %{{.*}} : vector<8xi1>, vector<8xf32>
  // CHECK: vector.maskedstore %{{.*}}[%c0], %[[LOW]], %[[CHOSEN]] : memref<8xf32>, vector<8xi1>, vector<8xf32>
  %chosen = arith.select %low, %v, %zero : vector<4xf32>
  heddle.store_where %low, %chosen, %y[%i] : vector<4xf32>, memref<8xf32>
}

// -----

// Scratch memory of vectors becomes memory of scalars; a uniform place holds one vector for all lanes.
// CHECK-LABEL: heddle.kernel @scratch
heddle.kernel @scratch lanes 2 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>, %y: memref<8xf32>):
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %l = heddle.lane
  %i = arith.muli %l, %c4 : index
  // CHECK: %[[M:.*]] = heddle.scratch : memref<3x2x4xf32>
  // CHECK: vector.store %{{.*}}, %[[M]][%c1, %c0, %c0] : memref<3x2x4xf32>, vector<8xf32>
  // CHECK: scf.for %[[J:[a-z0-9]+]] = {{.*}} -> (vector<8xf32>)
  // CHECK: vector.load %[[M]][%c1, %[[J]], %c0] : memref<3x2x4xf32>, vector<4xf32>
  %m = heddle.scratch : memref<3x2xvector<4xf32>>
  %v = vector.load %x[%i] : memref<8xf32>, vector<4xf32>
  memref.store %v, %m[%c1, %l] : memref<3x2xvector<4xf32>>
  %sum = scf.for %j = %c0 to %c2 step %c1 iter_args(%acc = %zero) -> vector<4xf32> {
    %w = memref.load %m[%c1, %j] : memref<3x2xvector<4xf32>>
    %n = math.fma %w, %v, %acc : vector<4xf32>
    scf.yield %n : vector<4xf32>
  }
  vector.store %sum, %y[%i] : memref<8xf32>, vector<4xf32>
}

// -----

// Words for four rows of each lane are so many words; those of all rows are given to each.
// CHECK-LABEL: heddle.kernel @words
heddle.kernel @words lanes 4 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xi32>, %u: memref<1xi32>, %y: memref<16xi32>):
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %l = heddle.lane
  %i = arith.muli %l, %c4 : index
  // CHECK: %[[CODES:.*]] = vector.load %{{.*}}[%c0] : memref<16xi32>, vector<16xi32>
  // CHECK: %[[ONE:.*]] = memref.load
  // CHECK: %[[HALF:.*]] = vector.extract_strided_slice %[[CODES]] {offsets = [8], sizes = [8], strides = [1]}
  // CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
  // CHECK: vector.insert_strided_slice {{.*}} {offsets = [8], strides = [1]} : vector<8xi32> into vector<16xi32>
  %codes = vector.load %x[%i] : memref<16xi32>, vector<4xi32>
  %one = memref.load %u[%c0] : memref<1xi32>
  %all = vector.broadcast %one : i32 to vector<4xi32>
  %sum = heddle.dot4 %codes, %codes, %all : vector<4xi32>
  vector.store %sum, %y[%i] : memref<16xi32>, vector<4xi32>
}
