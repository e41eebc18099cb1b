// RUN: heddle-opt %s --split-weights=limit=600 --split-input-file | FileCheck %s

// By pieces: 12 rows of 64 bytes, 4 to a piece; windows of 8, the last one over some of the first.
// CHECK-NOT: heddle.kernel @product lanes
// CHECK: heddle.kernel @product.window8 lanes 16 grid [array<i64: 1, 1, 2>]
// CHECK-NEXT: ^bb0(%{{.*}}: memref<8x16xf32>, %[[Y:.*]]: memref<?x12x16xf32>, %[[NUMBER:.*]]: f32):
// CHECK: %[[BEGIN:.*]] = arith.index_castui
// CHECK: %[[FIRST:.*]] = arith.divui %[[BEGIN]], %c4
// CHECK: %[[TOKEN:.*]] = arith.divui %{{.*}}, %c2{{.*}} : index
// CHECK: %[[OWN:.*]] = arith.remui %{{.*}}, %c2{{.*}} : index
// CHECK: %[[PART:.*]] = arith.addi %[[OWN]], %[[FIRST]] : index
// CHECK: %[[ROW:.*]] = arith.muli %[[PART]], %c4
// CHECK: %[[HERE:.*]] = arith.subi %[[ROW]], %[[BEGIN]]
// CHECK: memref.load %{{.*}}[%[[HERE]], %{{.*}}] : memref<8x16xf32>
// CHECK: memref.store %{{.*}}, %[[Y]][%[[TOKEN]], %[[ROW]], %{{.*}}]
heddle.kernel @product lanes 16 grid [array<i64: 1, 1, 3>] dims ["T"] {
^bb0(%w: memref<12x16xf32>, %y: memref<?x12x16xf32>):
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %lane = heddle.lane
  %piece = heddle.piece
  %token = arith.divui %piece, %c3 : index
  %part = arith.remui %piece, %c3 : index
  %row = arith.muli %part, %c4 : index
  %next = arith.addi %row, %c1 : index
  %a = memref.load %w[%row, %lane] : memref<12x16xf32>
  %b = memref.load %w[%next, %lane] : memref<12x16xf32>
  memref.store %a, %y[%token, %row, %lane] : memref<?x12x16xf32>
  memref.store %b, %y[%token, %next, %lane] : memref<?x12x16xf32>
}
// CHECK: heddle.entry @forward
// CHECK: %[[A:.*]] = heddle.packed "w" as "dense [a b]" {first = 0 : i64} : memref<8x16xf32>
// CHECK: heddle.launch @product.window8(%[[A]], %{{.*}}) writes [1] {operations = [array<i64: 1, 1, 80>], scalars = array<f32: 0.000000e+00>}
// CHECK: %[[B:.*]] = heddle.packed "w" as "dense [a b]" {first = 4 : i64} : memref<8x16xf32>
// CHECK: heddle.launch @product.window8(%[[B]], %{{.*}}) writes [1] {operations = [array<i64: 1, 1, 80>], scalars = array<f32: 4.000000e+00>}
heddle.entry @forward(%y: memref<?x12x16xf32> {heddle.dims = ["T"]}) attributes {defaults = [], extents = array<i64>, input_names = [], output_names = ["y"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<12x16xf32>
  heddle.launch @product(%w, %y) writes [1] {operations = [array<i64: 1, 1, 120>]} : memref<12x16xf32>, memref<?x12x16xf32>
  heddle.return
}

// -----

// By elements: what is looked up outside the window is not stored. Where the limit holds, nothing is split.
// CHECK: heddle.kernel @lookup.window6 lanes 16 grid [array<i64: 1, 1, 1>]
// CHECK: %[[ID:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: %[[AT:.*]] = arith.subi %[[ID]], %{{.*}} : index
// CHECK: %[[NEAR:.*]] = arith.minui %[[AT]], %c5
// CHECK: memref.load %{{.*}}[%[[NEAR]], %{{.*}}] : memref<6x16xf32>
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %{{.*}}, %c6
// CHECK: scf.if %[[INSIDE]] {
// CHECK-NEXT: memref.store
heddle.kernel @lookup lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T"] {
^bb0(%ids: memref<?xi32>, %w: memref<12x16xf32>, %y: memref<?x16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %word = memref.load %ids[%piece] : memref<?xi32>
  %id = arith.index_cast %word : i32 to index
  %a = memref.load %w[%id, %lane] : memref<12x16xf32>
  memref.store %a, %y[%piece, %lane] : memref<?x16xf32>
}
heddle.kernel @copy lanes 16 grid [array<i64: 1, 1, 1>] dims ["T"] {
^bb0(%w: memref<9x16xf32>, %y: memref<?x16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %a = memref.load %w[%piece, %lane] : memref<9x16xf32>
  memref.store %a, %y[%piece, %lane] : memref<?x16xf32>
}
heddle.entry @forward(%ids: memref<?xi32> {heddle.dims = ["T"]}, %y: memref<?x16xf32> {heddle.dims = ["T"]}, %z: memref<?x16xf32> {heddle.dims = ["T"]}) attributes {defaults = [unit], extents = array<i64: 12>, input_names = ["ids"], output_names = ["y", "z"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<12x16xf32>
  %v = heddle.packed "v" as "dense [a b]" : memref<9x16xf32>
  // CHECK: heddle.launch @lookup.window6({{.*}}weight_bytes = 64 : i64
  // CHECK: heddle.packed "w" {{.*}}{first = 6 : i64}
  // CHECK: heddle.launch @lookup.window6({{.*}}scalars = array<f32: 6.000000e+00>, weight_bytes = 0 : i64
  heddle.launch @lookup(%ids, %w, %y) writes [2] {weight_bytes = 64 : i64} : memref<?xi32>, memref<12x16xf32>, memref<?x16xf32>
  // CHECK: heddle.launch @copy(
  heddle.launch @copy(%v, %z) writes [1] : memref<9x16xf32>, memref<?x16xf32>
  heddle.return
}

// -----

// What reads all rows for each result stays whole.
// CHECK: heddle.kernel @sum lanes
// CHECK: heddle.launch @sum(
heddle.kernel @sum lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%w: memref<12x16xf32>, %y: memref<16xf32>):
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %zero = arith.constant 0.0 : f32
  %lane = heddle.lane
  %sum = scf.for %i = %c0 to %c12 step %c1 iter_args(%carried = %zero) -> (f32) {
    %a = memref.load %w[%i, %lane] : memref<12x16xf32>
    %next = arith.addf %carried, %a : f32
    scf.yield %next : f32
  }
  memref.store %sum, %y[%lane] : memref<16xf32>
}
heddle.entry @forward(%y: memref<16xf32>) attributes {defaults = [], extents = array<i64>, input_names = [], output_names = ["y"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<12x16xf32>
  heddle.launch @sum(%w, %y) writes [1] : memref<12x16xf32>, memref<16xf32>
  heddle.return
}

// -----

// Where pieces do not fill the weight, indices stop at its last row. 11 rows of 64 bytes, 4 to a piece: windows of 7 rows begin
// at 0 and at 4, so that the last ends with the weight; what the first makes of rows 7 and further the second makes again.
// CHECK: heddle.kernel @odd.window7 lanes 16 grid [array<i64: 1, 1, 2>]
// CHECK: %[[LEAST:.*]] = arith.minui %{{.*}}, %c10
// CHECK: %[[HERE:.*]] = arith.subi %[[LEAST]], %{{.*}} : index
// CHECK: %[[NEAR:.*]] = arith.minui %[[HERE]], %c6
// CHECK: vector.load %{{.*}}[%[[NEAR]], %{{.*}}] : memref<7x16xf32>, vector<4xf32>
heddle.kernel @odd lanes 16 grid [array<i64: 1, 1, 3>] dims ["T"] {
^bb0(%w: memref<11x16xf32>, %y: memref<?x12x16xf32>):
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c10 = arith.constant 10 : index
  %lane = heddle.lane
  %piece = heddle.piece
  %token = arith.divui %piece, %c3 : index
  %part = arith.remui %piece, %c3 : index
  %first = arith.muli %part, %c4 : index
  %own = arith.divui %lane, %c4 : index
  %panel = arith.addi %first, %own : index
  %row = arith.minui %panel, %c10 : index
  %rest = arith.remui %lane, %c4 : index
  %slot = arith.muli %rest, %c4 : index
  %a = vector.load %w[%row, %slot] : memref<11x16xf32>, vector<4xf32>
  vector.store %a, %y[%token, %panel, %slot] : memref<?x12x16xf32>, vector<4xf32>
}
// CHECK: heddle.entry @oddForward
// CHECK: heddle.packed "w" as "dense [a b]" {first = 0 : i64} : memref<7x16xf32>
// CHECK: heddle.packed "w" as "dense [a b]" {first = 4 : i64} : memref<7x16xf32>
heddle.entry @oddForward(%y: memref<?x12x16xf32> {heddle.dims = ["T"]}) attributes {defaults = [], extents = array<i64>, input_names = [], output_names = ["y"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<11x16xf32>
  heddle.launch @odd(%w, %y) writes [1] : memref<11x16xf32>, memref<?x12x16xf32>
  heddle.return
}
