// The whole road for the Llama of llama.mlir: two layers of one kind, three variants of the entry.
// RUN: heddle-opt %S/llama.mlir --heddle-pipeline=opt-level=2 -o %t.fast
// RUN: FileCheck %s --check-prefix=FAST --input-file=%t.fast
// RUN: FileCheck %s --check-prefixes=NONE,FLASH --input-file=%t.fast
// RUN: heddle-opt %S/llama.mlir --heddle-pipeline=opt-level=0 -o %t.plain
// RUN: FileCheck %s --check-prefix=PLAIN --input-file=%t.plain
// RUN: FileCheck %s --check-prefix=NONE --input-file=%t.plain

// No tensor, no call and none of the mathematics is left; every buffer has its slot. On the fast road no buffer spans T and S.
// NONE-NOT: !heddle.tensor
// NONE-NOT: func.
// NONE-NOT: heddle.{{(map|contract|reduce|softmax|lookup|regroup|slice|concat|keep|position|linear|attention|rowwise)}}
// NONE-NOT: heddle.buffer dims {{\[[^]]*\] :}}
// FLASH-NOT: heddle.buffer dims {{.*}}"S"

// A layer is seven kernels. The norms are in their linears, the rotary angles came from the entry, queries and attention
// share memory with what follows.
// FAST: heddle.layer @block.prefill(%[[X:.*]]: memref<?x64xf32>, %[[SIN:.*]]: memref<?x8xf32>, %[[COS:.*]]: memref<?x8xf32>, %[[Y:.*]]: memref<?x64xf32>)
// FAST-DAG: %[[Q:.*]] = heddle.buffer dims ["T"] slot 0 : memref<?x2x2x16xf32>
// FAST-DAG: %[[A:.*]] = heddle.buffer dims ["T"] slot 1 : memref<?x2x2x16xf32>
// FAST-DAG: %[[R:.*]] = heddle.buffer dims ["T"] slot 0 : memref<?x64xf32>
// FAST-DAG: %[[F:.*]] = heddle.buffer dims ["T"] slot 2 : memref<?x128xf32>
// FAST-DAG: %[[K:.*]] = heddle.cache "k" dims ["C<576/16"] {ring = 576 : i64, window = 6 : i64} : memref<2x?x16x16xf32>
// FAST-DAG: %[[V:.*]] = heddle.cache "v" dims ["C<576"] {ring = 576 : i64, window = 6 : i64} : memref<2x?x16xf32>
// FAST: heddle.launch @block.prefill.linear(%[[X]], {{.*}}, %[[Q]]) writes [6]
// FAST-NEXT: heddle.launch @block.prefill.linear.2(%[[X]], {{.*}}, %[[K]]) writes [5]
// FAST-NEXT: heddle.launch @block.prefill.linear.3(%[[X]], {{.*}}, %[[V]]) writes [3]
// FAST-NEXT: heddle.launch @block.prefill.attention(%[[Q]], %[[K]], %[[V]], %[[A]]) writes [3]
// FAST-NEXT: heddle.launch @block.prefill.linear.4(%[[A]], %{{.*}}, %[[X]], %[[R]]) writes [3]
// FAST-NEXT: heddle.launch @block.prefill.linear.5(%[[R]], %{{.*}}, %{{.*}}, %{{.*}}, %[[F]]) writes [4]
// FAST-NEXT: heddle.launch @block.prefill.linear.6(%[[F]], %{{.*}}, %[[R]], %[[Y]]) writes [3]
// FAST-NEXT: heddle.return
// FAST: heddle.layer @block.decode
// FAST-COUNT-7: heddle.launch @block.decode.
// FAST-NEXT: heddle.return

// Angles once for both layers; two buffers take turns as their input and result.
// FAST: heddle.entry @forward.all
// FAST-DAG: %[[EMBED:.*]] = heddle.packed "embed"
// FAST: heddle.launch @forward.all.lookup(%arg0, %[[EMBED]], %[[X0:.*]]) writes [2]
// FAST-NEXT: heddle.launch @forward.all.map(%{{.*}}, %[[A1:.*]]) writes [1]
// FAST-NEXT: heddle.launch @forward.all.map.2(%{{.*}}, %[[A2:.*]]) writes [1]
// FAST-NEXT: heddle.invoke @block.prefill[0] (%[[X0]], %[[A1]], %[[A2]], %[[X1:.*]]) :
// FAST-NEXT: heddle.invoke @block.prefill[1] (%[[X1]], %[[A1]], %[[A2]], %[[X2:.*]]) :
// FAST-NEXT: heddle.launch @forward.all.rowwise(%[[X2]], %{{.*}}, %[[H:.*]]) writes [2]
// FAST-NEXT: heddle.tap "hidden" %[[H]] {axes = ["T", "d"]}
// FAST-NEXT: heddle.launch @forward.all.linear(%[[H]], %{{.*}}, %arg1) writes [2]
// FAST-NEXT: heddle.return
// The last token's row is taken before the norm, which is then the last linear's.
// FAST: heddle.entry @forward.last({{.*}}, %arg1: memref<100xf32>
// FAST: heddle.launch @forward.last.lookup(%{{.*}}, %{{.*}}, %[[ROW:.*]]) writes [2]
// FAST-NEXT: heddle.launch @forward.last.linear(%[[ROW]], {{.*}}, %arg1) writes [3]
// FAST: heddle.entry @forward.decode
// FAST: heddle.invoke @block.decode[0]
// FAST-NEXT: heddle.invoke @block.decode[1]
// FAST-NEXT: heddle.launch @forward.decode.linear

// Kernels know what the mask leaves to be seen: 6 tokens times two heads of a group share keys.
// FAST: heddle.kernel @block.prefill.attention lanes 16 grid [array<i64: 1, 6, 2>]
// FAST: heddle.kernel @block.decode.attention lanes 16 grid [array<i64: 1, 1, 2>]

// The plain road: op after op, tokens innermost, scores in memory.
// PLAIN: heddle.layer @block.prefill(%[[X:.*]]: memref<64x?xf32>, %[[Y:.*]]: memref<64x?xf32>)
// PLAIN-DAG: %[[S:.*]] = heddle.buffer dims ["S", "T:16"] slot {{.*}} : memref<2x2x?x?xf32>
// PLAIN-DAG: heddle.cache "k" dims ["C"] : memref<2x16x?xf32>
// PLAIN: heddle.launch @block.prefill.contract(
// PLAIN: heddle.launch @block.prefill.softmax(
// PLAIN: heddle.launch {{.*}}%[[Y]]) writes [2]
// PLAIN-NEXT: heddle.return
// Kernels that do not depend on the variant are made once.
// PLAIN: heddle.layer @block.decode
// PLAIN: heddle.launch @block.prefill.softmax(
// PLAIN: heddle.entry @forward.all
// PLAIN: heddle.invoke @block.prefill[0]
// PLAIN: heddle.invoke @block.prefill[1]
// PLAIN: heddle.entry @forward.decode
// PLAIN-NOT: heddle.kernel @block.decode
