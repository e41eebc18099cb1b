// RUN: heddle-opt %s --expand-for-target=cpu=x86-64 | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: heddle-opt %s --expand-for-target=cpu=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,V3

// CHECK-LABEL: func.func @half
func.func @half(%x: vector<8xf16>, %y: vector<8xf32>) -> (vector<8xf32>, vector<8xf16>) {
  // PLAIN-NOT: arith.extf
  // PLAIN-NOT: arith.truncf
  // V3: arith.extf
  // V3: arith.truncf
  %f = arith.extf %x : vector<8xf16> to vector<8xf32>
  %h = arith.truncf %y : vector<8xf32> to vector<8xf16>
  return %f, %h : vector<8xf32>, vector<8xf16>
}

// CHECK-LABEL: func.func @fma
func.func @fma(%x: f32) -> f32 {
  // PLAIN: arith.mulf
  // PLAIN-NEXT: arith.addf
  // V3: math.fma
  %r = math.fma %x, %x, %x : f32
  return %r : f32
}

// CHECK-LABEL: func.func @everywhere
func.func @everywhere(%x: bf16, %i: i32, %j: i32) -> (f32, i32) {
  // CHECK-NOT: arith.extf
  // CHECK-NOT: arith.ceildivsi
  // CHECK: return
  %f = arith.extf %x : bf16 to f32
  %q = arith.ceildivsi %i, %j : i32
  return %f, %q : f32, i32
}
