// RUN: heddle-opt %s --contract-fma | FileCheck %s

// CHECK-LABEL: func.func @marks
func.func @marks(%x: f32, %y: f32) -> f32 {
  // CHECK: arith.mulf %{{.*}} fastmath<contract>
  %m = arith.mulf %x, %y : f32
  // Flags that are there stay.
  // CHECK: arith.addf %{{.*}} fastmath<nnan,contract>
  %a = arith.addf %m, %y fastmath<nnan> : f32
  // CHECK: arith.divf %{{[^ ]*}}, %{{[^ ]*}} : f32
  %d = arith.divf %a, %x : f32
  return %d : f32
}
