// RUN: heddle-opt %s --widen-lanes=cpu=znver4 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: heddle-opt %s --widen-lanes=cpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: heddle-opt %s --widen-lanes=cpu=x86-64 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,SSE2

// One instruction where there is one; the table is there once for each 16 bytes.
// CHECK-LABEL: heddle.kernel @bytes
heddle.kernel @bytes lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xi32>, %y: memref<16xi32>):
  %l = heddle.lane
  %a = memref.load %x[%l] : memref<16xi32>
  // AVX512: dense<[5, 1, 2, 3, {{.*}}, 5, 1, 2, {{.*}}]> : vector<64xi8>
  // AVX512-COUNT-1: "llvm.x86.avx512.pshuf.b.512"
  // AVX2: dense<{{.*}}> : vector<32xi8>
  // AVX2-COUNT-2: "llvm.x86.avx2.pshuf.b"
  // SSE2-NOT: llvm.call_intrinsic
  // SSE2-COUNT-3: arith.ori %{{.*}} : vector<16xi32>
  %d = heddle.choose_bytes %a in [5, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1] : i32
  memref.store %d, %y[%l] : memref<16xi32>
}
