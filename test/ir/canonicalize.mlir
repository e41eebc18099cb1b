// RUN: heddle-opt %s --canonicalize | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!h = !heddle.tensor<T, e = 4>

// An input given twice is one argument; one that is not read is gone; a constant that is the same everywhere is a scalar.
// CHECK-LABEL: func.func @inputs
// CHECK-NOT: heddle.constant
// CHECK: %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: heddle.map(%arg0) {
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32):
// CHECK-NEXT:   %[[P:.*]] = arith.mulf %[[A]], %[[A]]
// CHECK-NEXT:   %[[R:.*]] = arith.mulf %[[P]], %[[HALF]]
// CHECK-NEXT:   heddle.yield %[[R]]
func.func @inputs(%x: !x, %unread: !x) -> !x {
  %c = heddle.constant dense<0.5> : tensor<f32> : !heddle.tensor<>
  %y = heddle.map(%x, %x, %unread, %c) {
  ^bb0(%a: f32, %b: f32, %u: f32, %h: f32):
    %p = arith.mulf %a, %b : f32
    %r = arith.mulf %p, %h : f32
    heddle.yield %r : f32
  } : (!x, !x, !x, !heddle.tensor<>) -> !x
  return %y : !x
}

// A map that changes nothing is its input, one that gives it more axes is not.
// CHECK-LABEL: func.func @nothing
// CHECK-NEXT: %[[M:.*]] = heddle.map(%arg0)
// CHECK: return %arg0, %[[M]]
func.func @nothing(%x: !x) -> (!x, !heddle.tensor<T, d = 8, n = 2>) {
  %y = heddle.map(%x) { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x) -> !x
  %z = heddle.map(%x) { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x) -> !heddle.tensor<T, d = 8, n = 2>
  return %y, %z : !x, !heddle.tensor<T, d = 8, n = 2>
}

// A slice of a slice is one slice; of a concat, where it lies in one part, that part; of the whole, the whole.
// CHECK-LABEL: func.func @slices
// CHECK-DAG: %[[A:.*]] = heddle.slice %arg0["d" from 3 -> "g"]
// CHECK-NOT: heddle.concat
// CHECK: return %[[A]], %arg1, %arg0
func.func @slices(%x: !x, %y: !h) -> (!heddle.tensor<T, g = 2>, !h, !x) {
  %s = heddle.slice %x["d" from 2 -> "e"] : (!x) -> !h
  %a = heddle.slice %s["e" from 1 -> "g"] : (!h) -> !heddle.tensor<T, g = 2>
  %c = heddle.concat(%x, %y) ["d", "e"] -> "f" : (!x, !h) -> !heddle.tensor<T, f = 12>
  %b = heddle.slice %c["f" from 8 -> "e"] : (!heddle.tensor<T, f = 12>) -> !h
  %w = heddle.slice %x["d" from 0 -> "d"] : (!x) -> !x
  return %a, %b, %w : !heddle.tensor<T, g = 2>, !h, !x
}

// What lies in two parts stays; axes regrouped to themselves do not.
// CHECK-LABEL: func.func @stays
// CHECK: %[[C:.*]] = heddle.concat(%arg0, %arg1)
// CHECK: %[[S:.*]] = heddle.slice %[[C]]["f" from 6 -> "e"]
// CHECK: return %[[S]], %arg0
func.func @stays(%x: !x, %y: !h) -> (!h, !x) {
  %c = heddle.concat(%x, %y) ["d", "e"] -> "f" : (!x, !h) -> !heddle.tensor<T, f = 12>
  %b = heddle.slice %c["f" from 6 -> "e"] : (!heddle.tensor<T, f = 12>) -> !h
  %r = heddle.regroup %x ["d"] -> ["d"] : (!x) -> !x
  return %b, %r : !h, !x
}
