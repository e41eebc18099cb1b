// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu --canonicalize --cse | FileCheck %s
// RUN: heddle-opt %s --synchronize-lanes --kernels-to-gpu=dots --canonicalize --cse | FileCheck %s --check-prefix=DOTS

// Four rows' words: each byte is multiplied in float32 where it is, or all go to the instruction row by row.
// CHECK-LABEL: gpu.module @products
// CHECK-DAG: %[[SIGNS:.+]] = arith.constant dense<8421504> : vector<4xi32>
// CHECK-DAG: %[[SECOND:.+]] = arith.constant dense<65280> : vector<4xi32>
// CHECK-DAG: %[[LESS:.+]] = arith.constant dense<3.276800e+04> : vector<4xf32>
// CHECK-DAG: %[[SHARE:.+]] = arith.constant dense<1.52587891E-5> : vector<4xf32>
// CHECK: %[[WEIGHTS:.+]] = memref.load %{{.+}} : memref<?xvector<4xi32>, #spirv.storage_class<StorageBuffer>>
// CHECK: %[[WORDS:.+]] = vector.broadcast %{{.+}} : i32 to vector<4xi32>
// CHECK: %[[RAISED:.+]] = arith.xori %[[WORDS]], %[[SIGNS]]
// CHECK: %[[CODE:.+]] = arith.andi %[[WEIGHTS]], %[[SECOND]]
// CHECK: %[[LEFT:.+]] = arith.sitofp %[[CODE]]
// CHECK: %[[BYTE:.+]] = arith.andi %[[RAISED]], %[[SECOND]]
// CHECK: %[[NUMBER:.+]] = arith.sitofp %[[BYTE]]
// CHECK: %[[RIGHT:.+]] = arith.subf %[[NUMBER]], %[[LESS]]
// CHECK: %[[PART:.+]] = arith.mulf %[[RIGHT]], %[[SHARE]]
// CHECK: math.fma %[[LEFT]], %[[PART]], %{{.+}}
// CHECK: %[[SUM:.+]] = arith.fptosi
// CHECK: arith.addi %[[WEIGHTS]], %[[SUM]] : vector<4xi32>
// The highest byte of those that may be 128 and more.
// CHECK: arith.uitofp

// DOTS-LABEL: gpu.module @products
// DOTS-COUNT-4: spirv.SDot %{{.+}}, %{{.+}}, <PackedVectorFormat4x8Bit> : i32 -> i32
// DOTS: %[[ROWS:.+]] = vector.from_elements
// DOTS: arith.addi %{{.+}}, %[[ROWS]] : vector<4xi32>
// DOTS: %[[CODE:.+]] = memref.load %{{.+}} : memref<?xi32, #spirv.storage_class<StorageBuffer>>
// DOTS: %[[ONE:.+]] = spirv.SUDot %[[WORD:.+]], %[[CODE]], <PackedVectorFormat4x8Bit> : i32 -> i32
// DOTS: arith.addi %[[WORD]], %[[ONE]] : i32
heddle.kernel @products lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%weights: memref<64xi32>, %x: memref<16xi32>, %y: memref<64xi32>, %u: memref<16xi32>, %z: memref<16xi32>):
  %lane = heddle.lane
  %c4 = arith.constant 4 : index
  %first = arith.muli %lane, %c4 : index
  %codes = vector.load %weights[%first] : memref<64xi32>, vector<4xi32>
  %word = memref.load %x[%lane] : memref<16xi32>
  %words = vector.broadcast %word : i32 to vector<4xi32>
  %sum = heddle.dot4 narrow %codes, %codes, %words : vector<4xi32>
  vector.store %sum, %y[%first] : memref<64xi32>, vector<4xi32>
  %code = memref.load %u[%lane] : memref<16xi32>
  %one = heddle.dot4 %word, %code, %word : i32
  memref.store %one, %z[%lane] : memref<16xi32>
} {heddle.spaces = ["weights", "arena", "arena", "arena", "arena"]}

// Each byte chooses a word of the table, and a byte in it.
// CHECK-LABEL: gpu.module @table
// CHECK: %[[WORD:.+]] = memref.load %{{.+}} : memref<?xi32, #spirv.storage_class<StorageBuffer>>
// CHECK: %[[LAST:.+]] = arith.shrui %[[WORD]], %c24_i32
// CHECK: %[[BIT:.+]] = arith.andi %[[LAST]], %c4_i32
// CHECK: %[[FOURTH:.+]] = arith.cmpi ne, %[[BIT]], %c0_i32
// CHECK: %[[LOW:.+]] = arith.select %[[FOURTH]], %c117835012_i32, %c50462976_i32
// CHECK: %[[HIGH:.+]] = arith.select %[[FOURTH]], %c-250737396_i32, %c185207048_i32
// CHECK: %[[BYTES:.+]] = arith.select %{{.+}}, %[[HIGH]], %[[LOW]]
// CHECK: arith.shrui %[[BYTES]], %{{.+}}
// CHECK-NOT: heddle.choose_bytes
heddle.kernel @table lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xi32>):
  %lane = heddle.lane
  %a = memref.load %x[%lane] : memref<16xi32>
  %b = heddle.choose_bytes %a in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -15] : i32
  memref.store %b, %x[%lane] : memref<16xi32>
} {heddle.spaces = ["arena"]}
