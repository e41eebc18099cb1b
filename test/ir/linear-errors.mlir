// RUN: heddle-opt %s --verify-diagnostics --split-input-file

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>

func.func @weights(%x: !x) {
  // expected-error @below {{expected a weight}}
  %y = heddle.linear(%x) weights() extras() over ["d"] prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @prologue_arguments(%x: !x, %w: !w) {
  // expected-error @below {{the prologue's arguments must be ('!heddle.tensor<d = 8>'), found ('!heddle.tensor<T, d = 8>')}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue { ^bb0(%h: !x): heddle.yield %h : !x } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @prologue_yield(%x: !x, %w: !w) {
  // expected-error @below {{the prologue must yield one tensor}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue { ^bb0(%h: !v): heddle.yield %h, %h : !v, !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @vector(%x: !x, %w: !w) {
  // expected-error @below {{the prologue yields '!heddle.tensor<d = 8>', which has no axis 'n'}}
  %y = heddle.linear(%x) weights(%w) extras() over ["n"] prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @weight(%x: !x, %w: !heddle.tensor<n = 4, d = 6>) {
  // expected-error @below {{weight '!heddle.tensor<n = 4, d = 6>' must have the axis 'd' of size 8}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !heddle.tensor<n = 4, d = 6>) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @rows(%x: !x, %w: !w, %u: !heddle.tensor<m = 4, d = 8>) {
  // expected-error @below {{all weights must have the rows '!heddle.tensor<n = 4>', found '!heddle.tensor<m = 4, d = 8>'}}
  %y = heddle.linear(%x) weights(%w, %u) extras() over ["d"] prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32, %b: f32): heddle.yield %a : f32 } : (!x, !w, !heddle.tensor<m = 4, d = 8>) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @epilogue_arguments(%x: !x, %w: !w) {
  // expected-error @below {{the epilogue's arguments must be ('f32'), found ('f32', 'f32')}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32, %b: f32): heddle.yield %a : f32 } : (!x, !w) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, n = 4>
func.func @epilogue_yield(%x: !x, %w: !w) {
  // expected-error @below {{the epilogue must yield a scalar for each result}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a, %a : f32, f32 } : (!x, !w) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!e = !heddle.tensor<T, K = 2 : i32>
!y = !heddle.tensor<T, K = 2, n = 4>
func.func @nothing_to_choose(%x: !x, %w: !w, %e: !e) {
  // expected-error @below {{must have the axis 'E'}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] choosing "E" = %e prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w, !e) -> !y
  return
}

// -----

!x = !heddle.tensor<T, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<E = 3, n = 4, d = 8>
!e = !heddle.tensor<T, K = 2>
!y = !heddle.tensor<T, K = 2, n = 4>
func.func @choosing_by_reals(%x: !x, %w: !w, %e: !e) {
  // expected-error @below {{what chooses along 'E' must be integers}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] choosing "E" = %e prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w, !e) -> !y
  return
}

// -----

!x = !heddle.tensor<T, n = 4, d = 8>
!v = !heddle.tensor<n = 4, d = 8>
!w = !heddle.tensor<E = 3, n = 4, d = 8>
!e = !heddle.tensor<T : i32>
!y = !heddle.tensor<T, n = 4>
func.func @chosen_and_each(%x: !x, %w: !w, %e: !e) {
  // expected-error @below {{weights are chosen along 'E', or there is one for each of 'n'}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] choosing "E" = %e each "n" prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w, !e) -> !y
  return
}

// -----

!x = !heddle.tensor<T, heads = 3, d = 8>
!v = !heddle.tensor<d = 8>
!w = !heddle.tensor<n = 4, d = 8>
!y = !heddle.tensor<T, heads = 3, n = 4>
func.func @one_matrix_for_each(%x: !x, %w: !w) {
  // expected-error @below {{must have the axis 'heads'}}
  %y = heddle.linear(%x) weights(%w) extras() over ["d"] each "heads" prologue { ^bb0(%h: !v): heddle.yield %h : !v } epilogue { ^bb0(%a: f32): heddle.yield %a : f32 } : (!x, !w) -> !y
  return
}
