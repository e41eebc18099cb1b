// RUN: heddle-opt %s --assign-spaces | FileCheck %s

// A kernel that is launched on other spaces, too, is copied.
// CHECK: heddle.kernel @copy lanes
// CHECK: heddle.spaces = ["arena", "arena"]
// CHECK: heddle.kernel @copy.arena.cache
// CHECK: heddle.spaces = ["arena", "cache"]
heddle.kernel @copy lanes 16 grid [array<i64: 0, 1, 1>] dims [] {
^bb0(%x: memref<16xf32>, %y: memref<16xf32>):
  %lane = heddle.lane
  %a = memref.load %x[%lane] : memref<16xf32>
  memref.store %a, %y[%lane] : memref<16xf32>
}
// CHECK: heddle.entry @forward
// CHECK: heddle.launch @copy(
// CHECK: heddle.launch @copy.arena.cache(
heddle.entry @forward(%x: memref<16xf32>, %y: memref<16xf32>) attributes {defaults = [unit], extents = array<i64: 0>, input_names = ["x"], output_names = ["y"]} {
  %keys = heddle.cache "keys" dims [] : memref<16xf32>
  heddle.launch @copy(%x, %y) writes [1] : memref<16xf32>, memref<16xf32>
  heddle.launch @copy(%x, %keys) writes [1] : memref<16xf32>, memref<16xf32>
  heddle.return
}
