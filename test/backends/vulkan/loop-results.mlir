// RUN: heddle-opt %s --loop-results | FileCheck %s

// The result is stored at the header, where it is the header's argument; also where the loop takes no turn.
// CHECK-LABEL: spirv.func @sum
// CHECK: %[[RESULT:.+]] = spirv.Variable
// CHECK: ^bb1(%{{.+}}: i32, %[[CARRIED:.+]]: f32):
// CHECK-NEXT: spirv.Store "Function" %[[RESULT]], %[[CARRIED]]
// CHECK: ^bb2:
// CHECK: spirv.FAdd
// CHECK-NOT: spirv.Store
// CHECK: spirv.mlir.merge
spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader], []> {
  spirv.func @sum(%count: i32, %step: f32) -> f32 "None" {
    %zero = spirv.Constant 0 : i32
    %one = spirv.Constant 1 : i32
    %nothing = spirv.Constant 0.0 : f32
    %result = spirv.Variable : !spirv.ptr<f32, Function>
    spirv.mlir.loop {
      spirv.Branch ^header(%zero, %nothing : i32, f32)
    ^header(%i: i32, %carried: f32):
      %more = spirv.SLessThan %i, %count : i32
      spirv.BranchConditional %more, ^body, ^merge
    ^body:
      %next = spirv.FAdd %carried, %step : f32
      spirv.Store "Function" %result, %next : f32
      %j = spirv.IAdd %i, %one : i32
      spirv.Branch ^header(%j, %next : i32, f32)
    ^merge:
      spirv.mlir.merge
    }
    %sum = spirv.Load "Function" %result : f32
    spirv.ReturnValue %sum : f32
  }
}
