// RUN: heddle-opt %s --widen-lanes=cpu=x86-64-v3 --split-input-file --verify-diagnostics

heddle.kernel @bound lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%y: memref<8xf32>):
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-note @+1 {{this differs from lane to lane}}
  %l = heddle.lane
  // expected-error @+1 {{a bound of a loop must be the same in all lanes; loop over the largest range and select what counts}}
  scf.for %i = %c0 to %l step %c1 {
  }
}

// -----

heddle.kernel @condition lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%y: memref<8xf32>):
  %c1 = arith.constant 1 : index
  %l = heddle.lane
  // expected-note @+1 {{this differs from lane to lane}}
  %low = arith.cmpi ult, %l, %c1 : index
  // expected-error @+1 {{the condition of 'scf.if' must be the same in all lanes; use arith.select, or heddle.store_where}}
  scf.if %low {
  }
}

// -----

heddle.kernel @one_place lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>, %y: memref<8xf32>):
  %c1 = arith.constant 1 : index
  %l = heddle.lane
  // expected-note @+1 {{this differs from lane to lane}}
  %v = memref.load %x[%l] : memref<8xf32>
  // expected-error @+1 {{a value stored at one place must be the same in all lanes; store at an index that depends on heddle.lane, or reduce over the lanes}}
  memref.store %v, %y[%c1] : memref<8xf32>
}

// -----

// expected-error @+1 {{lanes of a kernel must be a power of two up to 64, found 12}}
heddle.kernel @lanes lanes 12 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>):
}

// -----

heddle.kernel @layout lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32, strided<[2]>>, %y: memref<8xf32>):
  %l = heddle.lane
  // expected-error @+1 {{memory of kernels must be scalars in row-major order, found 'memref<8xf32, strided<[2]>>'}}
  %v = memref.load %x[%l] : memref<8xf32, strided<[2]>>
}

// -----

heddle.kernel @while lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>):
  %true = arith.constant true
  // expected-error @+1 {{'scf.while' cannot be in a kernel: control flow is scf.for and scf.if}}
  scf.while : () -> () {
    scf.condition(%true)
  } do {
    scf.yield
  }
}

// -----

heddle.kernel @mean lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>):
  %l = heddle.lane
  %v = memref.load %x[%l] : memref<8xf32>
  // expected-error @+1 {{a reduction over the lanes must be 'sum' or 'max'}}
  %s = heddle.lane_reduce mean %v : f32
}

// -----

heddle.kernel @extract lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>):
  %l = heddle.lane
  %v = memref.load %x[%l] : memref<8xf32>
  %four = vector.broadcast %v : f32 to vector<4xf32>
  // expected-error @+1 {{of a vector that differs from lane to lane, one element must be extracted}}
  %same = vector.extract %four[] : vector<4xf32> from vector<4xf32>
}

// -----

heddle.kernel @matrix lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>):
  %l = heddle.lane
  %v = memref.load %x[%l] : memref<8xf32>
  %four = vector.broadcast %v : f32 to vector<4xf32>
  // expected-error @+1 {{vectors of kernels have one dimension, found 'vector<2x4xf32>'}}
  %rows = vector.broadcast %four : vector<4xf32> to vector<2x4xf32>
}

// -----

heddle.kernel @scratch lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<8xf32>):
  %c0 = arith.constant 0 : index
  %m = heddle.scratch : memref<8xvector<4xf32>>
  // expected-error @+1 {{'memref.dim' has no form for scratch memory of vectors}}
  %n = memref.dim %m, %c0 : memref<8xvector<4xf32>>
}
