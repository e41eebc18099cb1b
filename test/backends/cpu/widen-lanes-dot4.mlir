// RUN: heddle-opt %s --widen-lanes=cpu=znver4 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: heddle-opt %s --widen-lanes=cpu=alderlake --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVXVNNI
// RUN: heddle-opt %s --widen-lanes=cpu=skylake-avx512 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: heddle-opt %s --widen-lanes=cpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: heddle-opt %s --widen-lanes=cpu=x86-64 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,SSE2

// One instruction where there is one, else every other byte as int16, in two products of pairs; always the same numbers.
// CHECK-LABEL: heddle.kernel @dot4
heddle.kernel @dot4 lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xi32>, %u: memref<1xi32>, %y: memref<16xi32>):
  %c0 = arith.constant 0 : index
  %l = heddle.lane
  %a = memref.load %x[%l] : memref<16xi32>
  %b = memref.load %u[%c0] : memref<1xi32>
  // VNNI-COUNT-1: "llvm.x86.avx512.vpdpbusd.512"
  // AVXVNNI-COUNT-2: "llvm.x86.avx512.vpdpbusd.256"
  // AVX512: %[[EVEN:.*]] = arith.andi %[[LEFT:.*]], %{{.*}} : vector<32xi16>
  // AVX512: %[[TOP:.*]] = arith.shli %[[RIGHT:.*]], %{{.*}} : vector<32xi16>
  // AVX512: %[[SIGNED:.*]] = arith.shrsi %[[TOP]]
  // AVX512: "llvm.x86.avx512.pmaddw.d.512"(%[[EVEN]], %[[SIGNED]])
  // AVX512: arith.addi %{{.*}} : vector<16xi32>
  // AVX512: %[[ODD:.*]] = arith.shrui %[[LEFT]]
  // AVX512: %[[OTHER:.*]] = arith.shrsi %[[RIGHT]]
  // AVX512: "llvm.x86.avx512.pmaddw.d.512"(%[[ODD]], %[[OTHER]])
  // AVX2-COUNT-4: "llvm.x86.avx2.pmadd.wd"
  // SSE2-COUNT-8: "llvm.x86.sse2.pmadd.wd"
  %d = heddle.dot4 %a, %a, %b : i32
  memref.store %d, %y[%l] : memref<16xi32>
}

// CHECK-LABEL: heddle.kernel @uniform
heddle.kernel @uniform lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%u: memref<1xi32>, %y: memref<1xi32>):
  %c0 = arith.constant 0 : index
  %b = memref.load %u[%c0] : memref<1xi32>
  // CHECK-NOT: vector
  // CHECK: arith.muli %{{.*}} : i32
  %d = heddle.dot4 %b, %b, %b : i32
  memref.store %d, %y[%c0] : memref<1xi32>
}
