// RUN: heddle-opt %s --make-kernels --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,STAGED
// RUN: heddle-opt %s --make-kernels=direct=true --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,DIRECT

!x = !heddle.tensor<T, d = 64>
!v = !heddle.tensor<d = 64>
!w = !heddle.tensor<E = 5, n = 40, d = 64 : q8_0>
!e = !heddle.tensor<T, K = 2 : i32>
!y = !heddle.tensor<T, K = 2, n = 40>

heddle.stored @"block.0.w" ["w"] digits [array<i64: 5, 2560>, array<i64: 40, 64>, array<i64: 64, 1>] : !w

// 40 rows are 3 groups of 16 for each of 5 experts. Two linears of the same choice share the order of the vectors.
// CHECK-LABEL: heddle.layer @prefill
// CHECK-SAME: (%[[X:.*]]: memref<?x64xf32>, %[[E:.*]]: memref<?x2xi32>,
// CHECK-DAG: %[[W:.*]] = heddle.packed "w" as "panels 16 q8_0 [n] over [d] each [E]" : memref<15x2x9x16xi32>
// CHECK-DAG: %[[ORDER:.*]] = heddle.buffer {{.*}} : memref<?x2xi32>
// CHECK-DAG: %[[BOUNDS:.*]] = heddle.buffer {{.*}} : memref<5x2xi32>
// CHECK: heddle.launch @prefill.group(%[[E]], %[[ORDER]], %[[BOUNDS]]) writes [1, 2]
// CHECK-NOT: heddle.launch @prefill.group
// CHECK: heddle.launch @prefill.linear(
// CHECK-NOT: heddle.launch @prefill.group
// CHECK: heddle.return
heddle.layer @prefill(%x: !x, %e: !e) -> (!y, !y) attributes {kind = "block", variant = #heddle<variant all>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] choosing "E" = %e prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T K n"]} : (!x, !w, !e) -> !y
  %z = heddle.linear(%x) weights(%w) extras() over ["d"] choosing "E" = %e prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    %0 = arith.addf %a, %a : f32
    heddle.yield %0 : f32
  } {heddle.layout = ["T K n"]} : (!x, !w, !e) -> !y
  heddle.return %y, %z : !y, !y
}

// One token: a piece has a choice and a chunk of rows; 2 of 5 matrices are read.
// CHECK-LABEL: heddle.layer @decode
// CHECK-NOT: group
// CHECK: heddle.launch @decode.linear({{.*}}weight_bytes = 6912 : i64
heddle.layer @decode(%x: !x, %e: !e) -> !y attributes {kind = "block", variant = #heddle<variant decode>} {
  %w = heddle.weight "w" : !w
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] choosing "E" = %e prologue {
  ^bb0(%h: !v):
    heddle.yield %h : !v
  } epilogue {
  ^bb0(%a: f32):
    heddle.yield %a : f32
  } {heddle.layout = ["T K n"]} : (!x, !w, !e) -> !y
  heddle.return %y : !y
}

// A piece is an expert, for the order as for the products; numbers out of range are clamped.
// CHECK-LABEL: heddle.kernel @prefill.group lanes 16 grid [array<i64: 0, 1, 5>]
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: scf.if
// CHECK: memref.store
// CHECK-LABEL: heddle.kernel @prefill.linear.2 lanes 16 grid [array<i64: 0, 1, {{[0-9]+}}>]
// What a thread's first piece finds in scratch are no vectors, also where it is an expert that no token chose.
// STAGED: %[[FIRST:.*]] = heddle.first_piece
// STAGED-NEXT: scf.if %[[FIRST]] {
// STAGED-NEXT: memref.store %c-1_i32
// CHECK: memref.load %{{.*}} : memref<5x2xi32>
// CHECK: memref.load %{{.*}} : memref<?x2xi32>
// DIRECT: vector.load %{{.*}} : memref<?x64xf32>, vector<4xf32>
