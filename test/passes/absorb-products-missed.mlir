// RUN: heddle-opt %s --absorb-products=explain --verify-diagnostics

!q = !heddle.tensor<T, heads = 4, nope = 16>
!c = !heddle.tensor<S, r = 32>
!wk = !heddle.tensor<heads = 4, nope = 16, r = 32>
!k = !heddle.tensor<S, heads = 4, nope = 16>
!s = !heddle.tensor<T, S, heads = 4>

heddle.layer @kept(%q: !q, %c: !c) -> (!s, !k) attributes {kind = "block", variant = #heddle<variant decode>} {
  %wk = heddle.weight "wk" : !wk
  %k = heddle.contract %wk, %c over ["r"] : (!wk, !c) -> !k
  // expected-remark @below {{absorb-products: the inner product has another use, so it is made anyway}}
  %s = heddle.contract %q, %k over ["nope"] : (!q, !k) -> !s
  heddle.return %s, %k : !s, !k
}

heddle.layer @many(%q: !q, %c: !c) -> !s attributes {kind = "block", variant = #heddle<variant all>} {
  %wk = heddle.weight "wk" : !wk
  %k = heddle.contract %wk, %c over ["r"] : (!wk, !c) -> !k
  // expected-remark @below {{another order would cost}}
  %s = heddle.contract %q, %k over ["nope"] : (!q, !k) -> !s
  heddle.return %s : !s
}

// The query has an r of its own.
heddle.layer @same_name(%q: !heddle.tensor<T, nope = 16, r = 32>, %c: !c) -> !heddle.tensor<T, S, heads = 4, r = 32> attributes {kind = "block", variant = #heddle<variant decode>} {
  %wk = heddle.weight "wk" : !wk
  %k = heddle.contract %wk, %c over ["r"] : (!wk, !c) -> !k
  // expected-remark @below {{the other factor has an axis 'r' of its own}}
  %s = heddle.contract %q, %k over ["nope"] : (!heddle.tensor<T, nope = 16, r = 32>, !k) -> !heddle.tensor<T, S, heads = 4, r = 32>
  heddle.return %s : !heddle.tensor<T, S, heads = 4, r = 32>
}
