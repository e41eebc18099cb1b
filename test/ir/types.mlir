// RUN: heddle-opt %s | heddle-opt | FileCheck %s

// CHECK-LABEL: func.func private @none(!heddle.tensor<>)
func.func private @none(!heddle.tensor<>)
// CHECK-LABEL: func.func private @none_of_integers(!heddle.tensor<: i32>)
func.func private @none_of_integers(!heddle.tensor<: i32>)
// CHECK-LABEL: func.func private @sequences(!heddle.tensor<T, S, U>)
func.func private @sequences(!heddle.tensor<T, S, U>)
// The order in which axes are written stays.
// CHECK-LABEL: func.func private @order(!heddle.tensor<hd = 64, T, kv = 3>)
func.func private @order(!heddle.tensor<hd = 64, T, kv = 3>)
// Names that are no words are written as strings, words never.
// CHECK-LABEL: func.func private @names(!heddle.tensor<"hd/2" = 32, _x1 = 4, "2d" = 1>)
func.func private @names(!heddle.tensor<"hd/2" = 32, "_x1" = 4, "2d" = 1>)
// CHECK-LABEL: func.func private @empty_axis(!heddle.tensor<n = 0>)
func.func private @empty_axis(!heddle.tensor<n = 0>)
// float32 goes without saying.
// CHECK-LABEL: func.func private @f32(!heddle.tensor<n = 2>)
func.func private @f32(!heddle.tensor<n = 2 : f32>)
// CHECK-LABEL: func.func private @integers(!heddle.tensor<n = 2 : i32>, !heddle.tensor<n = 2 : i1>)
func.func private @integers(!heddle.tensor<n = 2 : i32>, !heddle.tensor<n = 2 : i1>)
// CHECK-LABEL: func.func private @halves(!heddle.tensor<n = 2 : f16>, !heddle.tensor<n = 2 : bf16>)
func.func private @halves(!heddle.tensor<n = 2 : f16>, !heddle.tensor<n = 2 : bf16>)
// CHECK-LABEL: func.func private @quantised
// CHECK-SAME: (!heddle.tensor<n = 32 : q8_0>, !heddle.tensor<n = 32 : q4_0>, !heddle.tensor<n = 32 : q4_1>, !heddle.tensor<n = 32 : q5_0>, !heddle.tensor<n = 32 : q5_1>)
func.func private @quantised(!heddle.tensor<n = 32 : q8_0>, !heddle.tensor<n = 32 : q4_0>, !heddle.tensor<n = 32 : q4_1>, !heddle.tensor<n = 32 : q5_0>, !heddle.tensor<n = 32 : q5_1>)
