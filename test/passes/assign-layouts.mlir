// RUN: heddle-opt %s --assign-layouts | FileCheck %s --check-prefixes=CHECK,FUSED
// RUN: heddle-opt %s --assign-layouts=plain=true | FileCheck %s --check-prefixes=CHECK,PLAIN

!x = !heddle.tensor<T, d = 8>
!w = !heddle.tensor<h = 2, hd = 4, d = 8>
!y = !heddle.tensor<hd = 4, T, h = 2>
!half = !heddle.tensor<T, h = 2, "hd/2" = 2>
!k = !heddle.tensor<S, h = 2, hd = 4>

// The order in which the weights name their axes decides, not the one in which a type is written; hd/2 goes with hd.
heddle.stored @w ["w"] digits [array<i64: 2, 32>, array<i64: 4, 8>, array<i64: 8, 1>] : !w

// Tokens outermost, or innermost on the plain road.
// CHECK-LABEL: heddle.entry @order
// CHECK: heddle.weight "w" :
// CHECK: heddle.contract
// FUSED-SAME: heddle.layout = ["T h hd"]
// PLAIN-SAME: heddle.layout = ["h hd T"]
// CHECK: heddle.position "T" :
// A sum over nothing has memory, of one element.
// CHECK: heddle.reduce max
// CHECK-SAME: heddle.layout = [""]
// CHECK: heddle.return
heddle.entry @order(%x: !x, %n: !heddle.tensor<n = 3>) -> !y attributes {input_names = ["x", "n"], output_names = ["y"], extents = array<i64: 0, 0>, defaults = [unit, unit]} {
  %w = heddle.weight "w" : !w
  %c = heddle.contract %w, %x over ["d"] : (!w, !x) -> !y
  %t = heddle.position "T" : !heddle.tensor<T : i32>
  %m = heddle.reduce max %n over ["n"] : (!heddle.tensor<n = 3>) -> !heddle.tensor<>
  %r = heddle.map(%c, %t, %m) { ^bb0(%a: f32, %p: i32, %b: f32): %f = arith.sitofp %p : i32 to f32 %0 = arith.addf %a, %f : f32 %1 = arith.addf %0, %b : f32 heddle.yield %1 : f32 } : (!y, !heddle.tensor<T : i32>, !heddle.tensor<>) -> !y
  heddle.return %r : !y
}

// Parts of a concat are stored through it, it through the keep: only the cache is memory. A slice is a view; a tap needs an address.
// CHECK-LABEL: heddle.entry @parts
// CHECK: %[[A:.*]] = heddle.map(%arg0)
// CHECK-NOT: heddle.layout
// CHECK: %[[C:.*]] = heddle.concat(
// CHECK-NOT: heddle.layout
// CHECK: heddle.keep "parts" %[[C]]
// FUSED-SAME: heddle.layout = ["S h hd"]
// PLAIN-SAME: heddle.layout = ["h hd S"]
// CHECK: heddle.slice %{{.*}}["hd" from 0 -> "hd/2"]
// CHECK-NOT: heddle.layout
// CHECK: heddle.slice %{{.*}}["hd" from 1 -> "hd/2"]
// FUSED-SAME: heddle.layout = ["S h hd/2"]
// PLAIN-SAME: heddle.layout = ["h hd/2 S"]
// CHECK: heddle.return
heddle.entry @parts(%x: !half) -> !heddle.tensor<S, h = 2, "hd/2" = 2> attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %a = heddle.map(%x) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!half) -> !half
  %b = heddle.map(%x) { ^bb0(%p: f32): %0 = math.cos %p : f32 heddle.yield %0 : f32 } : (!half) -> !half
  %c = heddle.concat(%a, %b) ["hd/2", "hd/2"] -> "hd" : (!half, !half) -> !heddle.tensor<T, h = 2, hd = 4>
  %k = heddle.keep "parts" %c : (!heddle.tensor<T, h = 2, hd = 4>) -> !k
  %s = heddle.slice %k["hd" from 0 -> "hd/2"] : (!k) -> !heddle.tensor<S, h = 2, "hd/2" = 2>
  %t = heddle.slice %k["hd" from 1 -> "hd/2"] : (!k) -> !heddle.tensor<S, h = 2, "hd/2" = 2>
  heddle.tap "t" %t : !heddle.tensor<S, h = 2, "hd/2" = 2>
  %y = heddle.map(%s, %t) { ^bb0(%p: f32, %q: f32): %0 = arith.addf %p, %q : f32 heddle.yield %0 : f32 } : (!heddle.tensor<S, h = 2, "hd/2" = 2>, !heddle.tensor<S, h = 2, "hd/2" = 2>) -> !heddle.tensor<S, h = 2, "hd/2" = 2>
  heddle.return %y : !heddle.tensor<S, h = 2, "hd/2" = 2>
}

