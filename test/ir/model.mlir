// RUN: heddle-opt %s | heddle-opt | FileCheck %s

!x = !heddle.tensor<T, d = 8>

// CHECK: heddle.stored @norm ["out.norm"] digits [array<i64: 8, 1>] {add = 1.000000e+00 : f64, offset = 16 : i64, scale = 2.000000e+00 : f64} : !heddle.tensor<d = 8 : bf16>
heddle.stored @norm ["out.norm"] digits [array<i64: 8, 1>] {offset = 16 : i64, scale = 2.0 : f64, add = 1.0 : f64} : !heddle.tensor<d = 8 : bf16>
// CHECK: heddle.stored @experts ["e0", "e1"] digits [array<i64: 2, -1>, array<i64: 2, 4, 4, 1>] : !heddle.tensor<e = 2, d = 8>
heddle.stored @experts ["e0", "e1"] digits [array<i64: 2, -1>, array<i64: 2, 4, 4, 1>] : !heddle.tensor<e = 2, d = 8>

// CHECK: heddle.layer @block(%[[X:.*]]: !heddle.tensor<T, d = 8>) -> !heddle.tensor<T, d = 8>
// CHECK-SAME: kind = "block", variant = #heddle<variant any>
// CHECK:   heddle.weight "wq" : <h = 2, d = 8 : q4_1>
// CHECK:   heddle.return %[[X]] : !heddle.tensor<T, d = 8>
heddle.layer @block(%x: !x) -> !x attributes {kind = "block"} {
  %w = heddle.weight "wq" : !heddle.tensor<h = 2, d = 8 : q4_1>
  heddle.return %x : !x
}
// CHECK: heddle.layer @decode
// CHECK-SAME: variant = #heddle<variant decode>
heddle.layer @decode(%x: !x) attributes {kind = "block", variant = #heddle<variant decode>} {
  heddle.return
}

// CHECK: heddle.entry @forward(%[[IN:.*]]: !heddle.tensor<T, d = 8>, %{{.*}}: !heddle.tensor<T : i32>) -> !heddle.tensor<T, d = 8>
// CHECK-SAME: defaults = [unit, 0], extents = array<i64: 0, 2>, input_names = ["x", "types"], output_names = ["y"], variant = #heddle<variant all>
// CHECK:   heddle.constant dense<{{\[}}1, 2]> : tensor<2xi32> : <n = 2 : i32>
// CHECK:   heddle.constant dense<true> : tensor<i1> : <: i1>
// CHECK:   %[[Y:.*]] = heddle.invoke @block[3] (%[[IN]]) : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T, d = 8>
// CHECK:   heddle.tap "hidden" %[[Y]] : !heddle.tensor<T, d = 8>
// CHECK:   heddle.return %[[Y]]
heddle.entry @forward(%x: !x, %types: !heddle.tensor<T : i32>) -> !x attributes {input_names = ["x", "types"], output_names = ["y"], extents = array<i64: 0, 2>, defaults = [unit, 0], variant = #heddle<variant all>} {
  %c = heddle.constant dense<[1, 2]> : tensor<2xi32> : !heddle.tensor<n = 2 : i32>
  %b = heddle.constant dense<true> : tensor<i1> : !heddle.tensor<: i1>
  %y = heddle.invoke @block[3](%x) : (!x) -> !x
  heddle.tap "hidden" %y : !x
  heddle.return %y : !x
}
