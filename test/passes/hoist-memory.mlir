// RUN: heddle-opt %s --hoist-memory | FileCheck %s
// RUN: heddle-opt %s --hoist-memory=explain=true -o /dev/null 2>&1 | FileCheck %s --check-prefix=WHY

!x = !heddle.tensor<T, d = 2>
!m = !heddle.tensor<U, d = 2>
!k = !heddle.tensor<U, h = 4>
!w = !heddle.tensor<h = 4, d = 2>
!v = !heddle.tensor<h = 4>

// The product with its bias, in a layer that has the weights of its kind.
// CHECK-LABEL: heddle.layer @cross.memory(
// CHECK-SAME: %[[M:.*]]: !heddle.tensor<U, d = 2>) -> !heddle.tensor<U, h = 4> attributes {kind = "cross"
// CHECK-DAG: %[[W:.*]] = heddle.weight "ck"
// CHECK-DAG: %[[B:.*]] = heddle.weight "bck"
// CHECK: %[[P:.*]] = heddle.contract %[[W]], %[[M]]
// CHECK: %[[K:.*]] = heddle.map(%[[P]], %[[B]])
// CHECK: heddle.return %[[K]]

// The layer takes the keys, and has no memory any more. What reads tokens stays.
// CHECK-LABEL: heddle.layer @cross(
// CHECK-SAME: %[[X:.*]]: !heddle.tensor<T, d = 2>, %[[K:.*]]: !heddle.tensor<U, h = 4>)
// CHECK: %[[Q:.*]] = heddle.contract %{{.*}}, %[[X]]
// CHECK: heddle.contract %[[Q]], %[[K]]
// CHECK-NOT: "ck"
// CHECK: heddle.return
heddle.layer @cross(%x: !x, %memory: !m) -> !heddle.tensor<T, U> attributes {kind = "cross"} {
  %wq = heddle.weight "wq" : !w
  %ck = heddle.weight "ck" : !w
  %bck = heddle.weight "bck" : !v
  %q = heddle.contract %wq, %x over ["d"] : (!w, !x) -> !heddle.tensor<T, h = 4>
  %p = heddle.contract %ck, %memory over ["d"] : (!w, !m) -> !k
  %k = heddle.map(%p, %bck) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!k, !v) -> !k
  %s = heddle.contract %q, %k over ["h"] : (!heddle.tensor<T, h = 4>, !k) -> !heddle.tensor<T, U>
  heddle.return %s : !heddle.tensor<T, U>
}

// A map alone is cheaper to compute than to keep.
// WHY: remark: hoist-memory: no product of the memory alone
// CHECK-LABEL: heddle.layer @cheap(
// CHECK-SAME: !heddle.tensor<U, d = 2>)
// CHECK: heddle.map
heddle.layer @cheap(%memory: !m) -> !m attributes {kind = "cheap"} {
  %y = heddle.map(%memory) { ^bb0(%a: f32): %0 = arith.negf %a : f32 heddle.yield %0 : f32 } : (!m) -> !m
  heddle.return %y : !m
}

// CHECK-LABEL: heddle.entry @encode
// CHECK: %[[MADE:.*]] = heddle.map
// CHECK: %[[K0:.*]] = heddle.invoke @cross.memory[0] (%[[MADE]])
// CHECK: %[[K1:.*]] = heddle.invoke @cross.memory[1] (%[[MADE]])
// CHECK: heddle.return %[[MADE]], %[[K0]], %[[K1]]
heddle.entry @encode(%x: !m) -> !m attributes {input_names = ["source"], output_names = ["memory"], extents = array<i64: 0>, defaults = [unit]} {
  %y = heddle.map(%x) { ^bb0(%a: f32): %0 = arith.negf %a : f32 heddle.yield %0 : f32 } : (!m) -> !m
  heddle.return %y : !m
}

// CHECK-LABEL: heddle.entry @forward(
// CHECK-SAME: %[[X:.*]]: !heddle.tensor<T, d = 2>, %[[K0:.*]]: !heddle.tensor<U, h = 4>, %[[K1:.*]]: !heddle.tensor<U, h = 4>)
// CHECK-SAME: input_names = ["tokens", "memory.cross.0.0", "memory.cross.1.0"]
// CHECK: heddle.invoke @cross[0] (%[[X]], %[[K0]])
// CHECK: heddle.invoke @cross[1] (%[[X]], %[[K1]])
heddle.entry @forward(%x: !x, %memory: !m) -> (!heddle.tensor<T, U>, !heddle.tensor<T, U>) attributes {input_names = ["tokens", "memory"], output_names = ["a", "b"], extents = array<i64: 0, 0>, defaults = [unit, unit]} {
  %1 = heddle.invoke @cross[0] (%x, %memory) : (!x, !m) -> !heddle.tensor<T, U>
  %2 = heddle.invoke @cross[1] (%x, %memory) : (!x, !m) -> !heddle.tensor<T, U>
  heddle.return %1, %2 : !heddle.tensor<T, U>, !heddle.tensor<T, U>
}

// Another taker of the same memory, which still needs it.
// CHECK-LABEL: heddle.entry @other(
// CHECK-SAME: !heddle.tensor<U, d = 2>)
heddle.entry @other(%memory: !m) -> !m attributes {input_names = ["memory"], output_names = ["c"], extents = array<i64: 0>, defaults = [unit]} {
  %1 = heddle.invoke @cheap[0] (%memory) : (!m) -> !m
  heddle.return %1 : !m
}
