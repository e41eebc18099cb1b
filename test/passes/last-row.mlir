// Where the last token's outputs are wanted alone, nothing behind the last layer is computed for another token.
// RUN: heddle-opt %s --heddle-pipeline=opt-level=2 | FileCheck %s --check-prefixes=CHECK,FAST
// RUN: heddle-opt %s --heddle-pipeline=opt-level=0 | FileCheck %s --check-prefixes=CHECK,PLAIN

!x = !heddle.tensor<T, d = 64>
!tokens = !heddle.tensor<T : i32>
!logits = !heddle.tensor<T, vocab = 100>

heddle.layer @block(%x: !x) -> !x attributes {kind = "block"} {
  %k = heddle.keep "k" %x : (!x) -> !heddle.tensor<S, d = 64>
  %m = heddle.reduce sum %k over ["S"] : (!heddle.tensor<S, d = 64>) -> !heddle.tensor<d = 64>
  %y = heddle.map(%x, %m) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<d = 64>) -> !x
  heddle.return %y : !x
}

// CHECK-LABEL: heddle.entry @forward.all(
// FAST: heddle.launch @forward.all.linear(%{{.*}}) writes [3] {operations = [array<i64: 1, 1, 12800>]}
// CHECK: heddle.launch @forward.all.softmax({{.*}}) writes [1] : memref<?x100xf32>, memref<?x100xf32>

// CHECK-LABEL: heddle.entry @forward.last(
// CHECK: heddle.invoke @block.prefill[1] (%{{.*}}, %[[X:.*]]) :
// CHECK-NEXT: heddle.launch @forward.last.lookup(%{{.*}}, %[[X]], %[[ROW:.*]]) writes [2] : memref<i32>, memref<{{.*}}>, memref<64xf32>
// FAST-NEXT: heddle.launch @forward.last.linear(%[[ROW]], %{{.*}}, %{{.*}}, %arg1) writes [3] {operations = [array<i64: 0, 1, 12800>]}
// PLAIN-NEXT: heddle.launch @forward.last.map.2(%[[ROW]], %[[H:.*]]) writes [1] : memref<64xf32>, memref<64xf32>
// PLAIN-NEXT: heddle.launch @forward.last.contract(%{{.*}}, %[[H]], %[[P:.*]]) writes [2] : memref<100x64xf32>, memref<64xf32>, memref<100xf32>
// PLAIN-NEXT: heddle.launch @forward.last.map.3(%[[P]], %{{.*}}, %arg1) writes [2] : memref<100xf32>, memref<100xf32>, memref<100xf32>
// CHECK-NEXT: heddle.launch @forward.last.softmax(%arg1, %arg2) writes [1] : memref<100xf32>, memref<100xf32>
// CHECK-NEXT: heddle.return
heddle.entry @forward(%tokens: !tokens) -> (!logits, !logits) attributes {input_names = ["tokens"], output_names = ["logits", "probabilities"], extents = array<i64: 100>, defaults = [unit]} {
  %embed = heddle.weight "embed" : !heddle.tensor<vocab = 100, d = 64>
  %bias = heddle.weight "bias" : !heddle.tensor<vocab = 100>
  %x0 = heddle.lookup %embed ["vocab"] = (%tokens) : (!heddle.tensor<vocab = 100, d = 64>, !tokens) -> !x
  %x1 = heddle.invoke @block[0] (%x0) : (!x) -> !x
  %x2 = heddle.invoke @block[1] (%x1) : (!x) -> !x
  %h = heddle.map(%x2) { ^bb0(%a: f32): %0 = math.tanh %a : f32 heddle.yield %0 : f32 } : (!x) -> !x
  %p = heddle.contract %embed, %h over ["d"] : (!heddle.tensor<vocab = 100, d = 64>, !x) -> !logits
  %l = heddle.map(%p, %bias) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!logits, !heddle.tensor<vocab = 100>) -> !logits
  %s = heddle.softmax %l over "vocab" : (!logits) -> !logits
  heddle.return %l, %s : !logits, !logits
}
