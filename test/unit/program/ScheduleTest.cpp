//===- ScheduleTest.cpp - unrolling, and the description ------------------===//

#include "backends/program/Description.h"
#include "mlir/Parser/Parser.h"
#include "runtime/program/DescriptionCheck.h"
#include "runtime/program/Sizes.h"
#include <gtest/gtest.h>

using namespace heddle;
using llvm::cantFail;

namespace {

/// Two layers of one kind; the layer remembers one thing and has a buffer of its own.
const char *const model = R"mlir(
heddle.stored @embed ["e"] digits [array<i64: 10, 8>, array<i64: 8, 1>] : !heddle.tensor<vocab = 10, d = 8>
heddle.stored @"block.0.wq" ["q0"] digits [array<i64: 8, 8>, array<i64: 8, 1>] : !heddle.tensor<r = 8, d = 8>
heddle.stored @"block.1.wq" ["q1"] digits [array<i64: 8, 8>, array<i64: 8, 1>] : !heddle.tensor<r = 8, d = 8>

heddle.kernel @look lanes 16 grid [array<i64: 1, 1, 1>] dims ["T", "T"] {
^bb0(%ids: memref<?xi32>, %w: memref<10x8xf32>, %out: memref<?x8xf32>):
}
heddle.kernel @mul lanes 16 grid [array<i64: 1, 4, 3>, array<i64: 0, 1, 2>] dims ["T", "C/16", "T:16"] {
^bb0(%x: memref<?x8xf32>, %w: memref<1x8x1x16xf32>, %k: memref<?x8x16xf32>, %y: memref<?x8xf32>):
}
heddle.kernel @scaled lanes 16 grid [] beyond 512 dims ["T", "C/16", "T:16"] serial {
^bb0(%x: memref<?x8xf32>, %w: memref<1x8x1x16xf32>, %k: memref<?x8x16xf32>, %y: memref<?x8xf32>, %s: f32):
}

heddle.layer @block.prefill(%x: memref<?x8xf32>, %y: memref<?x8xf32>) attributes {kind = "block"} {
  %k = heddle.cache "k" dims ["C/16"] : memref<?x8x16xf32>
  %w = heddle.packed "wq" as "panels 16 f32 [r] over [d]" : memref<1x8x1x16xf32>
  %b = heddle.buffer dims ["T:16"] slot 0 : memref<?x8xf32>
  heddle.launch @mul(%x, %w, %k, %b) writes [2, 3] {operations = [array<i64: 1, 1, 128>]}
      : memref<?x8xf32>, memref<1x8x1x16xf32>, memref<?x8x16xf32>, memref<?x8xf32>
  heddle.launch @scaled(%b, %w, %k, %y) writes [3] {scalars = array<f32: 1.5>, weight_bytes = 7}
      : memref<?x8xf32>, memref<1x8x1x16xf32>, memref<?x8x16xf32>, memref<?x8xf32>
  heddle.return
}

heddle.entry @forward.all(%ids: memref<?xi32> {heddle.dims = ["T"], heddle.axes = ["T"]},
                          %out: memref<?x8xf32> {heddle.dims = ["T"], heddle.axes = ["T", "d"]})
    attributes {entry = "forward", input_names = ["tokens"], output_names = ["hidden"],
                extents = array<i64: 10>, defaults = [3 : i64]} {
  %e = heddle.packed "embed" as "dense [vocab d]" : memref<10x8xf32>
  %a = heddle.buffer dims ["T"] slot 0 : memref<?x8xf32>
  %b = heddle.buffer dims ["T"] slot 1 : memref<?x8xf32>
  heddle.launch @look(%ids, %e, %a) writes [2] : memref<?xi32>, memref<10x8xf32>, memref<?x8xf32>
  heddle.invoke @block.prefill[0](%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> ()
  heddle.invoke @block.prefill[1](%b, %out) : (memref<?x8xf32>, memref<?x8xf32>) -> ()
  heddle.return
}
)mlir";

struct ScheduleTest : testing::Test {
  ScheduleTest() { context.loadDialect<HeddleDialect>(); }

  llvm::Expected<Schedule> build(const std::string &text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return llvm::createStringError("the module does not parse");
    return buildSchedule(*module, plan);
  }