// A part with another reader has memory of its own.
// CHECK-LABEL: heddle.entry @read_again
// CHECK: heddle.map(%arg0)
// CHECK: heddle.yield
// FUSED-NEXT: heddle.layout = ["T h hd/2"]
// PLAIN-NEXT: heddle.layout = ["h hd/2 T"]
// CHECK: heddle.concat
heddle.entry @read_again(%x: !half) -> (!heddle.tensor<T, h = 2, hd = 4>, !half) attributes {input_names = ["x"], output_names = ["y", "z"], extents = array<i64: 0>, defaults = [unit]} {
  %a = heddle.map(%x) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!half) -> !half
  %c = heddle.concat(%a, %x) ["hd/2", "hd/2"] -> "hd" : (!half, !half) -> !heddle.tensor<T, h = 2, hd = 4>
  %z = heddle.map(%a) { ^bb0(%p: f32): %0 = arith.negf %p : f32 heddle.yield %0 : f32 } : (!half) -> !half
  heddle.return %c, %z : !heddle.tensor<T, h = 2, hd = 4>, !half
}

// Keys of a fused attention lie in blocks of 16 positions, heads outermost; values by position.
// CHECK-LABEL: heddle.entry @attention
// CHECK: heddle.keep "k"
// FUSED-SAME: heddle.layout = ["h S/16 hd S%16"]
// PLAIN-SAME: heddle.layout = ["h hd S"]
// CHECK: heddle.keep "v"
// FUSED-SAME: heddle.layout = ["h S hd"]
// PLAIN-SAME: heddle.layout = ["h hd S"]
heddle.entry @attention(%q: !y) -> !y attributes {input_names = ["q"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %k = heddle.keep "k" %q : (!y) -> !k
  %v = heddle.keep "v" %q : (!y) -> !k
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } : (!y, !k, !k) -> !y
  heddle.return %o : !y
}

// What a kind of layer remembers lies the same way for one token and for many: keys for the one, values for the
// other, rows for both.
// CHECK-LABEL: heddle.layer @block.decode
// CHECK: heddle.keep "k"
// FUSED-SAME: heddle.layout = ["S h hd"]
// CHECK: heddle.keep "both"
// FUSED-SAME: heddle.layout = ["S h hd"]
// CHECK: heddle.keep "own"
// FUSED-SAME: heddle.layout = ["h S/16 hd S%16"]
heddle.layer @block.decode(%q: !y) -> !y attributes {kind = "block", variant = #heddle<variant decode>} {
  %k = heddle.keep "k" %q : (!y) -> !k
  %v = heddle.keep "both" %q : (!y) -> !k
  %own = heddle.keep "own" %q : (!y) -> !k
  %o = heddle.attention(%q, %q, %q), (%k, %v, %own), %v extras() over [["hd"], ["hd"], ["hd"]] keys "S" {
  ^score(%a: f32, %b: f32, %c: f32):
    heddle.yield %a : f32
  } : (!y, !y, !y, !k, !k, !k, !k) -> !y
  heddle.return %o : !y
}
// CHECK-LABEL: heddle.layer @block.prefill
// CHECK: heddle.keep "k"
// FUSED-SAME: heddle.layout = ["S h hd"]
heddle.layer @block.prefill(%q: !y) -> !heddle.tensor<h = 2> attributes {kind = "block", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %q : (!y) -> !k
  %s = heddle.reduce sum %k over ["S", "hd"] : (!k) -> !heddle.tensor<h = 2>
  heddle.return %s : !heddle.tensor<h = 2>
}
