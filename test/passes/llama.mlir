// Llama's layer by hand, as the elaborator writes it; all passes; the same numbers in all three variants.
// REQUIRES: numpy
// RUN: heddle-opt %s --mlir-print-op-generic -o %t.before
// RUN: heddle-opt %s --inline --symbol-dce --canonicalize --cse --specialize-variants --cse --fuse-maps --push-slices \
// RUN:   --hoist-layer-invariants --fuse-attention --bound-keys --fuse-maps --cse --fuse-linear --fold-norms --canonicalize \
// RUN:   --mlir-print-op-generic -o %t.after
// RUN: %python %S/Inputs/evaluate.py %t.before %t.after | FileCheck %s
// CHECK: 3 outputs agree

!x = !heddle.tensor<T, d = 64>
!q = !heddle.tensor<T, kv = 2, group = 2, hd = 16>
!qh = !heddle.tensor<T, kv = 2, group = 2, "hd/2" = 8>
!k = !heddle.tensor<T, kv = 2, hd = 16>
!kh = !heddle.tensor<T, kv = 2, "hd/2" = 8>
!ks = !heddle.tensor<S, kv = 2, hd = 16>
!angle = !heddle.tensor<T, "hd/2" = 8>
!row = !heddle.tensor<T>
!f = !heddle.tensor<T, ffn = 128>
!s = !heddle.tensor<T, S, kv = 2, group = 2>
module {
  func.func private @rms_norm(%x: !x, %w: !heddle.tensor<d = 64>) -> !x {
    %sq = heddle.map(%x, %x) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
    %m = heddle.reduce mean %sq over ["d"] : (!x) -> !row
    %me = heddle.map(%m) { ^bb0(%a: f32): %eps = arith.constant 1.0e-5 : f32 %0 = arith.addf %a, %eps : f32 heddle.yield %0 : f32 } : (!row) -> !row
    %r = heddle.map(%me) { ^bb0(%a: f32): %0 = math.sqrt %a : f32 heddle.yield %0 : f32 } : (!row) -> !row
    %n = heddle.map(%x, %r) { ^bb0(%a: f32, %b: f32): %0 = arith.divf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !row) -> !x
    %h = heddle.map(%n, %w) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<d = 64>) -> !x
    return %h : !x
  }
  func.func private @rope_q(%x: !q, %angle: !angle) -> !q {
    %x1 = heddle.slice %x["hd" from 0 -> "hd/2"] : (!q) -> !qh
    %x2 = heddle.slice %x["hd" from 8 -> "hd/2"] : (!q) -> !qh
    %c = heddle.map(%angle) { ^bb0(%a: f32): %0 = math.cos %a : f32 heddle.yield %0 : f32 } : (!angle) -> !angle
    %s = heddle.map(%angle) { ^bb0(%a: f32): %0 = math.sin %a : f32 heddle.yield %0 : f32 } : (!angle) -> !angle
    %ma = heddle.map(%x1, %c) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!qh, !angle) -> !qh
    %mb = heddle.map(%x2, %s) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!qh, !angle) -> !qh
    %y1 = heddle.map(%ma, %mb) { ^bb0(%a: f32, %b: f32): %0 = arith.subf %a, %b : f32 heddle.yield %0 : f32 } : (!qh, !qh) -> !qh
    %md = heddle.map(%x2, %c) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!qh, !angle) -> !qh
    %me = heddle.map(%x1, %s) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!qh, !angle) -> !qh
    %y2 = heddle.map(%md, %me) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!qh, !qh) -> !qh
    %y = heddle.concat(%y1, %y2) ["hd/2", "hd/2"] -> "hd" : (!qh, !qh) -> !q
    return %y : !q
  }
  func.func private @rope_k(%x: !k, %angle: !angle) -> !k {
    %x1 = heddle.slice %x["hd" from 0 -> "hd/2"] : (!k) -> !kh
    %x2 = heddle.slice %x["hd" from 8 -> "hd/2"] : (!k) -> !kh
    %c = heddle.map(%angle) { ^bb0(%a: f32): %0 = math.cos %a : f32 heddle.yield %0 : f32 } : (!angle) -> !angle
    %s = heddle.map(%angle) { ^bb0(%a: f32): %0 = math.sin %a : f32 heddle.yield %0 : f32 } : (!angle) -> !angle
    %ma = heddle.map(%x1, %c) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!kh, !angle) -> !kh
    %mb = heddle.map(%x2, %s) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!kh, !angle) -> !kh
    %y1 = heddle.map(%ma, %mb) { ^bb0(%a: f32, %b: f32): %0 = arith.subf %a, %b : f32 heddle.yield %0 : f32 } : (!kh, !kh) -> !kh
    %md = heddle.map(%x2, %c) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!kh, !angle) -> !kh
    %me = heddle.map(%x1, %s) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!kh, !angle) -> !kh
    %y2 = heddle.map(%md, %me) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!kh, !kh) -> !kh
    %y = heddle.concat(%y1, %y2) ["hd/2", "hd/2"] -> "hd" : (!kh, !kh) -> !k
    return %y : !k
  }
  func.func private @silu(%x: !f) -> !f {
    %y = heddle.map(%x) { ^bb0(%a: f32):
      %one = arith.constant 1.0 : f32
      %n = arith.negf %a : f32
      %e = math.exp %n : f32
      %s = arith.addf %one, %e : f32
      %r = arith.divf %a, %s : f32
      heddle.yield %r : f32 } : (!f) -> !f
    return %y : !f
  }
  heddle.layer @block(%x: !x) -> !x attributes {kind = "block"} {
    %attn_norm = heddle.weight "attn_norm" : !heddle.tensor<d = 64>
    %mlp_norm = heddle.weight "mlp_norm" : !heddle.tensor<d = 64>
    %wq = heddle.weight "wq" : !heddle.tensor<kv = 2, group = 2, hd = 16, d = 64 : q4_1>
    %bq = heddle.weight "bq" : !heddle.tensor<kv = 2, group = 2, hd = 16>
    %wk = heddle.weight "wk" : !heddle.tensor<kv = 2, hd = 16, d = 64 : q4_1>
    %wv = heddle.weight "wv" : !heddle.tensor<kv = 2, hd = 16, d = 64 : q4_1>
    %wo = heddle.weight "wo" : !heddle.tensor<d = 64, kv = 2, group = 2, hd = 16 : q4_1>
    %gate = heddle.weight "gate" : !heddle.tensor<ffn = 128, d = 64 : q4_1>
    %up = heddle.weight "up" : !heddle.tensor<ffn = 128, d = 64 : q4_1>
    %down = heddle.weight "down" : !heddle.tensor<d = 64, ffn = 128 : q4_1>
    %h = func.call @rms_norm(%x, %attn_norm) : (!x, !heddle.tensor<d = 64>) -> !x
    %pos = heddle.position "T" : !heddle.tensor<T : i32>
    %freq = heddle.constant dense<[1.0, 0.5, 0.25, 0.125, 0.1, 0.01, 0.02, 0.001]> : tensor<8xf32> : !heddle.tensor<"hd/2" = 8>
    %angle = heddle.map(%pos, %freq) { ^bb0(%a: i32, %b: f32): %f = arith.sitofp %a : i32 to f32 %0 = arith.mulf %f, %b : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T : i32>, !heddle.tensor<"hd/2" = 8>) -> !angle
    %q0 = heddle.contract %wq, %h over ["d"] : (!heddle.tensor<kv = 2, group = 2, hd = 16, d = 64 : q4_1>, !x) -> !q
    %q1 = heddle.map(%q0, %bq) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!q, !heddle.tensor<kv = 2, group = 2, hd = 16>) -> !q
    %q = func.call @rope_q(%q1, %angle) : (!q, !angle) -> !q
    %k0 = heddle.contract %wk, %h over ["d"] : (!heddle.tensor<kv = 2, hd = 16, d = 64 : q4_1>, !x) -> !k
    %k1 = func.call @rope_k(%k0, %angle) : (!k, !angle) -> !k
    %k = heddle.keep "k" %k1 : (!k) -> !ks
    %v0 = heddle.contract %wv, %h over ["d"] : (!heddle.tensor<kv = 2, hd = 16, d = 64 : q4_1>, !x) -> !k
    %v = heddle.keep "v" %v0 : (!k) -> !ks
    %s0 = heddle.contract %q, %k over ["hd"] : (!q, !ks) -> !s
    %scale = heddle.constant dense<0.25> : tensor<f32> : !heddle.tensor<>
    %s1 = heddle.map(%s0, %scale) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!s, !heddle.tensor<>) -> !s
    %posS = heddle.position "S" : !heddle.tensor<S : i32>
    %causal = heddle.map(%posS, %pos) { ^bb0(%a: i32, %b: i32): %0 = arith.cmpi sle, %a, %b : i32 heddle.yield %0 : i1 } : (!heddle.tensor<S : i32>, !heddle.tensor<T : i32>) -> !heddle.tensor<S, T : i1>
    %within = heddle.map(%posS, %pos) { ^bb0(%a: i32, %b: i32): %n = arith.constant 6 : i32 %c = arith.subi %b, %n : i32 %0 = arith.cmpi sgt, %a, %c : i32 heddle.yield %0 : i1 } : (!heddle.tensor<S : i32>, !heddle.tensor<T : i32>) -> !heddle.tensor<S, T : i1>
    %both = heddle.map(%causal, %within) { ^bb0(%a: i1, %b: i1): %0 = arith.andi %a, %b : i1 heddle.yield %0 : i1 } : (!heddle.tensor<S, T : i1>, !heddle.tensor<S, T : i1>) -> !heddle.tensor<S, T : i1>
    %s2 = heddle.map(%both, %s1) { ^bb0(%c: i1, %a: f32): %inf = arith.constant 0xFF800000 : f32 %0 = arith.select %c, %a, %inf : f32 heddle.yield %0 : f32 } : (!heddle.tensor<S, T : i1>, !s) -> !s
    %p = heddle.softmax %s2 over "S" : (!s) -> !s
    %o = heddle.contract %p, %v over ["S"] : (!s, !ks) -> !q
    %wo_o = heddle.contract %wo, %o over ["kv", "group", "hd"] : (!heddle.tensor<d = 64, kv = 2, group = 2, hd = 16 : q4_1>, !q) -> !x
    %x1 = heddle.map(%x, %wo_o) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
    %h2 = func.call @rms_norm(%x1, %mlp_norm) : (!x, !heddle.tensor<d = 64>) -> !x
    %g = heddle.contract %gate, %h2 over ["d"] : (!heddle.tensor<ffn = 128, d = 64 : q4_1>, !x) -> !f
    %gs = func.call @silu(%g) : (!f) -> !f
    %u = heddle.contract %up, %h2 over ["d"] : (!heddle.tensor<ffn = 128, d = 64 : q4_1>, !x) -> !f
    %gu = heddle.map(%gs, %u) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!f, !f) -> !f
    %dn = heddle.contract %down, %gu over ["ffn"] : (!heddle.tensor<d = 64, ffn = 128 : q4_1>, !f) -> !x
    %x2 = heddle.map(%x1, %dn) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
    heddle.return %x2 : !x
  }
  heddle.entry @forward(%tokens: !heddle.tensor<T : i32>) -> !heddle.tensor<T, vocab = 100> attributes {
      input_names = ["tokens"], output_names = ["logits"], extents = array<i64: 100>, defaults = [unit]} {
    %embed = heddle.weight "embed" : !heddle.tensor<vocab = 100, d = 64 : q4_1>
    %head = heddle.weight "head" : !heddle.tensor<vocab = 100, d = 64 : q4_1>
    %norm = heddle.weight "norm" : !heddle.tensor<d = 64>
    %x0 = heddle.lookup %embed ["vocab"] = (%tokens) : (!heddle.tensor<vocab = 100, d = 64 : q4_1>, !heddle.tensor<T : i32>) -> !x
    %x1 = heddle.invoke @block[0](%x0) : (!x) -> !x
    %x2 = heddle.invoke @block[1](%x1) : (!x) -> !x
    %hidden = func.call @rms_norm(%x2, %norm) : (!x, !heddle.tensor<d = 64>) -> !x
    heddle.tap "hidden" %hidden : !x
    %logits = heddle.contract %head, %hidden over ["d"] : (!heddle.tensor<vocab = 100, d = 64 : q4_1>, !x) -> !heddle.tensor<T, vocab = 100>
    heddle.return %logits : !heddle.tensor<T, vocab = 100>
  }
}
