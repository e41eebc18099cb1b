// RUN: heddle-opt %s --assign-layouts=plain=true --make-kernels=plain=true --canonicalize --cse | FileCheck %s

// A tap is copied to the runtime's order. Lanes then run along an axis that is strided where it is read: those beyond
// its end read its last element.
// CHECK-LABEL: heddle.layer @tapped
// CHECK: %[[TAP:.*]] = heddle.buffer {{.*}} : memref<?x3xf32>
// CHECK: heddle.launch @tapped.map.2({{.*}}, %[[TAP]])
// CHECK: heddle.tap "y" %[[TAP]] {axes = ["T", "c"]}
heddle.layer @tapped(%x: !heddle.tensor<T, c = 3>) -> !heddle.tensor<T, c = 3> attributes {kind = "block"} {
  %y = heddle.map(%x) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!heddle.tensor<T, c = 3>) -> !heddle.tensor<T, c = 3>
  heddle.tap "y" %y : !heddle.tensor<T, c = 3>
  heddle.return %y : !heddle.tensor<T, c = 3>
}
// CHECK: heddle.kernel @tapped.map.2
// CHECK: %[[WITHIN:.*]] = arith.cmpi ult, %[[LANE:.*]], %c3
// CHECK: %[[LAST:.*]] = arith.minui %[[LANE]], %c2
// CHECK: memref.load %{{.*}}[%[[LAST]], %{{.*}}] : memref<3x?xf32>
// CHECK: heddle.store_where %[[WITHIN]], {{.*}}[%{{.*}}, %[[LANE]]]
