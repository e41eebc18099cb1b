// RUN: heddle-opt %s --slice-weights --split-input-file | FileCheck %s

// Axes are split and joined by dealing their digits out; what a slice takes of the result is a view of that view.
// CHECK: heddle.stored @w.b ["t"] digits [array<i64: 2, 32>, array<i64: 4, 8>, array<i64: 8, 1>] : !heddle.tensor<a = 2, b = 4, d = 8>
// CHECK: heddle.stored @"w.b.c@1" ["t"] digits [array<i64: 2, 32>, array<i64: 2, 8>, array<i64: 8, 1>] {offset = 8 : i64} : !heddle.tensor<a = 2, c = 2, d = 8>
// CHECK: heddle.stored @v.n ["u"] digits [array<i64: 2, 1, 4, 2>] : !heddle.tensor<n = 8>
// CHECK-LABEL: heddle.entry @regroup
// CHECK: %[[V:.*]] = heddle.weight "v.n"
// CHECK: %[[W:.*]] = heddle.weight "w.b.c@1"
// CHECK-NOT: heddle.regroup
// CHECK-NOT: heddle.slice
// CHECK: heddle.return %[[W]], %[[V]]
heddle.stored @w ["t"] digits [array<i64: 8, 8>, array<i64: 8, 1>] : !heddle.tensor<n = 8, d = 8>
heddle.stored @v ["u"] digits [array<i64: 2, 1>, array<i64: 4, 2>] : !heddle.tensor<a = 2, b = 4>
heddle.entry @regroup(%x: !heddle.tensor<T : i32>) -> (!heddle.tensor<a = 2, c = 2, d = 8>, !heddle.tensor<n = 8>) attributes {input_names = ["x"], output_names = ["y", "z"], extents = array<i64: 0>, defaults = [unit]} {
  %v = heddle.weight "v" : !heddle.tensor<a = 2, b = 4>
  %j = heddle.regroup %v["a", "b"] -> ["n"] : (!heddle.tensor<a = 2, b = 4>) -> !heddle.tensor<n = 8>
  %w = heddle.weight "w" : !heddle.tensor<n = 8, d = 8>
  %r = heddle.regroup %w["n"] -> ["a", "b"] : (!heddle.tensor<n = 8, d = 8>) -> !heddle.tensor<a = 2, b = 4, d = 8>
  %s = heddle.slice %r["b" from 1 -> "c"] : (!heddle.tensor<a = 2, b = 4, d = 8>) -> !heddle.tensor<a = 2, c = 2, d = 8>
  heddle.return %s, %j : !heddle.tensor<a = 2, c = 2, d = 8>, !heddle.tensor<n = 8>
}

// -----

// A part that begins in one outer digit and ends in the next, a part of what is chosen among several tensors, a split across
// a digit: left to be read element by element.
// CHECK: heddle.stored @w
// CHECK: heddle.stored @several
// CHECK-NOT: heddle.stored
// CHECK-LABEL: heddle.entry @left
// CHECK-DAG: heddle.slice %{{.*}}["n" from 3 -> "m"]
// CHECK-DAG: heddle.slice %{{.*}}["e" from 1 -> "f"]
// CHECK-DAG: heddle.regroup %{{.*}}["n"] -> ["p", "q"]
// CHECK: heddle.return
heddle.stored @w ["t"] digits [array<i64: 3, 1, 4, 3>] : !heddle.tensor<n = 12>
heddle.stored @several ["e0", "e1", "e2"] digits [array<i64: 3, -1>, array<i64: 8, 1>] : !heddle.tensor<e = 3, d = 8>
heddle.entry @left(%x: !heddle.tensor<T : i32>) -> (!heddle.tensor<m = 3>, !heddle.tensor<f = 2, d = 8>, !heddle.tensor<p = 2, q = 6>) attributes {input_names = ["x"], output_names = ["a", "b", "c"], extents = array<i64: 0>, defaults = [unit]} {
  %w = heddle.weight "w" : !heddle.tensor<n = 12>
  %a = heddle.slice %w["n" from 3 -> "m"] : (!heddle.tensor<n = 12>) -> !heddle.tensor<m = 3>
  %e = heddle.weight "several" : !heddle.tensor<e = 3, d = 8>
  %b = heddle.slice %e["e" from 1 -> "f"] : (!heddle.tensor<e = 3, d = 8>) -> !heddle.tensor<f = 2, d = 8>
  %c = heddle.regroup %w["n"] -> ["p", "q"] : (!heddle.tensor<n = 12>) -> !heddle.tensor<p = 2, q = 6>
  heddle.return %a, %b, %c : !heddle.tensor<m = 3>, !heddle.tensor<f = 2, d = 8>, !heddle.tensor<p = 2, q = 6>
}
