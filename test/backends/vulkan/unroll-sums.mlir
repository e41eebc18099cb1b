// RUN: heddle-opt %s --unroll-sums --canonicalize | FileCheck %s

// CHECK-LABEL: func @short
// CHECK-SAME: (%[[MEMORY:.+]]: memref<?xf32>, %[[START:.+]]: f32)
// CHECK-NOT: scf.for
// CHECK: %[[A:.+]] = memref.load %[[MEMORY]][%c1]
// CHECK-NEXT: %[[SUM:.+]] = arith.addf %[[START]], %[[A]]
// CHECK-NEXT: %[[B:.+]] = memref.load %[[MEMORY]][%c4]
// CHECK-NEXT: %[[NEXT:.+]] = arith.addf %[[SUM]], %[[B]]
// CHECK-NEXT: %[[C:.+]] = memref.load %[[MEMORY]][%c7]
// CHECK-NEXT: %[[TOTAL:.+]] = arith.addf %[[NEXT]], %[[C]]
// CHECK-NEXT: return %[[TOTAL]]
func.func @short(%memory: memref<?xf32>, %start: f32) -> f32 {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c10 = arith.constant 10 : index
  %sum = scf.for %i = %c1 to %c10 step %c3 iter_args(%carried = %start) -> f32 {
    %value = memref.load %memory[%i] : memref<?xf32>
    %next = arith.addf %carried, %value : f32
    scf.yield %next : f32
  }
  return %sum : f32
}

// Five turns, a number of turns that is not known, or nothing carried: left as they are.
// CHECK-LABEL: func @left
// CHECK: scf.for %{{.+}} = %c0 to %c5
// CHECK: scf.for %{{.+}} = %c0 to %{{.+}} step
// CHECK: scf.for %{{.+}} = %c0 to %c4
func.func @left(%memory: memref<?xf32>, %count: index, %start: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %first = scf.for %i = %c0 to %c5 step %c1 iter_args(%carried = %start) -> f32 {
    %value = memref.load %memory[%i] : memref<?xf32>
    %next = arith.addf %carried, %value : f32
    scf.yield %next : f32
  }
  %second = scf.for %i = %c0 to %count step %c1 iter_args(%carried = %first) -> f32 {
    %value = memref.load %memory[%i] : memref<?xf32>
    %next = arith.addf %carried, %value : f32
    scf.yield %next : f32
  }
  scf.for %i = %c0 to %c4 step %c1 {
    memref.store %second, %memory[%i] : memref<?xf32>
  }
  return %second : f32
}

// Of nested loops the innermost alone.
// CHECK-LABEL: func @nested
// CHECK: scf.for %{{.+}} = %c0 to %c4
// CHECK-NOT: scf.for
// CHECK-COUNT-4: memref.load
// CHECK-NOT: memref.load
// CHECK: return
func.func @nested(%memory: memref<?x?xf32>, %start: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%outer = %start) -> f32 {
    %inner = scf.for %j = %c0 to %c4 step %c1 iter_args(%carried = %outer) -> f32 {
      %value = memref.load %memory[%i, %j] : memref<?x?xf32>
      %next = arith.addf %carried, %value : f32
      scf.yield %next : f32
    }
    scf.yield %inner : f32
  }
  return %sum : f32
}

