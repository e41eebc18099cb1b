// RUN: heddle-opt %s --keep-lines --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// CHECK-LABEL: func.func @lines
func.func @lines(%x: f32) -> f32 {
  // CHECK: arith.addf {{.*}} loc("page.heddle":3:7)
  %a = arith.addf %x, %x : f32 loc("name"("page.heddle":3:7))
  // CHECK: arith.mulf {{.*}} loc("page.heddle":5:1)
  %b = arith.mulf %a, %a : f32 loc(fused["label", "page.heddle":5:1, "page.heddle":6:1])
  // An op without a place has the function's.
  // CHECK: arith.divf {{.*}} loc("page.heddle":1:2)
  %c = arith.divf %b, %b : f32 loc(unknown)
  return %c : f32
} loc("page.heddle":1:2)
