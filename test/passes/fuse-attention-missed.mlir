// RUN: heddle-opt %s --fuse-attention=explain --verify-diagnostics

!q = !heddle.tensor<T, hd = 4>
!k = !heddle.tensor<S, hd = 4>
!s = !heddle.tensor<T, S>

func.func @scores_read(%q: !q, %k: !k) -> (!q, !s) {
  %s = heddle.contract %q, %k over ["hd"] : (!q, !k) -> !s
  // expected-remark @below {{fuse-attention: the scores have another use, so they must be stored}}
  %p = heddle.softmax %s over "S" : (!s) -> !s
  %o = heddle.contract %p, %k over ["S"] : (!s, !k) -> !q
  return %o, %s : !q, !s
}

func.func @weights_read(%q: !q, %k: !k) -> (!q, !s) {
  %s = heddle.contract %q, %k over ["hd"] : (!q, !k) -> !s
  // expected-remark @below {{fuse-attention: the softmax has another use, so it must be stored}}
  %p = heddle.softmax %s over "S" : (!s) -> !s
  %o = heddle.contract %p, %k over ["S"] : (!s, !k) -> !q
  return %o, %p : !q, !s
}

func.func @no_product(%s: !s, %k: !k) -> !q {
  // expected-remark @below {{fuse-attention: no product of a query and a key along 'S' is in the scores}}
  %p = heddle.softmax %s over "S" : (!s) -> !s
  %o = heddle.contract %p, %k over ["S"] : (!s, !k) -> !q
  return %o : !q
}

func.func @values_of_each_token(%q: !q, %k: !k, %v: !heddle.tensor<T, S, hd = 4>) -> !q {
  %s = heddle.contract %q, %k over ["hd"] : (!q, !k) -> !s
  %p = heddle.softmax %s over "S" : (!s) -> !s
  // expected-remark @below {{fuse-attention: the values differ from token to token}}
  %o = heddle.contract %p, %v over ["S"] : (!s, !heddle.tensor<T, S, hd = 4>) -> !q
  return %o : !q
}

func.func @over_more(%q: !heddle.tensor<T, h = 2, hd = 4>, %k: !heddle.tensor<S, h = 2, hd = 4>) -> !q {
  %s = heddle.contract %q, %k over ["hd"] : (!heddle.tensor<T, h = 2, hd = 4>, !heddle.tensor<S, h = 2, hd = 4>) -> !heddle.tensor<T, S, h = 2>
  %p = heddle.softmax %s over "S" : (!heddle.tensor<T, S, h = 2>) -> !heddle.tensor<T, S, h = 2>
  // expected-remark @below {{fuse-attention: the weights are normalised over 'S' and contracted over other axes}}
  %o = heddle.contract %p, %k over ["S", "h"] : (!heddle.tensor<T, S, h = 2>, !heddle.tensor<S, h = 2, hd = 4>) -> !q
  return %o : !q
}