// Too much code: four turns of 129 operations.
// CHECK-LABEL: func @large
// CHECK: scf.for
func.func @large(%start: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%a0 = %start) -> f32 {
    %a1 = arith.addf %a0, %start : f32
    %a2 = arith.addf %a1, %start : f32
    %a3 = arith.addf %a2, %start : f32
    %a4 = arith.addf %a3, %start : f32
    %a5 = arith.addf %a4, %start : f32
    %a6 = arith.addf %a5, %start : f32
    %a7 = arith.addf %a6, %start : f32
    %a8 = arith.addf %a7, %start : f32
    %a9 = arith.addf %a8, %start : f32
    %a10 = arith.addf %a9, %start : f32
    %a11 = arith.addf %a10, %start : f32
    %a12 = arith.addf %a11, %start : f32
    %a13 = arith.addf %a12, %start : f32
    %a14 = arith.addf %a13, %start : f32
    %a15 = arith.addf %a14, %start : f32
    %a16 = arith.addf %a15, %start : f32
    %a17 = arith.addf %a16, %start : f32
    %a18 = arith.addf %a17, %start : f32
    %a19 = arith.addf %a18, %start : f32
    %a20 = arith.addf %a19, %start : f32
    %a21 = arith.addf %a20, %start : f32
    %a22 = arith.addf %a21, %start : f32
    %a23 = arith.addf %a22, %start : f32
    %a24 = arith.addf %a23, %start : f32
    %a25 = arith.addf %a24, %start : f32
    %a26 = arith.addf %a25, %start : f32
    %a27 = arith.addf %a26, %start : f32
    %a28 = arith.addf %a27, %start : f32
    %a29 = arith.addf %a28, %start : f32
    %a30 = arith.addf %a29, %start : f32
    %a31 = arith.addf %a30, %start : f32
    %a32 = arith.addf %a31, %start : f32
    %a33 = arith.addf %a32, %start : f32
    %a34 = arith.addf %a33, %start : f32
    %a35 = arith.addf %a34, %start : f32
    %a36 = arith.addf %a35, %start : f32
    %a37 = arith.addf %a36, %start : f32
    %a38 = arith.addf %a37, %start : f32
    %a39 = arith.addf %a38, %start : f32
    %a40 = arith.addf %a39, %start : f32
    %a41 = arith.addf %a40, %start : f32
    %a42 = arith.addf %a41, %start : f32
    %a43 = arith.addf %a42, %start : f32
    %a44 = arith.addf %a43, %start : f32
    %a45 = arith.addf %a44, %start : f32
    %a46 = arith.addf %a45, %start : f32
    %a47 = arith.addf %a46, %start : f32
    %a48 = arith.addf %a47, %start : f32
    %a49 = arith.addf %a48, %start : f32
    %a50 = arith.addf %a49, %start : f32
    %a51 = arith.addf %a50, %start : f32
    %a52 = arith.addf %a51, %start : f32
    %a53 = arith.addf %a52, %start : f32
    %a54 = arith.addf %a53, %start : f32
    %a55 = arith.addf %a54, %start : f32
    %a56 = arith.addf %a55, %start : f32
    %a57 = arith.addf %a56, %start : f32
    %a58 = arith.addf %a57, %start : f32
    %a59 = arith.addf %a58, %start : f32
    %a60 = arith.addf %a59, %start : f32
    %a61 = arith.addf %a60, %start : f32
    %a62 = arith.addf %a61, %start : f32
    %a63 = arith.addf %a62, %start : f32
    %a64 = arith.addf %a63, %start : f32
    %a65 = arith.addf %a64, %start : f32
    %a66 = arith.addf %a65, %start : f32
    %a67 = arith.addf %a66, %start : f32
    %a68 = arith.addf %a67, %start : f32
    %a69 = arith.addf %a68, %start : f32
    %a70 = arith.addf %a69, %start : f32
    %a71 = arith.addf %a70, %start : f32
    %a72 = arith.addf %a71, %start : f32
    %a73 = arith.addf %a72, %start : f32
    %a74 = arith.addf %a73, %start : f32
    %a75 = arith.addf %a74, %start : f32
    %a76 = arith.addf %a75, %start : f32
    %a77 = arith.addf %a76, %start : f32
    %a78 = arith.addf %a77, %start : f32
    %a79 = arith.addf %a78, %start : f32
    %a80 = arith.addf %a79, %start : f32
    %a81 = arith.addf %a80, %start : f32
    %a82 = arith.addf %a81, %start : f32
    %a83 = arith.addf %a82, %start : f32
    %a84 = arith.addf %a83, %start : f32
    %a85 = arith.addf %a84, %start : f32
    %a86 = arith.addf %a85, %start : f32
    %a87 = arith.addf %a86, %start : f32
    %a88 = arith.addf %a87, %start : f32
    %a89 = arith.addf %a88, %start : f32
    %a90 = arith.addf %a89, %start : f32
    %a91 = arith.addf %a90, %start : f32
    %a92 = arith.addf %a91, %start : f32
    %a93 = arith.addf %a92, %start : f32
    %a94 = arith.addf %a93, %start : f32
    %a95 = arith.addf %a94, %start : f32
    %a96 = arith.addf %a95, %start : f32
    %a97 = arith.addf %a96, %start : f32
    %a98 = arith.addf %a97, %start : f32
    %a99 = arith.addf %a98, %start : f32
    %a100 = arith.addf %a99, %start : f32
    %a101 = arith.addf %a100, %start : f32
    %a102 = arith.addf %a101, %start : f32
    %a103 = arith.addf %a102, %start : f32
    %a104 = arith.addf %a103, %start : f32
    %a105 = arith.addf %a104, %start : f32
    %a106 = arith.addf %a105, %start : f32
    %a107 = arith.addf %a106, %start : f32
    %a108 = arith.addf %a107, %start : f32
    %a109 = arith.addf %a108, %start : f32
    %a110 = arith.addf %a109, %start : f32
    %a111 = arith.addf %a110, %start : f32
    %a112 = arith.addf %a111, %start : f32
    %a113 = arith.addf %a112, %start : f32
    %a114 = arith.addf %a113, %start : f32
    %a115 = arith.addf %a114, %start : f32
    %a116 = arith.addf %a115, %start : f32
    %a117 = arith.addf %a116, %start : f32
    %a118 = arith.addf %a117, %start : f32
    %a119 = arith.addf %a118, %start : f32
    %a120 = arith.addf %a119, %start : f32
    %a121 = arith.addf %a120, %start : f32
    %a122 = arith.addf %a121, %start : f32
    %a123 = arith.addf %a122, %start : f32
    %a124 = arith.addf %a123, %start : f32
    %a125 = arith.addf %a124, %start : f32
    %a126 = arith.addf %a125, %start : f32
    %a127 = arith.addf %a126, %start : f32
    %a128 = arith.addf %a127, %start : f32
    scf.yield %a128 : f32
  }
  return %sum : f32
}
