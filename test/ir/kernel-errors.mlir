// RUN: heddle-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{buffers come before scalars}}
heddle.kernel @k lanes 16 grid [] dims [] {
^bb0(%a: f32, %b: memref<4xf32>):
}

// -----

// expected-error @below {{arguments must be memrefs or f32, found 'i32'}}
heddle.kernel @k lanes 16 grid [] dims [] {
^bb0(%a: i32):
}

// -----

// expected-error @below {{expected a name for each of 2 dynamic dimensions, found 1}}
heddle.kernel @k lanes 16 grid [] dims ["T"] {
^bb0(%a: memref<?x?xf32>):
}

// -----

// expected-error @below {{a dimension is T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', found "N"}}
heddle.kernel @k lanes 16 grid [] dims ["N"] {
^bb0(%a: memref<?xf32>):
}

// -----

// expected-error @below {{a dimension is T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', found "C/0"}}
heddle.kernel @k lanes 16 grid [] dims ["C/0"] {
^bb0(%a: memref<?xf32>):
}

// -----

// expected-error @below {{a dimension is T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', found ""}}
heddle.kernel @k lanes 16 grid [] dims [""] {
^bb0(%a: memref<?xf32>):
}

// -----

// expected-error @below {{a factor of the grid is [param 0..4, divide >= 1, times >= 0], found array<i64: 5, 1, 1>}}
heddle.kernel @k lanes 16 grid [array<i64: 5, 1, 1>] dims [] {
^bb0(%a: memref<4xf32>):
}

// -----

// expected-error @below {{a factor of the grid is [param 0..4, divide >= 1, times >= 0], found array<i64: 1, 0, 1>}}
heddle.kernel @k lanes 16 grid [array<i64: 1, 0, 1>] dims [] {
^bb0(%a: memref<4xf32>):
}

// -----

// expected-error @below {{'beyond' is a number of tokens, found -1}}
heddle.kernel @k lanes 16 grid [] beyond -1 dims [] {
^bb0(%a: memref<4xf32>):
}

// -----

func.func @launch(%a: memref<4xf32>) {
  // expected-error @below {{no kernel is called 'k'}}
  heddle.launch @k(%a) writes [0] : memref<4xf32>
  return
}

// -----

heddle.kernel @k lanes 16 grid [] dims [] {
^bb0(%a: memref<4xf32>):
}
func.func @launch(%a: memref<8xf32>) {
  // expected-error @below {{kernel 'k' takes ('memref<4xf32>'), launched with ('memref<8xf32>')}}
  heddle.launch @k(%a) writes [0] : memref<8xf32>
  return
}

// -----

heddle.kernel @k lanes 16 grid [] dims [] {
^bb0(%a: memref<4xf32>, %b: memref<4xf32>):
}
func.func @launch(%a: memref<4xf32>) {
  // expected-error @below {{buffer 1 is written and must not be given twice}}
  heddle.launch @k(%a, %a) writes [1] : memref<4xf32>, memref<4xf32>
  return
}

// -----

heddle.kernel @k lanes 16 grid [] dims [] {
^bb0(%a: memref<4xf32>):
}
func.func @launch(%a: memref<4xf32>) {
  // expected-error @below {{writes buffer 1 of 1}}
  heddle.launch @k(%a) writes [1] : memref<4xf32>
  return
}

// -----

heddle.kernel @k lanes 16 grid [] dims [] {
^bb0:
  %i = arith.constant 3 : i32
  // expected-error @below {{expected 16 entries of the table, found 2}}
  %chosen = heddle.choose_bytes %i in [0, 1] : i32
}

// -----

// expected-error @below {{a dimension is T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', found "C<0"}}
heddle.kernel @k lanes 16 grid [] dims ["C<0"] {
^bb0(%a: memref<?xf32>):
}

// -----

// expected-error @below {{a dimension is T, S, C or U, or such as 'T:16', 'C/16' or 'C<64', found "C<64/16:16"}}
heddle.kernel @k lanes 16 grid [] dims ["C<64/16:16"] {
^bb0(%a: memref<?xf32>):
}
