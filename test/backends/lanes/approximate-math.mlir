// RUN: heddle-opt %s --approximate-math | FileCheck %s
// RUN: heddle-opt %s --approximate-math --contract-fma | FileCheck %s --check-prefix=FMA

// CHECK-LABEL: func.func @exp
// CHECK-NOT: math.exp
// CHECK: return
// FMA-LABEL: func.func @exp
// FMA: arith.mulf %{{.*}} fastmath<contract> : vector<16xf32>
// FMA-NOT: reassoc
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %r = math.exp %x : vector<16xf32>
  return %r : vector<16xf32>
}

// A scalar, too: a call would empty all vector registers.
// CHECK-LABEL: func.func @scalars
// CHECK-NOT: math.tanh
// CHECK-NOT: math.erf
// CHECK: return
func.func @scalars(%x: f32) -> (f32, f32) {
  %r = math.tanh %x : f32
  %s = math.erf %x : f32
  return %r, %s : f32, f32
}

// What is not float32, and what has no polynomial here, is left.
// CHECK-LABEL: func.func @left
// CHECK: math.exp %{{.*}} : f64
// CHECK: math.sin
func.func @left(%x: f64, %y: vector<8xf32>) -> (f64, vector<8xf32>) {
  %r = math.exp %x : f64
  %s = math.sin %y : vector<8xf32>
  return %r, %s : f64, vector<8xf32>
}
