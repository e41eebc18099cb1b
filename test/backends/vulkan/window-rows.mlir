// RUN: heddle-opt %s --window-rows=limit=600 --split-input-file | FileCheck %s

// By pieces: 12 rows of 64 bytes, 4 to a piece. What follows the piece's part is run if that lies in the window.
// CHECK: heddle.kernel @product lanes 16 grid [array<i64: 1, 1, 3>] dims ["T"] {
// CHECK-NEXT: ^bb0(%{{.*}}: memref<12x16xf32>, %[[Y:.*]]: memref<?x12x16xf32>, %[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK: %[[WORD:.*]] = arith.fptoui %[[A]] : f32 to i32
// CHECK: %[[FIRST:.*]] = arith.index_castui %[[WORD]]
// CHECK: %[[WORDS:.*]] = arith.fptoui %[[B]] : f32 to i32
// CHECK: %[[COUNT:.*]] = arith.index_castui %[[WORDS]]
// CHECK: %[[PART:.*]] = arith.remui %{{.*}}, %c3
// CHECK: %[[BASE:.*]] = arith.muli %[[PART]], %c4
// CHECK: %[[AT:.*]] = arith.subi %[[BASE]], %[[FIRST]]
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[AT]], %[[COUNT]]
// CHECK: scf.if %[[INSIDE]] {
// CHECK: memref.store %{{.*}}, %[[Y]]
// CHECK: memref.store %{{.*}}, %[[Y]]
// CHECK-NEXT: }
// CHECK-NEXT: } {window_rows = 4 : i64, windowed = array<i64: 0>}
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
// CHECK: heddle.launch @product(%{{.*}}, %{{.*}}) writes [1] {scalars = array<f32: 0.000000e+00, 1.200000e+01>}
heddle.entry @forward(%y: memref<?x12x16xf32> {heddle.dims = ["T"]}) attributes {defaults = [], extents = array<i64>, input_names = [], output_names = ["y"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<12x16xf32>
  heddle.launch @product(%w, %y) writes [1] : memref<12x16xf32>, memref<?x12x16xf32>
  heddle.return
}

// -----

// By elements: what is looked up outside the window is not stored. Where the limit holds, all stays as it is.
// CHECK: heddle.kernel @lookup
// CHECK: %[[ID:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: memref.load
// CHECK: %[[AT:.*]] = arith.subi %[[OWN:.*]], %{{.*}} : index
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[AT]]
// CHECK: heddle.store_where %[[INSIDE]]
// CHECK: {windowed = array<i64: 1>}
heddle.kernel @lookup lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T"] {
^bb0(%ids: memref<?xi32>, %w: memref<12x16xf32>, %y: memref<?x16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %word = memref.load %ids[%lane] : memref<?xi32>
  %id = arith.index_cast %word : i32 to index
  %a = memref.load %w[%id, %piece] : memref<12x16xf32>
  memref.store %a, %y[%lane, %piece] : memref<?x16xf32>
}
// CHECK: heddle.kernel @copy
// CHECK-NOT: windowed
heddle.kernel @copy lanes 16 grid [array<i64: 1, 1, 1>] dims ["T"] {
^bb0(%w: memref<9x16xf32>, %y: memref<?x16xf32>):
  %lane = heddle.lane
  %piece = heddle.piece
  %a = memref.load %w[%piece, %lane] : memref<9x16xf32>
  memref.store %a, %y[%piece, %lane] : memref<?x16xf32>
}
// CHECK: heddle.entry
heddle.entry @forward(%ids: memref<?xi32> {heddle.dims = ["T"]}, %y: memref<?x16xf32> {heddle.dims = ["T"]}, %z: memref<?x16xf32> {heddle.dims = ["T"]}) attributes {defaults = [unit], extents = array<i64: 12>, input_names = ["ids"], output_names = ["y", "z"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<12x16xf32>
  %v = heddle.packed "v" as "dense [a b]" : memref<9x16xf32>
  // CHECK: heddle.launch @lookup({{.*}}scalars = array<f32: 0.000000e+00, 1.200000e+01>, weight_bytes = 64 : i64
  heddle.launch @lookup(%ids, %w, %y) writes [2] {weight_bytes = 64 : i64} : memref<?xi32>, memref<12x16xf32>, memref<?x16xf32>
  // CHECK: heddle.launch @copy(%{{.*}}, %{{.*}}) writes [1] :
  heddle.launch @copy(%v, %z) writes [1] : memref<9x16xf32>, memref<?x16xf32>
  heddle.return
}

// -----

// What reads all rows for each result stays whole.
// CHECK: heddle.kernel @sum lanes
// CHECK-NOT: windowed
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

// An expert of four, chosen by its number: windows are of whole experts, of three rows each. Lanes stop at an expert's last row.
// CHECK: heddle.kernel @experts
// CHECK: %[[CHOSEN:.*]] = arith.index_cast %
// CHECK: %[[BASE:.*]] = arith.muli %[[CHOSEN]], %c3
// CHECK: arith.subi %[[BASE]]
// CHECK: scf.if
// CHECK: vector.store
// CHECK: {window_rows = 3 : i64, windowed = array<i64: 1>}
heddle.kernel @experts lanes 16 grid [array<i64: 0, 1, 2>] dims [] {
^bb0(%ids: memref<2xi32>, %w: memref<12x16xf32>, %y: memref<2x4x16xf32>):
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %lane = heddle.lane
  %piece = heddle.piece
  %word = memref.load %ids[%piece] : memref<2xi32>
  %chosen = arith.index_cast %word : i32 to index
  %first = arith.muli %chosen, %c3 : index
  %own = arith.divui %lane, %c4 : index
  %panel = arith.minui %own, %c2 : index
  %row = arith.addi %first, %panel : index
  %rest = arith.remui %lane, %c4 : index
  %slot = arith.muli %rest, %c4 : index
  %a = vector.load %w[%row, %slot] : memref<12x16xf32>, vector<4xf32>
  vector.store %a, %y[%piece, %own, %slot] : memref<2x4x16xf32>, vector<4xf32>
}
heddle.entry @forward(%ids: memref<2xi32>, %y: memref<2x4x16xf32>) attributes {defaults = [unit], extents = array<i64: 4>, input_names = ["ids"], output_names = ["y"]} {
  %w = heddle.packed "w" as "dense [a b]" : memref<12x16xf32>
  heddle.launch @experts(%ids, %w, %y) writes [2] : memref<2xi32>, memref<12x16xf32>, memref<2x4x16xf32>
  heddle.return
}

// -----

// Caches have windows whatever their size, here of heads: what writes them stores what lies in the window, what reads them is run
// for the heads that do. A cache of one head has none.
// CHECK: heddle.kernel @append
// CHECK: heddle.store_where
// CHECK: {windowed = array<i64: 1>}
heddle.kernel @append lanes 16 grid [array<i64: 0, 1, 1>] dims ["C"] {
^bb0(%x: memref<4x16xf32>, %cache: memref<4x?x16xf32>):
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %lane = heddle.lane
  %head = arith.remui %lane, %c4 : index
  %a = memref.load %x[%head, %c0] : memref<4x16xf32>
  memref.store %a, %cache[%head, %c0, %c0] : memref<4x?x16xf32>
}
// CHECK: heddle.kernel @attention
// CHECK: scf.if
// CHECK: memref.store
// CHECK: {windowed = array<i64: 0>}
heddle.kernel @attention lanes 16 grid [array<i64: 0, 1, 8>] dims ["C"] {
^bb0(%cache: memref<4x?x16xf32>, %y: memref<8x16xf32>):
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %lane = heddle.lane
  %piece = heddle.piece
  %head = arith.remui %piece, %c4 : index
  %a = memref.load %cache[%head, %c0, %lane] : memref<4x?x16xf32>
  memref.store %a, %y[%piece, %lane] : memref<8x16xf32>
}
// CHECK: heddle.kernel @one
// CHECK-NOT: windowed
heddle.kernel @one lanes 16 grid [array<i64: 0, 1, 1>] dims ["C"] {
^bb0(%cache: memref<1x?x16xf32>, %y: memref<8x16xf32>):
  %c0 = arith.constant 0 : index
  %lane = heddle.lane
  %a = memref.load %cache[%c0, %c0, %lane] : memref<1x?x16xf32>
  memref.store %a, %y[%c0, %lane] : memref<8x16xf32>
}
heddle.entry @forward(%x: memref<4x16xf32>, %y: memref<8x16xf32>) attributes {defaults = [unit], extents = array<i64: 0>, input_names = ["x"], output_names = ["y"]} {
  %cache = heddle.cache "k" dims ["C"] : memref<4x?x16xf32>
  %single = heddle.cache "l" dims ["C"] : memref<1x?x16xf32>
  // CHECK: heddle.launch @append(%{{.*}}) writes [1] {scalars = array<f32: 0.000000e+00, 4.000000e+00>}
  heddle.launch @append(%x, %cache) writes [1] : memref<4x16xf32>, memref<4x?x16xf32>
  heddle.launch @attention(%cache, %y) writes [1] : memref<4x?x16xf32>, memref<8x16xf32>
  heddle.launch @one(%single, %y) writes [1] : memref<1x?x16xf32>, memref<8x16xf32>
  heddle.return
}
