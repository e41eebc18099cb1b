// RUN: heddle-opt %s --return-candidates=most=8 | FileCheck %s
// RUN: heddle-opt %s --return-candidates=most=8 --assign-layouts --make-kernels --canonicalize | FileCheck %s --check-prefix=KERNELS

!logits = !heddle.tensor<T, vocab = 5000>

// CHECK-LABEL: heddle.entry @forward.decode(
// CHECK-SAME: output_names = ["logits", "logits.best", "logits.where"]
// CHECK: %[[BEST:.*]], %[[WHERE:.*]] = heddle.top %[[LOGITS:.*]]["vocab" -> "candidate"] : (!heddle.tensor<T, vocab = 5000>) -> (!heddle.tensor<T, candidate = 8>, !heddle.tensor<T, candidate = 8 : i32>)
// CHECK: heddle.return %[[LOGITS]], %[[BEST]], %[[WHERE]]

// Two kernels, the first over groups of 256.
// KERNELS-LABEL: heddle.entry @forward.decode(
// KERNELS: %[[MAXIMA:.*]] = heddle.buffer {{.*}} memref<20xf32>
// KERNELS: heddle.launch @forward.decode.top(%{{.*}}, %[[MAXIMA]]) writes [1]
// KERNELS: heddle.launch @forward.decode.top.2(%[[MAXIMA]], %{{.*}}) writes [2, 3]
// KERNELS: heddle.kernel @forward.decode.top lanes 16 grid [array<i64: 0, 1, 20>]
// KERNELS: heddle.kernel @forward.decode.top.2 lanes 16 grid [array<i64: 0, 1, 1>]
heddle.entry @forward.decode(%x: !logits) -> !logits attributes {input_names = ["x"], output_names = ["logits"], extents = array<i64: 0>, defaults = [unit], variant = #heddle<variant decode>, entry = "forward"} {
  %y = heddle.map(%x) { ^bb0(%a: f32): %0 = arith.negf %a : f32 heddle.yield %0 : f32 } : (!logits) -> !logits
  heddle.return %y : !logits
}

// A short axis is read whole, and so are the outputs of other variants.
// CHECK-LABEL: heddle.entry @short.decode(
// CHECK-NOT: heddle.top
heddle.entry @short.decode(%x: !heddle.tensor<T, vocab = 50>) -> !heddle.tensor<T, vocab = 50> attributes {input_names = ["x"], output_names = ["logits"], extents = array<i64: 0>, defaults = [unit], variant = #heddle<variant decode>, entry = "short"} {
  heddle.return %x : !heddle.tensor<T, vocab = 50>
}
heddle.entry @forward.all(%x: !logits) -> !logits attributes {input_names = ["x"], output_names = ["logits"], extents = array<i64: 0>, defaults = [unit], variant = #heddle<variant all>, entry = "forward"} {
  heddle.return %x : !logits
}
