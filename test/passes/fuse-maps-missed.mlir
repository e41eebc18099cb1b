// RUN: heddle-opt %s --fuse-maps=explain --verify-diagnostics

func.func @dear(%x: !heddle.tensor<T, d = 8>, %m: !heddle.tensor<T>) -> !heddle.tensor<T, d = 8> {
  // expected-remark @below {{fuse-maps: is dear, and would be computed for each index of more axes}}
  %r = heddle.map(%m) { ^bb0(%p: f32): %0 = math.sqrt %p : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T>) -> !heddle.tensor<T>
  %y = heddle.map(%x, %r) { ^bb0(%p: f32, %q: f32): %0 = arith.divf %p, %q : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, d = 8>, !heddle.tensor<T>) -> !heddle.tensor<T, d = 8>
  return %y : !heddle.tensor<T, d = 8>
}

func.func @shared(%m: !heddle.tensor<T>) -> (!heddle.tensor<T>, !heddle.tensor<T>) {
  // expected-remark @below {{fuse-maps: has several users, and reads what is not free to read again}}
  %r = heddle.map(%m) { ^bb0(%p: f32): %0 = arith.negf %p : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T>) -> !heddle.tensor<T>
  %a = heddle.map(%r) { ^bb0(%p: f32): %0 = math.exp %p : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T>) -> !heddle.tensor<T>
  %b = heddle.map(%r) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T>) -> !heddle.tensor<T>
  return %a, %b : !heddle.tensor<T>, !heddle.tensor<T>
}
