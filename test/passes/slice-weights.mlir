// RUN: heddle-opt %s --slice-weights | FileCheck %s

// A rotary weight as GGUF has it: row i of a head lies at i % 2 * 4 + i / 2, so its axis has two digits.
// CHECK: heddle.stored @block.0.wq ["q0"]
// CHECK: heddle.stored @"block.0.wq.hd/2@4" ["q0"] digits [array<i64: 2, 64>, array<i64: 1, 8, 4, 16>, array<i64: 8, 1>] {offset = 8 : i64}
// CHECK-SAME: : {{.*}}<h = 2, "hd/2" = 4, d = 8 : q8_0>
// CHECK: heddle.stored @"block.0.wq.hd/2@0" ["q0"] digits [array<i64: 2, 64>, array<i64: 1, 8, 4, 16>, array<i64: 8, 1>]
// CHECK: heddle.stored @block.1.wq ["q1"]
// CHECK: heddle.stored @"block.1.wq.hd/2@4" ["q1"] {{.*}} {offset = 108 : i64}
// CHECK: heddle.stored @"block.1.wq.hd/2@0" ["q1"] {{.*}} {offset = 100 : i64}
heddle.stored @"block.0.wq" ["q0"] digits [array<i64: 2, 64>, array<i64: 2, 8, 4, 16>, array<i64: 8, 1>]
  : !heddle.tensor<h = 2, hd = 8, d = 8 : q8_0>
heddle.stored @"block.1.wq" ["q1"] digits [array<i64: 2, 64>, array<i64: 2, 8, 4, 16>, array<i64: 8, 1>]
  {offset = 100 : i64} : !heddle.tensor<h = 2, hd = 8, d = 8 : q8_0>
// Scale and addition go along, and what it is to be quantised to; a part of what lies in one run is an offset.
// CHECK: heddle.stored @shared
// CHECK: heddle.stored @"shared.part@2" ["s"] digits [array<i64: 3, 8>, array<i64: 8, 1>]
// CHECK-DAG: offset = 16 : i64
// CHECK-DAG: scale = 2.0
// CHECK-DAG: add = 1.0
// CHECK-DAG: quantize = "q4_k"
// CHECK-SAME: : !heddle.tensor<part = 3, d = 8>
heddle.stored @shared ["s"] digits [array<i64: 8, 8>, array<i64: 8, 1>] {scale = 2.0 : f64, add = 1.0 : f64, quantize = "q4_k"}
  : !heddle.tensor<n = 8, d = 8>

// CHECK-LABEL: heddle.layer @layer
// CHECK-DAG: heddle.weight "wq.hd/2@0" : {{.*}}<h = 2, "hd/2" = 4, d = 8 : q8_0>
// CHECK-DAG: heddle.weight "wq.hd/2@4"
// CHECK-DAG: heddle.weight "shared.part@2"
// CHECK-NOT: heddle.slice
// CHECK: heddle.return
heddle.layer @layer(%x: !heddle.tensor<T, d = 8>) -> (!heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, part = 3>) attributes {kind = "block"} {
  %wq = heddle.weight "wq" : !heddle.tensor<h = 2, hd = 8, d = 8 : q8_0>
  %s = heddle.weight "shared" : !heddle.tensor<n = 8, d = 8>
  %w1 = heddle.slice %wq["hd" from 0 -> "hd/2"] : (!heddle.tensor<h = 2, hd = 8, d = 8 : q8_0>) -> !heddle.tensor<h = 2, "hd/2" = 4, d = 8 : q8_0>
  %w2 = heddle.slice %wq["hd" from 4 -> "hd/2"] : (!heddle.tensor<h = 2, hd = 8, d = 8 : q8_0>) -> !heddle.tensor<h = 2, "hd/2" = 4, d = 8 : q8_0>
  %w3 = heddle.slice %s["n" from 2 -> "part"] : (!heddle.tensor<n = 8, d = 8>) -> !heddle.tensor<part = 3, d = 8>
  %y1 = heddle.contract %w1, %x over ["d"] : (!heddle.tensor<h = 2, "hd/2" = 4, d = 8 : q8_0>, !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, h = 2, "hd/2" = 4>
  %y2 = heddle.contract %w2, %x over ["d"] : (!heddle.tensor<h = 2, "hd/2" = 4, d = 8 : q8_0>, !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, h = 2, "hd/2" = 4>
  %y3 = heddle.contract %w3, %x over ["d"] : (!heddle.tensor<part = 3, d = 8>, !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, part = 3>
  heddle.return %y1, %y2, %y3 : !heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, part = 3>
}
heddle.entry @forward(%x: !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, part = 3> attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %a:3 = heddle.invoke @layer[0](%x) : (!heddle.tensor<T, d = 8>) -> (!heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, part = 3>)
  %b:3 = heddle.invoke @layer[1](%x) : (!heddle.tensor<T, d = 8>) -> (!heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, h = 2, "hd/2" = 4>, !heddle.tensor<T, part = 3>)
  heddle.return %b#2 : !heddle.tensor<T, part = 3>
}
