// RUN: heddle-opt %s --lower-kernels --split-input-file --verify-diagnostics

heddle.kernel @size lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%y: memref<8xf32>, %a: f32):
  // expected-error @+1 {{a size must be T, S, C or U, found 'X'}}
  %n = heddle.size "X"
  memref.store %a, %y[%n] : memref<8xf32>
}

// -----

heddle.kernel @early lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%y: memref<8xf32>, %a: f32):
  // expected-error @+1 {{'heddle.lane' must be gone: run widen-lanes first}}
  %l = heddle.lane
  memref.store %a, %y[%l] : memref<8xf32>
}

// -----

heddle.kernel @large lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%y: memref<8xf32>):
  // expected-error @+1 {{the scratch memory of 'large' is above 1 GiB}}
  %s = heddle.scratch : memref<1000000x1000000x1000000x1000000xf32>
}

// -----

heddle.kernel @dynamic lanes 8 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%y: memref<8xf32>):
  // expected-error @+1 {{scratch memory must have a static shape of numbers, found 'memref<?xf32>'}}
  %s = heddle.scratch : memref<?xf32>
}

// -----

// expected-error @+1 {{such as 'T:16', 'C/16' or 'C<64', found "X"}}
heddle.kernel @dim lanes 8 grid [array<i64: 0, 1, 1>] dims ["X"] {
^bb0(%y: memref<?xf32>):
}
