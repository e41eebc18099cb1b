// RUN: heddle-opt %s --absorb-products | FileCheck %s

// Latent attention: keys wk * c and values wv * c of all positions, from the vectors c that are remembered.
!q = !heddle.tensor<T, heads = 4, nope = 16>
!c = !heddle.tensor<S, r = 32>
!wk = !heddle.tensor<heads = 4, nope = 16, r = 32>
!wv = !heddle.tensor<heads = 4, vd = 16, r = 32>
!k = !heddle.tensor<S, heads = 4, nope = 16>
!val = !heddle.tensor<S, heads = 4, vd = 16>
!s = !heddle.tensor<T, S, heads = 4>
!y = !heddle.tensor<T, heads = 4, vd = 16>

// Of one token: the query is brought to c's axis, and what the softmax takes of c back to a head's.
// CHECK-LABEL: heddle.layer @decode
// CHECK-DAG: %[[WK:.*]] = heddle.weight "wk"
// CHECK-DAG: %[[WV:.*]] = heddle.weight "wv"
// CHECK: %[[Q:.*]] = heddle.contract %arg0, %[[WK]] over ["nope"] : {{.*}} -> !heddle.tensor<T, heads = 4, r = 32>
// CHECK: %[[S:.*]] = heddle.contract %arg1, %[[Q]] over ["r"] : {{.*}} -> !heddle.tensor<T, S, heads = 4>
// CHECK: %[[P:.*]] = heddle.softmax %[[S]] over "S"
// CHECK: %[[C:.*]] = heddle.contract %[[P]], %arg1 over ["S"] : {{.*}} -> !heddle.tensor<T, heads = 4, r = 32>
// CHECK: heddle.contract %[[WV]], %[[C]] over ["r"] : {{.*}} -> !heddle.tensor<T, heads = 4, vd = 16>
// CHECK-NOT: heddle.contract
heddle.layer @decode(%q: !q, %c: !c) -> !y attributes {kind = "block", variant = #heddle<variant decode>} {
  %wk = heddle.weight "wk" : !wk
  %wv = heddle.weight "wv" : !wv
  %k = heddle.contract %wk, %c over ["r"] : (!wk, !c) -> !k
  %s = heddle.contract %q, %k over ["nope"] : (!q, !k) -> !s
  %p = heddle.softmax %s over "S" : (!s) -> !s
  %v = heddle.contract %wv, %c over ["r"] : (!wv, !c) -> !val
  %y = heddle.contract %p, %v over ["S"] : (!s, !val) -> !y
  heddle.return %y : !y
}

// Of many: c is longer than a head's keys, and as many queries would be multiplied with it.
// CHECK-LABEL: heddle.layer @prefill
// CHECK: heddle.contract %{{.*}}, %arg1 over ["r"] : {{.*}} -> !heddle.tensor<S, heads = 4, nope = 16>
// CHECK: heddle.contract %{{.*}}, %arg1 over ["r"] : {{.*}} -> !heddle.tensor<S, heads = 4, vd = 16>
heddle.layer @prefill(%q: !q, %c: !c) -> !y attributes {kind = "block", variant = #heddle<variant all>} {
  %wk = heddle.weight "wk" : !wk
  %wv = heddle.weight "wv" : !wv
  %k = heddle.contract %wk, %c over ["r"] : (!wk, !c) -> !k
  %s = heddle.contract %q, %k over ["nope"] : (!q, !k) -> !s
  %p = heddle.softmax %s over "S" : (!s) -> !s
  %v = heddle.contract %wv, %c over ["r"] : (!wv, !c) -> !val
  %y = heddle.contract %p, %v over ["S"] : (!s, !val) -> !y
  heddle.return %y : !y
}
