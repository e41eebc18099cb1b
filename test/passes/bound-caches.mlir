// RUN: heddle-opt %s --bound-caches --split-input-file | FileCheck %s
// RUN: heddle-opt %s --bound-caches=explain=true --split-input-file --verify-diagnostics -o /dev/null

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>

// Both functions of the kind look back at 100 positions at most: 99 before a token's own and 512 of a call, in whole
// blocks of 64. What decode reads less of is as large.
// CHECK-LABEL: heddle.layer @window.prefill
// CHECK: heddle.keep "k" %{{.*}} {ring = 640 : i64, window = 100 : i64}
// CHECK: heddle.keep "v" %{{.*}} {ring = 640 : i64, window = 100 : i64}
heddle.layer @window.prefill(%q: !q) -> !q attributes {kind = "window", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %q : (!q) -> !k
  %v = heddle.keep "v" %q : (!q) -> !k
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_from = -99 : i64, visits_to = 0 : i64} : (!q, !k, !k) -> !q
  heddle.return %o : !q
}
// CHECK-LABEL: heddle.layer @window.decode
// CHECK: heddle.keep "k" %{{.*}} {ring = 640 : i64, window = 100 : i64}
// CHECK: heddle.keep "v" %{{.*}} {ring = 640 : i64, window = 100 : i64}
heddle.layer @window.decode(%q: !q) -> !q attributes {kind = "window", variant = #heddle<variant decode>} {
  %k = heddle.keep "k" %q : (!q) -> !k
  %v = heddle.keep "v" %q : (!q) -> !k
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_from = -89 : i64} : (!q, !k, !k) -> !q
  heddle.return %o : !q
}

// The caches of another layer are others. One that decode reads as a whole is whole in prefill too; its
// values are a window's.
// CHECK-LABEL: heddle.layer @partly.prefill
// CHECK: heddle.keep "k" %{{[^ ]*}} :
// CHECK: heddle.keep "v" %{{.*}} {ring = 512 : i64, window = 1 : i64}
heddle.layer @partly.prefill(%q: !q) -> !q attributes {kind = "window", variant = #heddle<variant all>} {
  %k = heddle.keep "k" %q : (!q) -> !k
  %v = heddle.keep "v" %q : (!q) -> !k
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_from = 0 : i64} : (!q, !k, !k) -> !q
  heddle.return %o : !q
}
// CHECK-LABEL: heddle.layer @partly.decode
// CHECK: heddle.keep "k" %{{[^ ]*}} :
// CHECK: heddle.keep "v" %{{.*}} {ring = 512 : i64, window = 1 : i64}
heddle.layer @partly.decode(%q: !q) -> !q attributes {kind = "window", variant = #heddle<variant decode>} {
  // expected-remark @below {{bound-caches: something may read all that is kept}}
  %k = heddle.keep "k" %q : (!q) -> !k
  %v = heddle.keep "v" %q : (!q) -> !k
  %o = heddle.attention(%q), (%k), %v extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_from = 0 : i64} : (!q, !k, !k) -> !q
  %a = heddle.attention(%o), (%k), %k extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_to = 0 : i64} : (!q, !k, !k) -> !q
  heddle.return %a : !q
}

// Layers of a kind are others by their numbers.
heddle.entry @forward(%q: !q) -> !q attributes {variant = #heddle<variant last>, input_names = ["q"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %0 = heddle.invoke @window.prefill[0](%q) : (!q) -> !q
  %1 = heddle.invoke @partly.prefill[1](%0) : (!q) -> !q
  %2 = heddle.invoke @window.prefill[2](%1) : (!q) -> !q
  heddle.return %2 : !q
}
heddle.entry @forward.decode(%q: !q) -> !q attributes {variant = #heddle<variant decode>, input_names = ["q"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %0 = heddle.invoke @window.decode[0](%q) : (!q) -> !q
  %1 = heddle.invoke @partly.decode[1](%0) : (!q) -> !q
  %2 = heddle.invoke @window.decode[2](%1) : (!q) -> !q
  heddle.return %2 : !q
}

