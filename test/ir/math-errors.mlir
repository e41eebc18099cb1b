// RUN: heddle-opt %s --verify-diagnostics --split-input-file

func.func @position_axis() {
  // expected-error @below {{positions are along T, S or U, not 'n'}}
  %p = heddle.position "n" : !heddle.tensor<n = 4 : i32>
  return
}

// -----

func.func @position_type() {
  // expected-error @below {{result must be !heddle.tensor<T : i32>, found '!heddle.tensor<T>'}}
  %p = heddle.position "T" : !heddle.tensor<T>
  return
}

// -----

func.func @index() {
  // expected-error @below {{result must have the axis 'n' alone and format i32, found '!heddle.tensor<m = 4 : i32>'}}
  %p = heddle.index "n" : !heddle.tensor<m = 4 : i32>
  return
}

// -----

func.func @extent_axis() {
  // expected-error @below {{'n' has a size when compiling}}
  %p = heddle.extent "n" : !heddle.tensor<: i32>
  return
}

// -----

func.func @extent_type() {
  // expected-error @below {{result must be !heddle.tensor<: i32>, found '!heddle.tensor<T : i32>'}}
  %p = heddle.extent "T" : !heddle.tensor<T : i32>
  return
}

// -----

func.func @map_arguments(%x: !heddle.tensor<T>) {
  // expected-error @below {{the region must have 1 arguments, one for each input}}
  %y = heddle.map(%x) { ^bb0: %0 = arith.constant 1.0 : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T>) -> !heddle.tensor<T>
  return
}

// -----

func.func @map_argument(%x: !heddle.tensor<T : i32>) {
  // expected-error @below {{the argument for '!heddle.tensor<T : i32>' must be 'i32', found 'f32'}}
  %y = heddle.map(%x) { ^bb0(%a: f32): heddle.yield %a : f32 } : (!heddle.tensor<T : i32>) -> !heddle.tensor<T>
  return
}

// -----

func.func @map_axes(%x: !heddle.tensor<T, d = 8>) {
  // expected-error @below {{result '!heddle.tensor<T>' must have the axes of the input '!heddle.tensor<T, d = 8>'}}
  %y = heddle.map(%x) { ^bb0(%a: f32): heddle.yield %a : f32 } : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T>
  return
}

// -----

func.func @map_yield(%x: !heddle.tensor<T>) {
  // expected-error @below {{the region must yield one 'i32'}}
  %y = heddle.map(%x) { ^bb0(%a: f32): heddle.yield %a : f32 } : (!heddle.tensor<T>) -> !heddle.tensor<T : i32>
  return
}

// -----

func.func @contract_sizes(%x: !heddle.tensor<d = 8>, %y: !heddle.tensor<d = 4>) {
  // expected-error @below {{axis 'd' has sizes 8 and 4}}
  %z = heddle.contract %x, %y over ["d"] : (!heddle.tensor<d = 8>, !heddle.tensor<d = 4>) -> !heddle.tensor<>
  return
}

// -----

func.func @contract_side(%x: !heddle.tensor<d = 8>, %y: !heddle.tensor<n = 4>) {
  // expected-error @below {{right side '!heddle.tensor<n = 4>' has no axis 'd'}}
  %z = heddle.contract %x, %y over ["d"] : (!heddle.tensor<d = 8>, !heddle.tensor<n = 4>) -> !heddle.tensor<n = 4>
  return
}

// -----

func.func @contract_result(%x: !heddle.tensor<T, d = 8>, %y: !heddle.tensor<n = 4, d = 8>) {
  // expected-error @below {{result must be '!heddle.tensor<T, n = 4>', found '!heddle.tensor<T>'}}
  %z = heddle.contract %x, %y over ["d"] : (!heddle.tensor<T, d = 8>, !heddle.tensor<n = 4, d = 8>) -> !heddle.tensor<T>
  return
}

// -----

func.func @reduce_any(%x: !heddle.tensor<T>) {
  // expected-error @below {{'any' is over conditions, the others over numbers; found '!heddle.tensor<T>'}}
  %z = heddle.reduce any %x over ["T"] : (!heddle.tensor<T>) -> !heddle.tensor<>
  return
}

// -----

func.func @softmax_extra(%x: !heddle.tensor<T, d = 8>, %y: !heddle.tensor<n = 2>) {
  // expected-error @below {{the extra term must have axes of the input other than 'd', found '!heddle.tensor<n = 2>'}}
  %z = heddle.softmax %x extra %y over "d" : (!heddle.tensor<T, d = 8>, !heddle.tensor<n = 2>) -> !heddle.tensor<T, d = 8>
  return
}

// -----

func.func @lookup_count(%x: !heddle.tensor<n = 4>) {
  // expected-error @below {{expected one index for each axis looked up}}
  %z = heddle.lookup %x ["n"] = () : (!heddle.tensor<n = 4>) -> !heddle.tensor<>
  return
}

// -----

func.func @lookup_index(%x: !heddle.tensor<n = 4>, %i: !heddle.tensor<T>) {
  // expected-error @below {{an index must be i32, found '!heddle.tensor<T>'}}
  %z = heddle.lookup %x ["n"] = (%i) : (!heddle.tensor<n = 4>, !heddle.tensor<T>) -> !heddle.tensor<T>
  return
}

// -----

func.func @ring_alone(%x: !heddle.tensor<T>) {
  // expected-error @below {{has 'ring' and 'window', or neither}}
  %k = heddle.keep "k" %x {ring = 64 : i64} : (!heddle.tensor<T>) -> !heddle.tensor<S>
  return
}

// -----

func.func @ring_size(%x: !heddle.tensor<T>) {
  // expected-error @below {{a ring is a multiple of 64 and holds the window, found 72 for 8}}
  %k = heddle.keep "k" %x {ring = 72 : i64, window = 8 : i64} : (!heddle.tensor<T>) -> !heddle.tensor<S>
  return
}

// -----

func.func @ring_window(%x: !heddle.tensor<T>) {
  // expected-error @below {{a ring is a multiple of 64 and holds the window, found 64 for 65}}
  %k = heddle.keep "k" %x {ring = 64 : i64, window = 65 : i64} : (!heddle.tensor<T>) -> !heddle.tensor<S>
  return
}
