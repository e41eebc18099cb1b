// RUN: heddle-opt %s --specialize-variants | FileCheck %s
// RUN: heddle-opt %s --specialize-variants | FileCheck %s --check-prefix=TAPS

!x = !heddle.tensor<T, d = 8>
!tokens = !heddle.tensor<T : i32>
!logits = !heddle.tensor<T, vocab = 5>

// CHECK-NOT: variant any
// CHECK-DAG: heddle.layer @block.prefill(%{{[a-z0-9]+}}: !heddle.tensor<T, d = 8>) -> {{.*}} variant = #heddle<variant all>
// CHECK-DAG: heddle.layer @block.decode(%{{[a-z0-9]+}}: !heddle.tensor<T, d = 8>) -> {{.*}} variant = #heddle<variant decode>
heddle.layer @block(%x: !x, %unused: !tokens) -> !x attributes {kind = "block"} {
  %k = heddle.keep "k" %x : (!x) -> !heddle.tensor<S, d = 8>
  %m = heddle.reduce sum %k over ["S"] : (!heddle.tensor<S, d = 8>) -> !heddle.tensor<d = 8>
  %y = heddle.map(%x, %m) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<d = 8>) -> !x
  heddle.tap "y" %y : !x
  heddle.return %y : !x
}

// TAPS: @block.prefill
// TAPS: heddle.tap "y"
// TAPS: @block.decode
// TAPS-NOT: heddle.tap "y"

// CHECK-LABEL: heddle.entry @forward.all(
// CHECK-SAME: -> !heddle.tensor<T, vocab = 5>
// CHECK-SAME: entry = "forward"
// CHECK: heddle.invoke @block.prefill[0] (%{{[a-z0-9]+}}) :
// CHECK: heddle.tap "hidden"

// CHECK-LABEL: heddle.entry @forward.last(
// CHECK-SAME: -> !heddle.tensor<vocab = 5>
// CHECK: %[[E:.*]] = heddle.extent "T"
// CHECK: %[[I:.*]] = heddle.map(%[[E]])
// CHECK:   arith.subi
// CHECK: %[[X:.*]] = heddle.invoke @block.prefill[1]
// CHECK: %[[ROW:.*]] = heddle.lookup %[[X]] ["T"] = (%[[I]]) {{.*}} -> !heddle.tensor<d = 8>
// CHECK: %[[H:.*]] = heddle.map(%[[ROW]])
// CHECK-NOT: heddle.tap
// CHECK: %[[L:.*]] = heddle.contract %{{.*}}, %[[H]]
// CHECK: heddle.return %[[L]] : !heddle.tensor<vocab = 5>

// CHECK-LABEL: heddle.entry @forward.decode(
// CHECK-SAME: -> !heddle.tensor<T, vocab = 5>
// CHECK: heddle.invoke @block.decode[0]
// CHECK-NOT: heddle.tap
// CHECK: heddle.return
heddle.entry @forward(%tokens: !tokens) -> !logits attributes {input_names = ["tokens"], output_names = ["logits"], extents = array<i64: 5>, defaults = [unit]} {
  %embed = heddle.weight "embed" : !heddle.tensor<vocab = 5, d = 8>
  %x0 = heddle.lookup %embed ["vocab"] = (%tokens) : (!heddle.tensor<vocab = 5, d = 8>, !tokens) -> !x
  %x1 = heddle.invoke @block[0] (%x0, %tokens) : (!x, !tokens) -> !x
  %x2 = heddle.invoke @block[1] (%x1, %tokens) : (!x, !tokens) -> !x
  %h = heddle.map(%x2) { ^bb0(%a: f32): %0 = math.tanh %a : f32 heddle.yield %0 : f32 } : (!x) -> !x
  heddle.tap "hidden" %h : !x
  %l = heddle.contract %embed, %h over ["d"] : (!heddle.tensor<vocab = 5, d = 8>, !x) -> !logits
  heddle.return %l : !logits
}

// One that keeps nothing, and one whose output has no T.
// CHECK: heddle.entry @encode.all(
// CHECK: heddle.entry @score.all(
// CHECK-NOT: heddle.entry
heddle.entry @encode(%x: !x) -> !x attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  heddle.return %x : !x
}
heddle.entry @score(%x: !x) -> !heddle.tensor<d = 8> attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %t = heddle.position "T" : !tokens
  %y = heddle.invoke @block[0] (%x, %t) : (!x, !tokens) -> !x
  %s = heddle.reduce sum %y over ["T"] : (!x) -> !heddle.tensor<d = 8>
  heddle.return %s : !heddle.tensor<d = 8>
}
