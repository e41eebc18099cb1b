// RUN: heddle-opt %s --unpack-halves | FileCheck %s

// CHECK-LABEL: func @halves
// CHECK-SAME: (%[[WORD:.+]]: i32)
// CHECK: %[[PAIR:.+]] = spirv.GL.UnpackHalf2x16 %[[WORD]]
// CHECK: vector.extract %{{.+}}[0]
// CHECK: spirv.GL.UnpackHalf2x16 %[[WORD]]
// CHECK: vector.extract %{{.+}}[1]
func.func @halves(%word: i32) -> (f32, f32) {
  %c16 = arith.constant 16 : i32
  %low = arith.trunci %word : i32 to i16
  %lowHalf = arith.bitcast %low : i16 to f16
  %a = arith.extf %lowHalf : f16 to f32
  %upper = arith.shrui %word, %c16 : i32
  %high = arith.trunci %upper : i32 to i16
  %highHalf = arith.bitcast %high : i16 to f16
  %b = arith.extf %highHalf : f16 to f32
  return %a, %b : f32, f32
}

// CHECK-LABEL: func @fourHalves
// CHECK-SAME: (%[[WORDS:.+]]: vector<4xi32>)
// CHECK: %[[FIRST:.+]] = vector.extract %[[WORDS]][0]
// CHECK: %[[PAIR:.+]] = spirv.GL.UnpackHalf2x16 %[[FIRST]]
// CHECK: vector.extract %[[PAIR]][1]
// CHECK-COUNT-3: spirv.GL.UnpackHalf2x16
// CHECK: vector.from_elements
func.func @fourHalves(%words: vector<4xi32>) -> vector<4xf32> {
  %c16 = arith.constant dense<16> : vector<4xi32>
  %upper = arith.shrui %words, %c16 : vector<4xi32>
  %high = arith.trunci %upper : vector<4xi32> to vector<4xi16>
  %halves = arith.bitcast %high : vector<4xi16> to vector<4xf16>
  %a = arith.extf %halves : vector<4xf16> to vector<4xf32>
  return %a : vector<4xf32>
}
