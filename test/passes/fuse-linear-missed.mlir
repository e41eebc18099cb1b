// RUN: heddle-opt %s --fuse-linear=explain --verify-diagnostics

!x = !heddle.tensor<T, d = 8>
!w = !heddle.tensor<ffn = 16, d = 8>
!f = !heddle.tensor<T, ffn = 16>

func.func @no_weight(%w: !w, %x: !x) -> !f {
  // expected-remark @below {{fuse-linear: neither side is a weight}}
  %y = heddle.contract %w, %x over ["d"] : (!w, !x) -> !f
  return %y : !f
}

func.func @experts(%x: !heddle.tensor<T, K = 2, d = 8>) -> !heddle.tensor<T, K = 2, ffn = 16> {
  %w = heddle.weight "w" : !w
  // expected-remark @below {{fuse-linear: the vector has the axis 'K' besides T and those summed over}}
  %y = heddle.contract %w, %x over ["d"] : (!w, !heddle.tensor<T, K = 2, d = 8>) -> !heddle.tensor<T, K = 2, ffn = 16>
  return %y : !heddle.tensor<T, K = 2, ffn = 16>
}

func.func @circle(%x: !x) -> !f {
  %w = heddle.weight "w" : !w
  // expected-remark @below {{fuse-linear: what reads it is no map of its elements}}
  %c = heddle.contract %w, %x over ["d"] : (!w, !x) -> !f
  %m = heddle.reduce max %c over ["ffn"] : (!f) -> !heddle.tensor<T>
  %y = heddle.map(%c, %m) { ^bb0(%a: f32, %b: f32): %0 = arith.subf %a, %b : f32 heddle.yield %0 : f32 } : (!f, !heddle.tensor<T>) -> !f
  return %y : !f
}

func.func @wider(%x: !x) -> !heddle.tensor<T, ffn = 16, n = 2> {
  %w = heddle.weight "w" : !w
  %n = heddle.weight "n" : !heddle.tensor<n = 2>
  %c = heddle.contract %w, %x over ["d"] : (!w, !x) -> !f
  // expected-remark @below {{fuse-linear: has other axes than the rows it reads}}
  %y = heddle.map(%c, %n) { ^bb0(%a: f32, %b: f32): %0 = arith.mulf %a, %b : f32 heddle.yield %0 : f32 } : (!f, !heddle.tensor<n = 2>) -> !heddle.tensor<T, ffn = 16, n = 2>
  return %y : !heddle.tensor<T, ffn = 16, n = 2>
}

// The experts are a token's, the vectors are not.
func.func @experts_of_more(%x: !heddle.tensor<T, n = 3, d = 8>, %e: !heddle.tensor<T, K = 2 : i32>) -> !heddle.tensor<T, n = 3, K = 2, ffn = 16> {
  %w = heddle.weight "w" : !heddle.tensor<E = 5, ffn = 16, d = 8>
  %c = heddle.lookup %w ["E"] = (%e) : (!heddle.tensor<E = 5, ffn = 16, d = 8>, !heddle.tensor<T, K = 2 : i32>) -> !heddle.tensor<T, K = 2, ffn = 16, d = 8>
  // expected-remark @below {{fuse-linear: the vector has other axes than what chooses the weight}}
  %y = heddle.contract %c, %x over ["d"] : (!heddle.tensor<T, K = 2, ffn = 16, d = 8>, !heddle.tensor<T, n = 3, d = 8>) -> !heddle.tensor<T, n = 3, K = 2, ffn = 16>
  return %y : !heddle.tensor<T, n = 3, K = 2, ffn = 16>
}
