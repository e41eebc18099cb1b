// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu --split-input-file --verify-diagnostics

// expected-error@+1 {{expected 'heddle.spaces', a text for each buffer}}
heddle.kernel @nowhere lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>):
  %lane = heddle.lane
  %a = memref.load %x[%lane] : memref<16xf32>
  memref.store %a, %x[%lane] : memref<16xf32>
}

// -----

heddle.kernel @pairs lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xi32>):
  %lane = heddle.lane
  %a = memref.load %x[%lane] : memref<16xi32>
  // expected-error@+1 {{products of int16 are for processors}}
  %b = heddle.dot2 %a, %a, %a
  memref.store %b, %x[%lane] : memref<16xi32>
} {heddle.spaces = ["arena"]}

// -----

heddle.kernel @twos lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{only vectors of four are loaded}}
  %two = vector.load %x[%c0] : memref<16xf32>, vector<2xf32>
  vector.store %two, %y[%c0] : memref<16xf32>, vector<2xf32>
} {heddle.spaces = ["arena", "arena"]}

// -----

heddle.kernel @intoScratch lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<64xf32>):
  %lane = heddle.lane
  %c4 = arith.constant 4 : index
  %at = arith.muli %lane, %c4 : index
  %s = heddle.scratch : memref<64xf32>
  %four = vector.load %x[%at] : memref<64xf32>, vector<4xf32>
  // expected-error@+1 {{only vectors of four are stored, in buffers}}
  vector.store %four, %s[%at] : memref<64xf32>, vector<4xf32>
} {heddle.spaces = ["arena"]}

// -----

heddle.kernel @single lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<4x16xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  // expected-error@+1 {{sums must be vectors of four}}
  %all = scf.for %step = %c0 to %c4 step %c1 iter_args(%sum = %zero) -> (f32) {
    %a = memref.load %x[%step, %lane] : memref<4x16xf32>
    %next = arith.addf %sum, %a : f32
    scf.yield %next : f32
  } {heddle.sums}
  memref.store %all, %y[%lane] : memref<16xf32>
} {heddle.spaces = ["arena", "arena"]}