  std::string complaint(const std::string &text) {
    auto schedule = build(text);
    return schedule ? "none" : llvm::toString(schedule.takeError());
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  StoredSource source{1};
  PackPlan plan{source};
};

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_F(ScheduleTest, unrollsLayers) {
  auto schedule = build(model);
  ASSERT_TRUE(static_cast<bool>(schedule)) << llvm::toString(schedule.takeError());
  std::string text;
  llvm::raw_string_ostream os(text);
  schedule->print(os);
  EXPECT_EQ(text, R"(kernel look grid T
kernel mul grid 3 * T/4 * 2
kernel scaled grid 1 beyond 512 serial
cache block.0.k = 64 + 32 * C:16
cache block.1.k = 64 + 32 * C:16
entry forward All
  input tokens = slot 0 I32 [T] of 10 else 3
  output hidden = slot 1 F32 [T, d = 8]
  slot 0 = 4 * T
  slot 1 = 32 * T
  slot 2 = 32 * T
  slot 3 = 32 * T
  slot 4 = 32 * T:16
  0: look(slot 0, weights 0, slot 2) reads 320
  1: mul(slot 2, weights 384, cache block.0.k, slot 4) reads 512 operations 128 * T
  2: scaled(slot 4, weights 384, cache block.0.k, slot 3) scalars [1.500000e+00] reads 7
  3: mul(slot 3, weights 960, cache block.1.k, slot 4) reads 512 operations 128 * T
  4: scaled(slot 4, weights 960, cache block.1.k, slot 1) scalars [1.500000e+00] reads 7
)");
}

TEST_F(ScheduleTest, sharedSlotsAreLargeEnoughForEach) {
  auto schedule = build(replaced(model, "%b = heddle.buffer dims [\"T\"] slot 1 : memref<?x8xf32>",
                                 "%b = heddle.buffer dims [\"T\"] slot 1 : memref<?x8xf32>\n"
                                 "%c = heddle.buffer dims [\"T\", \"S\"] slot 1 : memref<?x?x5xf32>\n"
                                 "%d = heddle.buffer dims [\"T\"] slot 1 : memref<?x2xf32>"));
  ASSERT_TRUE(static_cast<bool>(schedule)) << llvm::toString(schedule.takeError());
  const SizeTerms &size = schedule->entries[0].slots[3];
  ASSERT_EQ(size.size(), 2u);
  EXPECT_EQ(size[0].coefficient, 32u);
  EXPECT_EQ(size[1].coefficient, 20u);
  EXPECT_EQ(size[1].params.size(), 2u);
}

TEST_F(ScheduleTest, ringsHaveRoomForTheirPositionsAtMost) {
  auto schedule = build(
      replaced(model, "\"C/16\"] : memref", "\"C<64/16\"] {ring = 64 : i64, window = 8 : i64} : memref"));
  ASSERT_TRUE(static_cast<bool>(schedule)) << llvm::toString(schedule.takeError());
  std::string text;
  llvm::raw_string_ostream os(text);
  schedule->print(os);
  EXPECT_NE(text.find("\ncache block.1.k = 64 + 32 * C:16 ring 64 window 8\n"), std::string::npos) << text;
  std::vector<uint8_t> description = describe(*schedule, nullptr, plan, ProgramFacts());
  const format::Cache &cache = *format::GetProgram(description.data())->caches()->Get(1);
  EXPECT_EQ(cacheBytes(cache, 32), 64u + 32 * 32);
  EXPECT_EQ(cacheBytes(cache, 6400), 64u + 32 * 64);
  EXPECT_EQ(cache.window(), 8u);
}

TEST_F(ScheduleTest, rowsOfWhatMayBeBoundInWindows) {
  auto schedule =
      build(replaced(model, "}\nheddle.kernel @scaled",
                     "} {windowed = array<i64: 1>, window_rows = 4 : i64}\nheddle.kernel @scaled"));
  ASSERT_TRUE(static_cast<bool>(schedule)) << llvm::toString(schedule.takeError());
  EXPECT_EQ(schedule->kernels[1].windowRows, 4u);
  EXPECT_EQ(schedule->kernels[2].windowRows, 0u);
  const ScheduledStep &step = schedule->entries[0].steps[1];
  EXPECT_TRUE(step.bindings[0].row.empty());
  ASSERT_EQ(step.bindings[1].row.size(), 1u);
  EXPECT_EQ(step.bindings[1].row[0].coefficient, 512u);
}

TEST_F(ScheduleTest, theRuntimeBelievesIt) {
  auto schedule = build(model);
  ASSERT_TRUE(static_cast<bool>(schedule)) << llvm::toString(schedule.takeError());
  ProgramFacts facts;
  facts.model = "tiny";
  facts.target = "cpu";
  facts.tokenizer = "abc";
  facts.endTokens = {2, 5};
  facts.scratch["mul"] = 4096;
  std::vector<uint8_t> description = describe(*schedule, nullptr, plan, facts);
  setWeightsHash(description, 0x1234567890abcdef);
  const format::Program &program = checkDescription(description);
  EXPECT_EQ(program.weights_hash(), 0x1234567890abcdefu);
  EXPECT_EQ(program.weights_bytes(), plan.bytes());
  EXPECT_EQ(program.kernels()->Get(1)->scratch(), 4096u);
  EXPECT_EQ(program.kernels()->Get(2)->beyond(), 512u);
  EXPECT_EQ(program.entries()->Get(0)->steps()->size(), 5u);
  EXPECT_EQ(program.entries()->Get(0)->inputs()->Get(0)->otherwise(), 3);
  EXPECT_EQ(program.model()->str(), "tiny");
  EXPECT_EQ(program.end_tokens()->Get(1), 5u);
  EXPECT_EQ(program.weights()->size(), 3u);
}

TEST_F(ScheduleTest, errorsNameTheOpAndItsFunction) {
  EXPECT_EQ(complaint(replaced(model, "\"block.1.wq\"", "\"block.2.wq\"")),
            "in 'block.prefill': heddle.packed: there is no weight 'block.1.wq'");
  EXPECT_EQ(
      complaint(replaced(model, "\"C/16\"] : memref", "\"C/0\"] : memref")),
      "in 'block.prefill': heddle.cache: a dim must be 'T', 'S', 'C' or 'U', or rounded 'T:16', or divided "
      "'C/16', or bounded 'C<64'");
  EXPECT_EQ(complaint(replaced(model, "as \"dense [vocab d]\"", "as \"dense [vocab]\"")),
            "in 'forward.all': heddle.packed: weight 'embed' is packed without its axis 'd'");
  EXPECT_EQ(complaint(replaced(model, "{heddle.dims = [\"T\"], heddle.axes = [\"T\"]}", "")),
            "in 'forward.all': heddle.entry: argument 0: a memref with 1 dynamic dimensions has 0 dims");
}
