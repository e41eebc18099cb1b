// RUN: heddle-opt %s | heddle-opt | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!w = !heddle.tensor<n = 4, d = 8 : q8_0>

// CHECK-LABEL: func.func @integers
// CHECK: heddle.position "T" : <T : i32>
// CHECK: heddle.index "n" : <n = 4 : i32>
// CHECK: heddle.extent "S" : <: i32>
func.func @integers() {
  %p = heddle.position "T" : !heddle.tensor<T : i32>
  %i = heddle.index "n" : !heddle.tensor<n = 4 : i32>
  %e = heddle.extent "S" : !heddle.tensor<: i32>
  return
}

// The result of a map may have axes that no input has; a quantised weight comes as f32.
// CHECK-LABEL: func.func @elements
// CHECK: %[[M:.*]] = heddle.map(%arg0, %arg1) {
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK-NEXT:   %[[S:.*]] = arith.addf %[[A]], %[[B]] : f32
// CHECK-NEXT:   heddle.yield %[[S]] : f32
// CHECK-NEXT: } : (!heddle.tensor<T, d = 8>, !heddle.tensor<n = 4, d = 8 : q8_0>) -> !heddle.tensor<d = 8, n = 4, T, m = 2>
func.func @elements(%x: !x, %w: !w) {
  %m = heddle.map(%x, %w) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    heddle.yield %s : f32
  } : (!x, !w) -> !heddle.tensor<d = 8, n = 4, T, m = 2>
  return
}

// CHECK-LABEL: func.func @over_axes
// CHECK: heddle.contract %arg0, %arg1 over ["d"] : (!heddle.tensor<T, d = 8>, !heddle.tensor<n = 4, d = 8 : q8_0>) -> !heddle.tensor<T, n = 4>
// CHECK: heddle.reduce sum %arg0 over ["T", "d"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<>
// CHECK: heddle.reduce mean %arg0 over ["d"]
// CHECK: heddle.reduce max %arg0 over ["d"]
// CHECK: heddle.reduce any %arg3 over ["T"] : (!heddle.tensor<T : i1>) -> !heddle.tensor<: i1>
// CHECK: heddle.softmax %arg0 over "d" : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T, d = 8>
// CHECK: heddle.softmax %arg0 extra %arg2 over "d" : (!heddle.tensor<T, d = 8>, !heddle.tensor<T>)
func.func @over_axes(%x: !x, %w: !w, %sink: !heddle.tensor<T>, %c: !heddle.tensor<T : i1>) {
  %0 = heddle.contract %x, %w over ["d"] : (!x, !w) -> !heddle.tensor<T, n = 4>
  %1 = heddle.reduce sum %x over ["T", "d"] : (!x) -> !heddle.tensor<>
  %2 = heddle.reduce mean %x over ["d"] : (!x) -> !heddle.tensor<T>
  %3 = heddle.reduce max %x over ["d"] : (!x) -> !heddle.tensor<T>
  %4 = heddle.reduce any %c over ["T"] : (!heddle.tensor<T : i1>) -> !heddle.tensor<: i1>
  %5 = heddle.softmax %x over "d" : (!x) -> !x
  %6 = heddle.softmax %x extra %sink over "d" : (!x, !heddle.tensor<T>) -> !x
  return
}

// CHECK-LABEL: func.func @choice
// CHECK: heddle.lookup %arg1 ["n"] = (%arg2) : (!heddle.tensor<n = 4, d = 8 : q8_0>, !heddle.tensor<T : i32>) -> !heddle.tensor<d = 8, T>
// CHECK: heddle.lookup %arg1 ["n", "d"] = (%arg2, %arg2) : {{.*}} -> !heddle.tensor<T>
// CHECK: %{{.*}}, %{{.*}} = heddle.top %arg0["d" -> "k"] : (!heddle.tensor<T, d = 8>) -> (!heddle.tensor<T, k = 2>, !heddle.tensor<T, k = 2 : i32>)
func.func @choice(%x: !x, %w: !w, %i: !heddle.tensor<T : i32>) {
  %0 = heddle.lookup %w ["n"] = (%i) : (!w, !heddle.tensor<T : i32>) -> !heddle.tensor<d = 8, T>
  %1 = heddle.lookup %w ["n", "d"] = (%i, %i) : (!w, !heddle.tensor<T : i32>, !heddle.tensor<T : i32>) -> !heddle.tensor<T>
  %2, %3 = heddle.top %x["d" -> "k"] : (!x) -> (!heddle.tensor<T, k = 2>, !heddle.tensor<T, k = 2 : i32>)
  return
}

// CHECK-LABEL: func.func @axes
// CHECK: heddle.regroup %arg0 ["d"] -> ["a", "b"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T, a = 2, b = 4>
// CHECK: heddle.regroup %arg0 ["T"] -> ["U"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<U, d = 8>
// CHECK: heddle.slice %arg0["d" from 6 -> "e"] : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<T, e = 2>
// CHECK: heddle.concat(%arg0, %{{.*}}) ["d", "e"] -> "f" : (!heddle.tensor<T, d = 8>, !heddle.tensor<T, e = 2>) -> !heddle.tensor<T, f = 10>
// CHECK: heddle.keep "k" %arg0 : (!heddle.tensor<T, d = 8>) -> !heddle.tensor<S, d = 8>
func.func @axes(%x: !x) {
  %0 = heddle.regroup %x ["d"] -> ["a", "b"] : (!x) -> !heddle.tensor<T, a = 2, b = 4>
  %1 = heddle.regroup %x ["T"] -> ["U"] : (!x) -> !heddle.tensor<U, d = 8>
  %2 = heddle.slice %x["d" from 6 -> "e"] : (!x) -> !heddle.tensor<T, e = 2>
  %3 = heddle.concat(%x, %2) ["d", "e"] -> "f" : (!x, !heddle.tensor<T, e = 2>) -> !heddle.tensor<T, f = 10>
  %4 = heddle.keep "k" %x : (!x) -> !heddle.tensor<S, d = 8>
  return
}
