// RUN: heddle-opt %s --sum-indices --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// Two neighbours: (turn + 1) * 4 + base and turn * 4 + base + 2. What the loop leaves alone is summed outside of it; both share
// the rest, and have a constant each.
// CHECK-LABEL: func @neighbours
// CHECK-SAME: (%[[MEMORY:.+]]: memref<?xf32>, %[[BASE:.+]]: index, %[[ROW:.+]]: index, %[[COUNT:.+]]: index)
// CHECK: %[[START:.+]] = arith.muli %[[ROW]], %c32
// CHECK-NEXT: %[[OUTER:.+]] = arith.addi %[[START]], %[[BASE]]
// CHECK: scf.for %[[TURN:.+]] = %c0 to %[[COUNT]]
// CHECK-NEXT: %[[PRODUCT:.+]] = arith.muli %[[TURN]], %c4
// CHECK-NEXT: %[[SUM:.+]] = arith.addi %[[OUTER]], %[[PRODUCT]]
// CHECK-NEXT: %[[ONE:.+]] = arith.addi %[[SUM]], %c4
// CHECK-NEXT: memref.load %[[MEMORY]][%[[ONE]]]
// CHECK-NEXT: %[[OTHER:.+]] = arith.addi %[[SUM]], %c2
// CHECK-NEXT: memref.store %{{.+}}, %[[MEMORY]][%[[OTHER]]]
func.func @neighbours(%memory: memref<?xf32>, %base: index, %row: index, %count: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  scf.for %turn = %c0 to %count step %c1 {
    %next = arith.addi %turn, %c1 : index
    %rows = arith.muli %row, %c8 : index
    %inner = arith.addi %next, %rows : index
    %scaled = arith.muli %inner, %c4 : index
    %at = arith.addi %scaled, %base : index
    %value = memref.load %memory[%at] : memref<?xf32>
    %product = arith.muli %turn, %c4 : index
    %start = arith.muli %rows, %c4 : index
    %first = arith.addi %product, %start : index
    %second = arith.addi %first, %c2 : index
    %other = arith.addi %base, %second : index
    memref.store %value, %memory[%other] : memref<?xf32>
  }
  return
}

// What is no sum is left as it is; terms of a value are one.
// CHECK-LABEL: func @others
// CHECK-SAME: (%[[MEMORY:.+]]: memref<?xf32>, %[[A:.+]]: index, %[[B:.+]]: index)
// CHECK: %[[PRODUCT:.+]] = arith.muli %[[A]], %[[B]]
// CHECK: %[[TWICE:.+]] = arith.muli %[[PRODUCT]], %c2
// CHECK: memref.load %[[MEMORY]][%[[TWICE]]]
func.func @others(%memory: memref<?xf32>, %a: index, %b: index) -> f32 {
  %product = arith.muli %a, %b : index
  %twice = arith.addi %product, %product : index
  %value = memref.load %memory[%twice] : memref<?xf32>
  return %value : f32
}
