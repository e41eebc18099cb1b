// RUN: heddle-opt %s --bound-keys | FileCheck %s

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
!t = !heddle.tensor<T : i32>
!u = !heddle.tensor<S : i32>

// A token sees itself and what came before.
// CHECK-LABEL: @causal
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_to = 0 : i64}
func.func @causal(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %c = arith.cmpi sle, %j, %p : i32
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// And at most four of these, itself among them.
// CHECK-LABEL: @window
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_from = -3 : i64, visits_to = 0 : i64}
func.func @window(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %n = arith.constant 4 : i32
    %a = arith.cmpi sle, %j, %p : i32
    %w = arith.subi %p, %n : i32
    %b = arith.cmpi sgt, %j, %w : i32
    %c = arith.andi %a, %b : i1
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// Three to each side.
// CHECK-LABEL: @near
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_from = -3 : i64, visits_to = 3 : i64}
func.func @near(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %n = arith.constant 3 : i32
    %d = arith.subi %j, %p : i32
    %a = math.absi %d : i32
    %c = arith.cmpi sle, %a, %n : i32
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// The same chunk of eight: seven to each side at most.
// CHECK-LABEL: @chunk
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_from = -7 : i64, visits_to = 7 : i64}
func.func @chunk(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %ct = heddle.map(%t) { ^bb0(%x: i32): %n = arith.constant 8 : i32 %0 = arith.floordivsi %x, %n : i32 heddle.yield %0 : i32 } : (!t) -> !t
  %cu = heddle.map(%u) { ^bb0(%x: i32): %n = arith.constant 8 : i32 %0 = arith.floordivsi %x, %n : i32 heddle.yield %0 : i32 } : (!u) -> !u
  %o = heddle.attention(%q), (%k), %k extras(%ct, %cu) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %c = arith.cmpi eq, %p, %j : i32
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// Masks within masks, one of them by addition, one by `not`.
// CHECK-LABEL: @nested
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_from = -2 : i64, visits_to = 0 : i64}
func.func @nested(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %n = arith.constant 3 : i32
    %zero = arith.constant 0.0 : f32
    %true = arith.constant true
    %later = arith.cmpi sgt, %j, %p : i32
    %c = arith.xori %later, %true : i1
    %x = arith.select %c, %s, %inf : f32
    %w = arith.addi %j, %n : i32
    %far = arith.cmpi sle, %w, %p : i32
    %m = arith.select %far, %inf, %zero : f32
    %z = arith.addf %x, %m : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// One or the other: what lies between counts too.
// CHECK-LABEL: @either
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_from = -5 : i64, visits_to = 2 : i64}
func.func @either(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %five = arith.constant 5 : i32
    %two = arith.constant 2 : i32
    %l = arith.subi %p, %five : i32
    %r = arith.addi %p, %two : i32
    %a = arith.cmpi eq, %j, %l : i32
    %b = arith.cmpi eq, %j, %r : i32
    %c = arith.ori %a, %b : i1
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// Positions as reals.
// CHECK-LABEL: @real
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } {visits_to = 1 : i64}
func.func @real(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %n = arith.constant 1.5 : f32
    %x = arith.sitofp %j : i32 to f32
    %y = arith.sitofp %p : i32 to f32
    %d = arith.subf %x, %y : f32
    %c = arith.cmpf olt, %d, %n : f32
    %z = arith.select %c, %s, %inf : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}

// The first sixteen, and a softcap on top of a mask: nothing is known of the distance.
// CHECK-LABEL: @unknown
// CHECK: heddle.yield {{.*}} : f32
// CHECK-NEXT: } :
func.func @unknown(%q: !q, %k: !k) -> !q {
  %t = heddle.position "T" : !t
  %u = heddle.position "S" : !u
  %o = heddle.attention(%q), (%k), %k extras(%t, %u) over [["hd"]] keys "S" {
  ^score(%s: f32, %p: i32, %j: i32):
    %inf = arith.constant 0xFF800000 : f32
    %n = arith.constant 16 : i32
    %a = arith.cmpi slt, %j, %n : i32
    %x = arith.select %a, %s, %inf : f32
    %b = arith.cmpi sle, %j, %p : i32
    %y = arith.select %b, %x, %inf : f32
    %z = math.tanh %y : f32
    heddle.yield %z : f32
  } : (!q, !k, !k, !t, !u) -> !q
  return %o : !q
}
