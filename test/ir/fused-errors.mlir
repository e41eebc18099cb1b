// RUN: heddle-opt %s --verify-diagnostics --split-input-file

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @count(%q: !q, %k: !k) {
  // expected-error @below {{expected as many keys and lists of axes as queries}}
  %o = heddle.attention(%q, %q), (%k), %k extras() over [["hd"]] keys "S" { ^bb0(%s: f32): heddle.yield %s : f32 } : (!q, !q, !k, !k) -> !q
  return
}

// -----

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @over(%q: !q, %k: !k) {
  // expected-error @below {{both '!heddle.tensor<T, hd = 4>' and '!heddle.tensor<S, hd = 4>' must have 'n'}}
  %o = heddle.attention(%q), (%k), %k extras() over [["n"]] keys "S" { ^bb0(%s: f32): heddle.yield %s : f32 } : (!q, !k, !k) -> !q
  return
}

// -----

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @keys(%q: !q, %k: !k) {
  // expected-error @below {{keys '!heddle.tensor<T, hd = 4>' have no axis 'S'}}
  %o = heddle.attention(%q), (%q), %k extras() over [["hd"]] keys "S" { ^bb0(%s: f32): heddle.yield %s : f32 } : (!q, !q, !k) -> !q
  return
}

// -----

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @values(%q: !q, %k: !k) {
  // expected-error @below {{values '!heddle.tensor<T, hd = 4>' have no axis 'S'}}
  %o = heddle.attention(%q), (%k), %q extras() over [["hd"]] keys "S" { ^bb0(%s: f32): heddle.yield %s : f32 } : (!q, !k, !q) -> !q
  return
}

// -----

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @arguments(%q: !q, %k: !k) {
  // expected-error @below {{the score's arguments must be ('f32'), found ('f32', 'i32')}}
  %o = heddle.attention(%q), (%k), %k extras() over [["hd"]] keys "S" { ^bb0(%s: f32, %p: i32): heddle.yield %s : f32 } : (!q, !k, !k) -> !q
  return
}

// -----

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @yield(%q: !q, %k: !k) {
  // expected-error @below {{the score must yield one f32}}
  %o = heddle.attention(%q), (%k), %k extras() over [["hd"]] keys "S" { ^bb0(%s: f32): heddle.yield %s, %s : f32, f32 } : (!q, !k, !k) -> !q
  return
}

// -----

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
func.func @result(%q: !q, %k: !k) {
  // expected-error @below {{the result has no axis 'S'}}
  %o = heddle.attention(%q), (%k), %k extras() over [["hd"]] keys "S" { ^bb0(%s: f32): heddle.yield %s : f32 } : (!q, !k, !k) -> !k
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
func.func @rowwise_arguments(%x: !x) {
  // expected-error @below {{the region's arguments must be ('!heddle.tensor<d = 8>'), found ('!heddle.tensor<T, d = 8>')}}
  %y = heddle.rowwise(%x) { ^bb0(%h: !x): heddle.yield %h : !x } : (!x) -> !x
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
func.func @rowwise_input(%x: !v) {
  // expected-error @below {{an input must have T, found '!heddle.tensor<d = 8>'}}
  %y = heddle.rowwise(%x) { ^bb0(%h: !v): heddle.yield %h : !v } : (!v) -> !x
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
func.func @rowwise_yield(%x: !x) {
  // expected-error @below {{the region must yield the results without T}}
  %y = heddle.rowwise(%x) { ^bb0(%h: !v): heddle.yield %h, %h : !v, !v } : (!x) -> !x
  return
}