// A sum reads everything.
// CHECK-LABEL: heddle.layer @summed
// CHECK: heddle.keep "k" %{{[^ ]*}} :
heddle.layer @summed(%q: !q) -> !heddle.tensor<hd = 4> attributes {kind = "summed", variant = #heddle<variant decode>} {
  // expected-remark @below {{bound-caches: something may read all that is kept}}
  %k = heddle.keep "k" %q : (!q) -> !k
  %o = heddle.reduce sum %k over ["S"] : (!k) -> !heddle.tensor<hd = 4>
  heddle.return %o : !heddle.tensor<hd = 4>
}

// -----

// With a context of 600 positions a ring of 640 saves nothing.
// CHECK-LABEL: heddle.layer @short
// CHECK: heddle.keep "k" %{{[^ ]*}} :
module attributes {heddle.context = 600 : i64} {
  heddle.layer @short(%q: !heddle.tensor<T, hd = 4>) -> !heddle.tensor<T, hd = 4> attributes {kind = "short", variant = #heddle<variant decode>} {
    // expected-remark @below {{bound-caches: a ring would hold the whole context}}
    %k = heddle.keep "k" %q : (!heddle.tensor<T, hd = 4>) -> !heddle.tensor<S, hd = 4>
    %o = heddle.attention(%q), (%k), %k extras() over [["hd"]] keys "S" {
    ^score(%s: f32):
      heddle.yield %s : f32
    } {visits_from = -99 : i64} : (!heddle.tensor<T, hd = 4>, !heddle.tensor<S, hd = 4>, !heddle.tensor<S, hd = 4>) -> !heddle.tensor<T, hd = 4>
    heddle.return %o : !heddle.tensor<T, hd = 4>
  }
}

// -----

// Where the text is fed again once it is longer, its first call may be longer than others.
// CHECK-LABEL: heddle.layer @switches
// CHECK: heddle.keep "k" %{{[^ ]*}} :
module attributes {heddle.regimes = array<i64: 4096>} {
  heddle.layer @switches(%q: !heddle.tensor<T, hd = 4>) -> !heddle.tensor<T, hd = 4> attributes {kind = "switches", variant = #heddle<variant decode>} {
    // expected-remark @below {{bound-caches: what is kept depends on the text's length}}
    %k = heddle.keep "k" %q : (!heddle.tensor<T, hd = 4>) -> !heddle.tensor<S, hd = 4>
    %o = heddle.attention(%q), (%k), %k extras() over [["hd"]] keys "S" {
    ^score(%s: f32):
      heddle.yield %s : f32
    } {visits_from = -99 : i64} : (!heddle.tensor<T, hd = 4>, !heddle.tensor<S, hd = 4>, !heddle.tensor<S, hd = 4>) -> !heddle.tensor<T, hd = 4>
    heddle.return %o : !heddle.tensor<T, hd = 4>
  }
}

// -----

// One output for the whole text: it is not fed in pieces.
// CHECK-LABEL: heddle.entry @forward.all
// CHECK: heddle.keep "k" %{{[^ ]*}} :
heddle.entry @forward.all(%q: !heddle.tensor<T, hd = 4>) -> !heddle.tensor<hd = 4> attributes {variant = #heddle<variant all>, input_names = ["q"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  // expected-remark @below {{bound-caches: an entry computes the whole text at once}}
  %k = heddle.keep "k" %q : (!heddle.tensor<T, hd = 4>) -> !heddle.tensor<S, hd = 4>
  %o = heddle.attention(%q), (%k), %k extras() over [["hd"]] keys "S" {
  ^score(%s: f32):
    heddle.yield %s : f32
  } {visits_from = -99 : i64} : (!heddle.tensor<T, hd = 4>, !heddle.tensor<S, hd = 4>, !heddle.tensor<S, hd = 4>) -> !heddle.tensor<T, hd = 4>
  %y = heddle.reduce sum %o over ["T"] : (!heddle.tensor<T, hd = 4>) -> !heddle.tensor<hd = 4>
  heddle.return %y : !heddle.tensor<hd = 4>
}
