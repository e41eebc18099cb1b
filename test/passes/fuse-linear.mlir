// RUN: heddle-opt %s --fuse-linear | FileCheck %s

!x = !heddle.tensor<T, d = 8>
!f = !heddle.tensor<T, ffn = 16>
!w = !heddle.tensor<ffn = 16, d = 8 : q8_0>
!h = !heddle.tensor<T, hd = 4>
!wh = !heddle.tensor<hd = 4, d = 8>
!bh = !heddle.tensor<hd = 4>

// Alone: the vector is handed on, the sum is the result.
// CHECK-LABEL: @alone
// CHECK: %[[W:.*]] = heddle.weight "w"
// CHECK: %[[Y:.*]] = heddle.linear(%arg0) weights(%[[W]]) extras() over ["d"] prologue {
// CHECK-NEXT: ^bb0(%[[H:.*]]: !heddle.tensor<d = 8>):
// CHECK-NEXT:   heddle.yield %[[H]]
// CHECK-NEXT: } epilogue {
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32):
// CHECK-NEXT:   heddle.yield %[[A]] : f32
// CHECK: return %[[Y]]
func.func @alone(%x: !x) -> !f {
  %w = heddle.weight "w" : !w
  %y = heddle.contract %x, %w over ["d"] : (!x, !w) -> !f
  return %y : !f
}

// Gate and up meet in one map.
// CHECK-LABEL: @gated
// CHECK: heddle.linear(%arg0) weights(%{{.*}}, %{{.*}}) extras() over ["d"]
// CHECK: ^bb0(%[[G:.*]]: f32, %[[U:.*]]: f32):
// CHECK:   %[[E:.*]] = math.exp %[[G]]
// CHECK:   %[[R:.*]] = arith.mulf %[[E]], %[[U]]
// CHECK:   heddle.yield %[[R]]
// CHECK-NOT: heddle.map
// CHECK: return
func.func @gated(%x: !x) -> !f {
  %wg = heddle.weight "gate" : !w
  %wu = heddle.weight "up" : !w
  %g = heddle.contract %wg, %x over ["d"] : (!w, !x) -> !f
  %u = heddle.contract %wu, %x over ["d"] : (!w, !x) -> !f
  %y = heddle.map(%g, %u) { ^bb0(%a: f32, %b: f32): %e = math.exp %a : f32 %0 = arith.mulf %e, %b : f32 heddle.yield %0 : f32 } : (!f, !f) -> !f
  return %y : !f
}

// Rotary halves, each with its bias: two weights, two results. What the bias is added in is reached through the other half.
// CHECK-LABEL: @rotary
// CHECK: %[[Y:.*]]:2 = heddle.linear(%arg0) weights(%{{.*}}, %{{.*}}) extras(%[[B1:.*]], %[[B2:.*]], %arg1) over ["d"]
// CHECK:   heddle.yield %{{.*}}, %{{.*}} : f32, f32
// CHECK-NOT: heddle.map
// CHECK-NOT: heddle.linear
// CHECK: return %[[Y]]#0, %[[Y]]#1
func.func @rotary(%x: !x, %cos: !h) -> (!h, !h) {
  %w1 = heddle.weight "w1" : !wh
  %w2 = heddle.weight "w2" : !wh
  %b1 = heddle.weight "b1" : !bh
  %b2 = heddle.weight "b2" : !bh
  %c1 = heddle.contract %w1, %x over ["d"] : (!wh, !x) -> !h
  %q1 = heddle.map(%c1, %b1) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!h, !bh) -> !h
  %c2 = heddle.contract %w2, %x over ["d"] : (!wh, !x) -> !h
  %q2 = heddle.map(%c2, %b2) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!h, !bh) -> !h
  %y1 = heddle.map(%q1, %q2, %cos) { ^bb0(%a: f32, %b: f32, %c: f32): %0 = arith.mulf %a, %c : f32 %1 = arith.subf %0, %b : f32 heddle.yield %1 : f32 } : (!h, !h, !h) -> !h
  %y2 = heddle.map(%q2, %q1, %cos) { ^bb0(%a: f32, %b: f32, %c: f32): %0 = arith.mulf %a, %c : f32 %1 = arith.addf %0, %b : f32 heddle.yield %1 : f32 } : (!h, !h, !h) -> !h
  return %y1, %y2 : !h, !h
}

// The residual is an extra; a value that is read again is a result, but no map that reads a reduction of it joins.
// CHECK-LABEL: @residual
// CHECK: %[[Y:.*]] = heddle.linear(%arg0) weights(%{{.*}}) extras(%arg1) over ["ffn"]
// CHECK: %[[R:.*]] = heddle.reduce max %[[Y]]
// CHECK: heddle.map(%[[Y]], %[[R]])
func.func @residual(%z: !f, %x: !x) -> !x {
  %w = heddle.weight "down" : !heddle.tensor<d = 8, ffn = 16 : q4_1>
  %c = heddle.contract %w, %z over ["ffn"] : (!heddle.tensor<d = 8, ffn = 16 : q4_1>, !f) -> !x
  %y = heddle.map(%c, %x) { ^bb0(%a: f32, %b: f32): %0 = arith.addf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !x) -> !x
  %r = heddle.reduce max %y over ["d"] : (!x) -> !heddle.tensor<T>
  %n = heddle.map(%y, %r) { ^bb0(%a: f32, %b: f32): %0 = arith.subf %a, %b : f32 heddle.yield %0 : f32 } : (!x, !heddle.tensor<T>) -> !x
  return %n : !x
}

