// RUN: heddle-opt %s --call-libm | FileCheck %s

// CHECK-DAG: func.func private @log1pf(f32) -> f32
// CHECK-LABEL: func.func @calls
func.func @calls(%x: vector<2xf32>) -> vector<2xf32> {
  // CHECK-COUNT-2: call @log1pf
  %r = math.log1p %x : vector<2xf32>
  return %r : vector<2xf32>
}

// CHECK-LABEL: func.func @instructions
func.func @instructions(%x: vector<2xf32>) -> vector<2xf32> {
  // CHECK: math.floor
  // CHECK: math.sqrt
  %f = math.floor %x : vector<2xf32>
  %r = math.sqrt %f : vector<2xf32>
  return %r : vector<2xf32>
}
