// RUN: heddle-opt %s --push-slices | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!q = !heddle.tensor<T, heads = 2, hd = 6>
!half = !heddle.tensor<T, heads = 2, "hd/2" = 3>
!wq = !heddle.tensor<heads = 2, hd = 6, d = 8 : q4_1>
!angle = !heddle.tensor<T, "hd/2" = 3>

// Both halves of a projection with a bias come from halves of the weights.
// CHECK-LABEL: @rotary
// CHECK: %[[W:.*]] = heddle.weight "wq"
// CHECK: %[[B:.*]] = heddle.weight "bq"
// CHECK-DAG: %[[W1:.*]] = heddle.slice %[[W]]["hd" from 0 -> "hd/2"]
// CHECK-DAG: %[[W2:.*]] = heddle.slice %[[W]]["hd" from 3 -> "hd/2"]
// CHECK-DAG: %[[B1:.*]] = heddle.slice %[[B]]["hd" from 0 -> "hd/2"]
// CHECK-DAG: %[[C1:.*]] = heddle.contract %[[W1]], %arg0 over ["d"]
// CHECK-DAG: %[[C2:.*]] = heddle.contract %[[W2]], %arg0 over ["d"]
// CHECK-DAG: heddle.map(%[[C1]], %[[B1]])
// CHECK-NOT: heddle.slice %{{.*}}T
// CHECK: return
func.func @rotary(%x: !x) -> (!half, !half) {
  %w = heddle.weight "wq" : !wq
  %b = heddle.weight "bq" : !heddle.tensor<heads = 2, hd = 6>
  %c = heddle.contract %w, %x over ["d"] : (!wq, !x) -> !q
  %q = heddle.map(%c, %b) { ^bb0(%p: f32, %r: f32): %0 = arith.addf %p, %r : f32 heddle.yield %0 : f32 } : (!q, !heddle.tensor<heads = 2, hd = 6>) -> !q
  %q1 = heddle.slice %q["hd" from 0 -> "hd/2"] : (!q) -> !half
  %q2 = heddle.slice %q["hd" from 3 -> "hd/2"] : (!q) -> !half
  return %q1, %q2 : !half, !half
}

// What is read as a whole too is computed once, as a whole.
// CHECK-LABEL: @whole
// CHECK: %[[C:.*]] = heddle.contract
// CHECK: heddle.slice %[[C]]
func.func @whole(%x: !x) -> (!q, !half) {
  %w = heddle.weight "wq" : !wq
  %c = heddle.contract %w, %x over ["d"] : (!wq, !x) -> !q
  %q1 = heddle.slice %c["hd" from 0 -> "hd/2"] : (!q) -> !half
  return %c, %q1 : !q, !half
}

// Pairs side by side: every second row of the weight.
// CHECK-LABEL: @pairs
// CHECK: %[[W:.*]] = heddle.weight "wq"
// CHECK: %[[S:.*]] = heddle.regroup %[[W]] ["hd"] -> ["hd/2", "two"]
// CHECK: %[[P:.*]] = heddle.slice %[[S]]["two" from 1 -> "1"]
// CHECK: %[[R:.*]] = heddle.regroup %[[P]] ["1", "hd/2"] -> ["hd/2"]
// CHECK: %[[C:.*]] = heddle.contract %[[R]], %arg0
// CHECK: return %[[C]]
func.func @pairs(%x: !x) -> !half {
  %w = heddle.weight "wq" : !wq
  %c = heddle.contract %w, %x over ["d"] : (!wq, !x) -> !q
  %s = heddle.regroup %c ["hd"] -> ["hd/2", "two"] : (!q) -> !heddle.tensor<T, heads = 2, "hd/2" = 3, two = 2>
  %j = heddle.regroup %s ["two", "hd/2"] -> ["hd"] : (!heddle.tensor<T, heads = 2, "hd/2" = 3, two = 2>) -> !q
  %q2 = heddle.slice %j["hd" from 3 -> "hd/2"] : (!q) -> !half
  return %q2 : !half
}

// Slices of slices add up; of a concat, the part remains.
// CHECK-LABEL: @parts
// CHECK: heddle.slice %arg0["hd" from 4 -> "hd/6"]
// CHECK: return %{{.*}}, %arg1
func.func @parts(%q: !q, %a: !half, %b: !half) -> (!heddle.tensor<T, heads = 2, "hd/6" = 1>, !half) {
  %1 = heddle.slice %q["hd" from 3 -> "hd/2"] : (!q) -> !half
  %2 = heddle.slice %1["hd/2" from 1 -> "hd/6"] : (!half) -> !heddle.tensor<T, heads = 2, "hd/6" = 1>
  %3 = heddle.concat(%a, %b) ["hd/2", "hd/2"] -> "hd" : (!half, !half) -> !q
  %4 = heddle.slice %3["hd" from 0 -> "hd/2"] : (!q) -> !half
  return %2, %4 : !heddle.tensor<T, heads = 2, "hd/6" = 1>, !half
}

// What multiplies a concat multiplies its parts; a concat of a concat is one.
// CHECK-LABEL: @gain
// CHECK: %[[A:.*]] = heddle.map(%arg0)
// CHECK: %[[B:.*]] = heddle.map(%arg1)
// CHECK: heddle.concat(%[[A]], %[[B]], %arg2) ["hd/2", "hd/2", "rest"] -> "all"
func.func @gain(%a: !half, %b: !half, %r: !heddle.tensor<T, heads = 2, rest = 1>) -> !heddle.tensor<T, heads = 2, all = 7> {
  %c = heddle.concat(%a, %b) ["hd/2", "hd/2"] -> "hd" : (!half, !half) -> !q
  %m = heddle.map(%c) { ^bb0(%p: f32): %g = arith.constant 1.5 : f32 %0 = arith.mulf %p, %g : f32 heddle.yield %0 : f32 } : (!q) -> !q
  %y = heddle.concat(%m, %r) ["hd", "rest"] -> "all" : (!q, !heddle.tensor<T, heads = 2, rest = 1>) -> !heddle.tensor<T, heads = 2, all = 7>
  return %y : !heddle.tensor<T, heads = 2, all = 7>
}
