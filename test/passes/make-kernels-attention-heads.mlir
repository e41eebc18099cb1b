// RUN: heddle-opt %s --assign-layouts --make-kernels --canonicalize --cse | FileCheck %s
// RUN: heddle-opt %s --assign-layouts --make-kernels=direct=true --canonicalize --cse | FileCheck %s

// Some keys are each head's own, others and the values all heads': heads are pieces of their own.
!q = !heddle.tensor<T, heads = 8, nope = 4>
!r = !heddle.tensor<T, heads = 8, rot = 4>
!k = !heddle.tensor<S, heads = 8, nope = 4>
!o = !heddle.tensor<T, heads = 8, r = 16>
// CHECK-LABEL: heddle.layer @latent
// CHECK: heddle.launch @latent.attention
heddle.layer @latent(%q: !q, %r: !r, %x: !q, %y: !heddle.tensor<T, rot = 4>, %z: !heddle.tensor<T, r = 16>) -> !o
    attributes {kind = "block", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %x : (!q) -> !k
  %kr = heddle.keep "kr" %y : (!heddle.tensor<T, rot = 4>) -> !heddle.tensor<S, rot = 4>
  %c = heddle.keep "c" %z : (!heddle.tensor<T, r = 16>) -> !heddle.tensor<S, r = 16>
  %o = heddle.attention(%q, %r), (%k, %kr), %c extras() over [["nope"], ["rot"]] keys "S" {
  ^score(%s: f32, %t: f32):
    %a = arith.addf %s, %t : f32
    heddle.yield %a : f32
  } : (!q, !r, !k, !heddle.tensor<S, rot = 4>, !heddle.tensor<S, r = 16>) -> !o
  heddle.return %o : !o
}
// CHECK: heddle.kernel @latent.attention lanes 16 grid [array<i64: 1, 12, 8>]

// One query for all heads, whose keys differ.
// CHECK: heddle.kernel @one.attention lanes 16 grid [array<i64: 1, 12, 8>]
heddle.layer @one(%q: !heddle.tensor<T, d = 16>, %k: !heddle.tensor<U, heads = 8, d = 16>, %v: !heddle.tensor<U, heads = 8, hd = 48>)
    -> !heddle.tensor<T, heads = 8, hd = 48> attributes {kind = "block", variant = #heddle<variant all>} {
  %o = heddle.attention(%q), (%k), %v extras() over [["d"]] keys "U" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } : (!heddle.tensor<T, d = 16>, !heddle.tensor<U, heads = 8, d = 16>, !heddle.tensor<U, heads = 8, hd = 48>) -> !heddle.tensor<T, heads = 8, hd = 48>
  heddle.return %o : !heddle.tensor<T, heads = 8, hd = 48>
}
