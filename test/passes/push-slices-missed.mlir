// RUN: heddle-opt %s --push-slices=explain --verify-diagnostics

!q = !heddle.tensor<T, hd = 6>
!half = !heddle.tensor<T, "hd/2" = 3>

func.func @whole(%q: !q) -> (!half, !q) {
  // expected-remark @below {{push-slices: is read as a whole too}}
  %n = heddle.map(%q) { ^bb0(%p: f32): %0 = arith.negf %p : f32 heddle.yield %0 : f32 } : (!q) -> !q
  %a = heddle.slice %n["hd" from 0 -> "hd/2"] : (!q) -> !half
  return %a, %n : !half, !q
}

func.func @across(%q: !heddle.tensor<T, two = 2, "hd/2" = 3>) -> !heddle.tensor<T, four = 4> {
  %j = heddle.regroup %q ["two", "hd/2"] -> ["hd"] : (!heddle.tensor<T, two = 2, "hd/2" = 3>) -> !q
  // expected-remark @below {{push-slices: does not take whole runs of 'two'}}
  %a = heddle.slice %j["hd" from 1 -> "four"] : (!q) -> !heddle.tensor<T, four = 4>
  return %a : !heddle.tensor<T, four = 4>
}
