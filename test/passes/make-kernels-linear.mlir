// RUN: heddle-opt %s --make-kernels --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,FLOAT
// RUN: heddle-opt %s --make-kernels=activation-bits=16 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,DOT2
// RUN: heddle-opt %s --make-kernels=activation-bits=8 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,DOT4

!x = !heddle.tensor<T, d = 64>
!v = !heddle.tensor<d = 64>
!w = !heddle.tensor<n = 40, d = 64 : q8_0>
!y = !heddle.tensor<T, n = 40>

heddle.stored @"block.0.w" ["w"] digits [array<i64: 40, 64>, array<i64: 64, 1>] : !w
heddle.stored @"block.0.b" ["b"] digits [array<i64: 40, 1>] : !heddle.tensor<n = 40>

// 40 rows are 3 groups of 16, 64 columns 2 blocks of 9 words. The bias is read densely, by its rows.
// CHECK-LABEL: heddle.layer @prefill
// CHECK-SAME: (%[[X:.*]]: memref<?x64xf32>, %[[Y:.*]]: memref<?x40xf32>)
// CHECK-DAG: %[[W:.*]] = heddle.packed "w" as "panels 16 q8_0 [n] over [d]" : memref<3x2x9x16xi32>
// CHECK-DAG: %[[B:.*]] = heddle.packed "b" as "dense [n]" : memref<40xf32>
// CHECK: heddle.launch @prefill.linear(%[[X]], %[[W]], %[[B]], %[[Y]]) writes [3]
heddle.layer @prefill(%x: !x) -> !y attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "w" : !w
  %b = heddle.weight "b" : !heddle.tensor<n = 40>
  %y = heddle.linear(%x) weights(%w) extras(%b) over ["d"] prologue {
  ^bb0(%h: !v):
    %m = heddle.reduce max %h over ["d"] : (!v) -> !heddle.tensor<>
    %n = heddle.map(%h, %m) { ^bb0(%p: f32, %q: f32): %0 = arith.divf %p, %q : f32 heddle.yield %0 : f32 } : (!v, !heddle.tensor<>) -> !v
    heddle.yield %n : !v
  } epilogue {
  ^bb0(%a: f32, %e: f32):
    %0 = arith.addf %a, %e : f32
    heddle.yield %0 : f32
  } {heddle.layout = ["T n"]} : (!x, !w, !heddle.tensor<n = 40>) -> !y
  heddle.return %y : !y
}

// Gate and up for one token: two weights in one kernel, no panels.
// CHECK-LABEL: heddle.layer @decode
// CHECK: heddle.launch @decode.linear(
heddle.layer @decode(%x: !x) -> !y attributes {kind = "block", variant = #heddle<variant decode>} {
  %w = heddle.weight "w" : !w
  %u = heddle.weight "u" : !w
  %y = heddle.linear(%x) weights(%w, %u) extras() over ["d"] prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32, %e: f32):
    %t = math.tanh %a : f32
    %0 = arith.mulf %t, %e : f32
    heddle.yield %0 : f32
  } {heddle.layout = ["T n"]} : (!x, !w, !w) -> !y
  heddle.return %y : !y
}
heddle.stored @"block.0.u" ["u"] digits [array<i64: 40, 64>, array<i64: 64, 1>] : !w

heddle.entry @forward(%x: !x) -> !y attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %y = heddle.invoke @prefill[0](%x) {heddle.layout = ["T n"]} : (!x) -> !y
  %z = heddle.invoke @decode[0](%x) {heddle.layout = ["T n"]} : (!x) -> !y
  heddle.return %y : !y
}

// A piece is 192 tokens; 24 accumulators are 24 tokens of float32 times one vector of rows, or 12 of integers.
// CHECK-LABEL: heddle.kernel @prefill.linear lanes 16 grid [array<i64: 1, 192, 1>] dims ["T", "T"]
// CHECK: ^bb0(%[[X:.*]]: memref<?x64xf32>, %[[W:.*]]: memref<3x2x9x16xi32>, %[[B:.*]]: memref<40xf32>, %[[Y:.*]]: memref<?x40xf32>)
// CHECK: %[[LANE:.*]] = heddle.lane
// FLOAT: %[[ACT:.*]] = heddle.scratch : memref<8x24x80xf32>
// FLOAT: %[[PANEL:.*]] = heddle.scratch : memref<64x16xf32>
// DOT2: memref.view {{.*}} to memref<16x12x48xi32>
// DOT4: memref.view {{.*}} to memref<16x12x32xi32>
// The norm once a token: its reduction crosses lanes, before the columns are divided by it.
// CHECK: memref.load %[[X]]
// CHECK: heddle.lane_reduce max
// CHECK: arith.divf
// Integers: an absolute maximum a block of 32, its scale, and int16.
// DOT2: math.absf
// DOT2: heddle.lane_reduce max
// DOT2: math.roundeven
// DOT2: arith.fptosi
// Of int8 as much, and the columns of each eight in the order of the weights' words.
// DOT4: heddle.lane_reduce max
// DOT4: arith.fptosi
// DOT4: vector.shuffle %{{.*}} [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15]
// Panels are unpacked once for all tokens; the register tile runs over columns.
// FLOAT: memref.load %[[W]][
// FLOAT: arith.sitofp
// FLOAT: memref.store %{{.*}}, %[[PANEL]][
// FLOAT-NOT: heddle.dot2
// FLOAT: iter_args(
// FLOAT-COUNT-24: math.fma
// FLOAT-NOT: math.fma
// DOT2: memref.load %[[W]][
// DOT2: arith.andi %{{.*}}, %c16711935_i32
// DOT2-COUNT-12: heddle.dot2
// DOT4-COUNT-2: arith.andi %{{.*}}, %c16711935_i32
// DOT4: %[[ODD:.*]] = arith.shli %{{.*}}, %c8_i32
// DOT4: arith.ori %{{.*}}, %[[ODD]]
// DOT4-COUNT-12: heddle.dot4
// The epilogue: the bias is read, the last group's lanes beyond row 40 do not store.
// CHECK: scf.if
// CHECK: memref.load %[[B]][
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: heddle.store_where %{{.*}}, %[[SUM]], %[[Y]][

// For one token no block of tokens: the pieces are groups of rows. A thread's first one evaluates the prologue;
// weights are asked for some blocks ahead.
// CHECK-LABEL: heddle.kernel @decode.linear lanes 16 grid [array<i64: 0, 1, 3>] dims ["T", "T"]
// CHECK: %[[FIRST:.*]] = heddle.first_piece
// CHECK: scf.if %[[FIRST]] {
// CHECK: memref.store
// CHECK: }
// FLOAT: memref.prefetch {{.*}} read, locality<0>, data
// DOT2: %[[AHEAD:.*]] = arith.addi %{{.*}}, %c8 : index
// DOT2: memref.prefetch %{{.*}}[%{{.*}}, %[[AHEAD]], %c0, %c0], read, locality<0>, data
// FLOAT-NOT: heddle.dot2
// FLOAT: math.fma
// DOT2: heddle.dot2
// DOT4: heddle.dot4
// CHECK: %[[G:.*]] = math.tanh
// CHECK: %[[P:.*]] = arith.mulf %[[G]],
// CHECK: heddle.store_where %{{.*}}, %[[P]],