// Without T, for one row: the same.
// CHECK-LABEL: @row
// CHECK: heddle.linear(%arg0) weights({{.*}}) extras() over ["d"]
// CHECK: -> !heddle.tensor<ffn = 16>
func.func @row(%x: !heddle.tensor<d = 8>) -> !heddle.tensor<ffn = 16> {
  %w = heddle.weight "w" : !w
  %y = heddle.contract %w, %x over ["d"] : (!w, !heddle.tensor<d = 8>) -> !heddle.tensor<ffn = 16>
  return %y : !heddle.tensor<ffn = 16>
}

// The second accumulator's extra comes later than the first's reader: the order is restored.
// CHECK-LABEL: @order
// CHECK: %[[L:.*]] = heddle.map(%arg1)
// CHECK: %[[Y:.*]]:2 = heddle.linear(%arg0) weights(%{{.*}}) extras(%[[L]])
// CHECK: heddle.reduce max %[[Y]]#0
func.func @order(%x: !x, %z: !f) -> (!heddle.tensor<T>, !f) {
  %w = heddle.weight "w" : !w
  %c = heddle.contract %w, %x over ["d"] : (!w, !x) -> !f
  %a = heddle.map(%c) { ^bb0(%p: f32): %0 = math.exp %p : f32 heddle.yield %0 : f32 } : (!f) -> !f
  %m = heddle.reduce max %a over ["ffn"] : (!f) -> !heddle.tensor<T>
  %l = heddle.map(%z) { ^bb0(%p: f32): %0 = math.sin %p : f32 heddle.yield %0 : f32 } : (!f) -> !f
  %b = heddle.map(%c, %l) { ^bb0(%p: f32, %q: f32): %0 = arith.mulf %p, %q : f32 heddle.yield %0 : f32 } : (!f, !f) -> !f
  return %m, %b : !heddle.tensor<T>, !f
}

// A matrix and a vector for each head, as absorbed products have them; vectors of all that is remembered, too.
// CHECK-LABEL: @each_head
// CHECK: heddle.linear(%arg0) weights(%{{.*}}) extras() over ["nope"] each "heads" prologue {
// CHECK-NEXT: ^bb0(%{{.*}}: !heddle.tensor<nope = 4>):
// CHECK: -> !heddle.tensor<T, heads = 3, r = 8>
// CHECK: heddle.linear(%arg1) weights(%{{.*}}) extras() over ["r"] prologue {
// CHECK: -> !heddle.tensor<S, heads = 3, nope = 4>
!wheads = !heddle.tensor<heads = 3, nope = 4, r = 8>
func.func @each_head(%q: !heddle.tensor<T, heads = 3, nope = 4>, %c: !heddle.tensor<S, r = 8>) -> (!heddle.tensor<T, heads = 3, r = 8>, !heddle.tensor<S, heads = 3, nope = 4>) {
  %w = heddle.weight "wk" : !wheads
  %y = heddle.contract %w, %q over ["nope"] : (!wheads, !heddle.tensor<T, heads = 3, nope = 4>) -> !heddle.tensor<T, heads = 3, r = 8>
  %k = heddle.contract %w, %c over ["r"] : (!wheads, !heddle.tensor<S, r = 8>) -> !heddle.tensor<S, heads = 3, nope = 4>
  return %y, %k : !heddle.tensor<T, heads = 3, r = 8>, !heddle.tensor<S, heads = 3, nope = 4>
}

// A token's experts: the look-up of both weights becomes the linear's choice; what follows it has the choice's axes.
// CHECK-LABEL: @experts
// CHECK-NOT: heddle.lookup
// CHECK: %[[Z:.*]] = heddle.linear(%arg0) weights(%[[G:.*]], %[[U:.*]]) extras() over ["d"] choosing "E" = %arg1 prologue {
// CHECK-NEXT: ^bb0(%{{.*}}: !heddle.tensor<d = 8>):
// CHECK: -> !heddle.tensor<T, K = 2, ffn = 16>
// CHECK: heddle.linear(%[[Z]]) weights(%{{.*}}) extras() over ["ffn"] choosing "E" = %arg1 prologue {
// CHECK-NEXT: ^bb0(%{{.*}}: !heddle.tensor<ffn = 16>):
// CHECK: -> !heddle.tensor<T, K = 2, d = 8>
!e = !heddle.tensor<T, K = 2 : i32>
!we = !heddle.tensor<E = 5, ffn = 16, d = 8 : q8_0>
!wk = !heddle.tensor<T, K = 2, ffn = 16, d = 8>
!fk = !heddle.tensor<T, K = 2, ffn = 16>
func.func @experts(%x: !x, %e: !e) -> !heddle.tensor<T, K = 2, d = 8> {
  %g = heddle.weight "g" : !we
  %u = heddle.weight "u" : !we
  %d = heddle.weight "down" : !we
  %ge = heddle.lookup %g ["E"] = (%e) : (!we, !e) -> !wk
  %ue = heddle.lookup %u ["E"] = (%e) : (!we, !e) -> !wk
  %de = heddle.lookup %d ["E"] = (%e) : (!we, !e) -> !wk
  %a = heddle.contract %ge, %x over ["d"] : (!wk, !x) -> !fk
  %b = heddle.contract %ue, %x over ["d"] : (!wk, !x) -> !fk
  %z = heddle.map(%a, %b) { ^bb0(%p: f32, %q: f32): %0 = arith.mulf %p, %q : f32 heddle.yield %0 : f32 } : (!fk, !fk) -> !fk
  %y = heddle.contract %de, %z over ["ffn"] : (!wk, !fk) -> !heddle.tensor<T, K = 2, d = 8>
  return %y : !heddle.tensor<T, K = 2, d = 8>
}
