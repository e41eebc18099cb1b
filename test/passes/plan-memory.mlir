// RUN: heddle-opt %s --plan-memory | FileCheck %s

heddle.kernel @copy lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T"] {
^bb0(%a: memref<?x8xf32>, %b: memref<?x8xf32>):
}
heddle.kernel @more lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T"] {
^bb0(%a: memref<?x8xf32>, %b: memref<?x16xf32>):
}
heddle.kernel @add lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T", "T"] {
^bb0(%a: memref<?x8xf32>, %b: memref<?x8xf32>, %c: memref<?x8xf32>):
}

// The third buffer takes the first's place; the second still lives when the third is written, so they are apart.
// CHECK-LABEL: heddle.layer @chain
// CHECK: %[[A:.*]] = heddle.buffer dims ["T"] slot 0
// CHECK: %[[B:.*]] = heddle.buffer dims ["T"] slot 1
// CHECK: %[[C:.*]] = heddle.buffer dims ["T"] slot 0
// CHECK: heddle.launch @copy(%[[A]], %[[B]])
// CHECK: heddle.launch @copy(%[[B]], %[[C]])
heddle.layer @chain(%x: memref<?x8xf32>, %y: memref<?x8xf32>) attributes {kind = "block"} {
  %a = heddle.buffer dims ["T"] : memref<?x8xf32>
  %b = heddle.buffer dims ["T"] : memref<?x8xf32>
  %c = heddle.buffer dims ["T"] : memref<?x8xf32>
  heddle.launch @copy(%x, %a) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @copy(%a, %b) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @copy(%b, %c) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @copy(%c, %y) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.return
}

// The first lives to the end: nobody takes its slot.
// CHECK-LABEL: heddle.layer @residual
// CHECK: %[[A:.*]] = heddle.buffer dims ["T"] slot 0
// CHECK: %[[B:.*]] = heddle.buffer dims ["T"] slot 1
// CHECK: %[[C:.*]] = heddle.buffer dims ["T"] slot 2
// CHECK: heddle.launch @add(%[[A]], %[[C]], %arg1)
heddle.layer @residual(%x: memref<?x8xf32>, %y: memref<?x8xf32>) attributes {kind = "block"} {
  %a = heddle.buffer dims ["T"] : memref<?x8xf32>
  %b = heddle.buffer dims ["T"] : memref<?x8xf32>
  %c = heddle.buffer dims ["T"] : memref<?x8xf32>
  heddle.launch @copy(%x, %a) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @copy(%a, %b) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @copy(%b, %c) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @add(%a, %c, %y) writes [2] : memref<?x8xf32>, memref<?x8xf32>, memref<?x8xf32>
  heddle.return
}

// Buffers of another size, or of an equal one along another sequence, have slots of their own. The order of the fixed
// dimensions does not matter. What nobody uses is gone. Each function counts anew.
// CHECK-LABEL: heddle.layer @sizes
// CHECK-NOT: slot 3
// CHECK-NOT: memref<?x99xf32>
// CHECK: heddle.buffer dims ["T"] slot 0 : memref<?x8xf32>
// CHECK: heddle.buffer dims ["T"] slot 1 : memref<?x16xf32>
// CHECK: heddle.buffer dims ["S"] slot 2 : memref<?x8xf32>
// CHECK: heddle.buffer dims ["T"] slot 0 : memref<4x?x2xf32>
// CHECK-NOT: heddle.buffer
// CHECK: heddle.return
heddle.layer @sizes(%x: memref<?x8xf32>) attributes {kind = "block"} {
  %a = heddle.buffer dims ["T"] : memref<?x8xf32>
  %b = heddle.buffer dims ["T"] : memref<?x16xf32>
  %s = heddle.buffer dims ["S"] : memref<?x8xf32>
  %c = heddle.buffer dims ["T"] : memref<4x?x2xf32>
  %unused = heddle.buffer dims ["T"] : memref<?x99xf32>
  heddle.launch @copy(%x, %a) writes [1] : memref<?x8xf32>, memref<?x8xf32>
  heddle.launch @more(%a, %b) writes [1] : memref<?x8xf32>, memref<?x16xf32>
  heddle.tap "s" %s : memref<?x8xf32>
  heddle.tap "c" %c : memref<4x?x2xf32>
  heddle.return
}
