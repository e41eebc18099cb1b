//===- PackerTest.cpp - packed weights against a slow computation ---------===//
//
// What the packer writes is read back as passes/Packing.h says, number by number,
// and compared with the stored element that the op's digits lead to.
//
//===----------------------------------------------------------------------===//

#include "backends/program/Packer.h"
#include "backends/program/Blocks.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace heddle;
using llvm::cantFail;
using llvm::StringRef;

namespace {

struct PackerTest : testing::Test {
  PackerTest() { context.loadDialect<HeddleDialect>(); }

  /// The module's only weight.
  StoredOp parse(const std::string &text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    return module ? *module->getOps<StoredOp>().begin() : StoredOp();
  }

  std::vector<uint8_t> write(const PackPlan &plan) {
    std::vector<uint8_t> bytes;
    cantFail(plan.write([&](llvm::ArrayRef<uint8_t> piece) {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
      return llvm::Error::success();
    }));
    return bytes;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  StoredSource source{7};
};

/// The value that a weight's op gives for an index along its axes, in their order.
float slowValue(StoredOp op, const StoredSource &source, llvm::ArrayRef<int64_t> index) {
  int64_t element = op.getOffset(), tensor = 0;
  for (auto [value, axis] : llvm::zip(index, op.getDigits())) {
    auto pairs = llvm::cast<mlir::DenseI64ArrayAttr>(axis).asArrayRef();
    int64_t rest = value;
    for (int64_t i = static_cast<int64_t>(pairs.size()) - 2; i >= 0; i -= 2) {
      int64_t digit = rest % pairs[i];
      rest /= pairs[i];
      if (pairs[i + 1] == -1)
        tensor = digit;
      else
        element += digit * pairs[i + 1];
    }
  }
  StringRef name = llvm::cast<mlir::StringAttr>(op.getTensors()[tensor]).getValue();
  float number;
  cantFail(source.find(op, name, element + 1)).read(element, 1, &number);
  return static_cast<float>(number * op.getScale().convertToDouble() + op.getAdd().convertToDouble());
}

uint32_t word(const std::vector<uint8_t> &bytes, uint64_t index) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + 4 * index, 4);
  return value;
}

/// Column `c` of a block whose words are at words[0], words[lanes] ...
float slowDecode(Format format, const std::vector<uint8_t> &bytes, uint64_t first, uint64_t lanes, int c) {
  auto at = [&](int64_t j) { return word(bytes, first + j * lanes); };
  auto low = [](uint32_t word) { return halfToFloat(word & 0xffff); };
  auto high = [](uint32_t word) { return halfToFloat(word >> 16); };
  BlockShape shape = blockShape(format);
  if (format == Format::F16)
    return halfToFloat(at(0) >> (16 * c) & 0xffff);
  if (format == Format::BF16)
    return llvm::bit_cast<float>((at(0) >> (16 * c) & 0xffff) << 16);
  if (!shape.quantized())
    return llvm::bit_cast<float>(at(0));
  int64_t perWord = 32 / shape.lowBits, place = c % perWord;
  int code = static_cast<int>(at(c / perWord) >> (shape.lowBits * (place / 2) + 16 * (place % 2)) &
                              ((1 << shape.lowBits) - 1));
  if (int64_t bits = shape.highBits) {
    int64_t four = c / 8 * 2 + c % 4 / 2, byte = c % 2 * 2 + c % 8 / 4;
    code |= static_cast<int>(at(shape.highWord() + four * bits / 8) >> (four * bits % 8 + 8 * byte) &
                             ((1 << bits) - 1))
            << shape.lowBits;
  }
  int number = shape.table.empty() ? code - static_cast<int>(shape.bias) : shape.table[code];
  int64_t scale = shape.scaleWord(), group = c / shape.group;
  auto ofGroup = [&](int64_t base) {
    if (shape.columns == shape.group)
      return 1;
    return static_cast<int>(static_cast<int8_t>(at(base + group / 4) >> (8 * (group % 4))));
  };
  float d = shape.offsets ? low(at(scale)) : llvm::bit_cast<float>(at(scale));
  float value = d * static_cast<float>(ofGroup(scale + 1)) * static_cast<float>(number);
  if (shape.offsets)
    value += high(at(scale)) * static_cast<float>(ofGroup(scale + 1 + shape.groupWords()));
  return value;
}

/// Element (row, column) of the weight in the bytes of its section.
float slowPacked(const PackedWeight &weight, const std::vector<uint8_t> &bytes, int64_t row, int64_t column,
                 int64_t columns) {
  uint64_t first = weight.offset / 4;
  if (!weight.packing.panels)
    return llvm::bit_cast<float>(word(bytes, first + row * columns + column));
  BlockShape block = blockShape(weight.format);
  int64_t lanes = weight.packing.lanes, blocks = (columns + block.columns - 1) / block.columns;
  first += ((row / lanes * blocks + column / block.columns) * block.words) * lanes + row % lanes;
  return slowDecode(weight.format, bytes, first, lanes, static_cast<int>(column % block.columns));
}

int64_t product(NamedTensorType type, llvm::ArrayRef<std::string> axes) {
  int64_t size = 1;
  for (const std::string &axis : axes)
    size *= type.size(axis);
  return size;
}

/// Splits a flat index into values along `axes`.
void unflatten(NamedTensorType type, llvm::ArrayRef<std::string> axes, int64_t flat,
               std::vector<int64_t> &index) {
  for (const std::string &axis : llvm::reverse(axes)) {
    index[type.find(axis)] = flat % type.size(axis);
    flat /= type.size(axis);
  }
}

void compare(StoredOp op, const StoredSource &source, const PackedWeight &weight,
             const std::vector<uint8_t> &bytes, double tolerance = 0) {
  auto type = llvm::cast<NamedTensorType>(op.getType());
  auto rows = weight.packing.rows, columns = weight.packing.over;
  int64_t R = product(type, rows), K = product(type, columns);
  std::vector<int64_t> index(type.rank());
  for (int64_t r = 0; r < R; ++r)
    for (int64_t k = 0; k < K; ++k) {
      unflatten(type, rows, r, index);
      unflatten(type, columns, k, index);
      float expected = slowValue(op, source, index), found = slowPacked(weight, bytes, r, k, K);
      if (tolerance == 0 ? expected != found : std::fabs(expected - found) > tolerance) {
        ADD_FAILURE() << weight.packing.str() << " of " << weight.name << " at " << r << ", " << k
                      << ": expected " << expected << ", found " << found;
        return;
      }
    }
}

const char *const formats[] = {"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "mxfp4", "q4_k"};

std::string typeText(StringRef axes, StringRef format) {
  return ("!heddle.tensor<" + axes + (format == "f32" ? "" : " : " + format) + ">").str();
}

} // namespace

TEST_F(PackerTest, panelsKeepEveryFormat) {
  for (const char *format : formats)
    for (int64_t rows : {1, 16, 37})
      for (int64_t lanes : {8, 16}) {
        auto number = std::to_string(rows);
        StoredOp op =
            parse("heddle.stored @w [\"t\"] digits [array<i64: " + number +
                  ", 512>, array<i64: 512, 1>] : " + typeText("r = " + number + ", k = 512", format));
        ASSERT_TRUE(op);
        Packing packing = choosePanels(op, {"r"}, {"k"}, lanes);
        EXPECT_EQ(stringifyFormat(packing.format), format);
        PackPlan plan(source);
        EXPECT_EQ(cantFail(plan.add(op, packing)), 0u);
        auto bytes = write(plan);
        ASSERT_EQ(bytes.size(), plan.bytes());
        EXPECT_EQ(bytes.size(), packedBytes(packing, llvm::cast<NamedTensorType>(op.getType())) + 64);
        compare(op, source, plan.weights()[0], bytes);
      }
}

TEST_F(PackerTest, rowsBeyondTheLastAreZeros) {
  StoredOp op = parse("heddle.stored @w [\"t\"] digits [array<i64: 17, 32>, array<i64: 32, 1>] : "
                      "!heddle.tensor<r = 17, k = 32 : q5_1>");
  PackPlan plan(source);
  cantFail(plan.add(op, choosePanels(op, {"r"}, {"k"}, 16)));
  auto bytes = write(plan);
  for (int64_t r = 17; r < 32; ++r)
    for (int64_t k = 0; k < 32; ++k)
      EXPECT_EQ(slowPacked(plan.weights()[0], bytes, r, k, 32), 0.0f);
}

TEST_F(PackerTest, oddColumnsOfHalves) {
  for (const char *format : {"f16", "bf16", "f32"}) {
    StoredOp op = parse("heddle.stored @w [\"t\"] digits [array<i64: 5, 7>, array<i64: 7, 1>] : " +
                        typeText("r = 5, k = 7", format));
    PackPlan plan(source);
    cantFail(plan.add(op, choosePanels(op, {"r"}, {"k"}, 16)));
    auto bytes = write(plan);
    compare(op, source, plan.weights()[0], bytes);
    if (plan.weights()[0].format == Format::F16)
      EXPECT_EQ(slowDecode(Format::F16, bytes, 3 * 16, 16, 1), 0.0f); // the padding of the last pair
  }
}

TEST_F(PackerTest, rotaryRowsKeepTheirBlocks) {
  // GGUF: "attn_q.weight" as [kv group hd/2 two, d] as [two hd/2 -> hd].
  for (const char *format : formats) {
    StoredOp op = parse("heddle.stored @wq [\"t\"] digits [array<i64: 3, 2048>, array<i64: 2, 256, 4, 512>, "
                        "array<i64: 256, 1>] : " +
                        typeText("kv = 3, hd = 8, d = 256", format));
    ASSERT_TRUE(op);
    Packing packing = choosePanels(op, {"kv", "hd"}, {"d"}, 16);
    EXPECT_EQ(stringifyFormat(packing.format), format);
    PackPlan plan(source);
    cantFail(plan.add(op, packing));
    compare(op, source, plan.weights()[0], write(plan));
  }
}

TEST_F(PackerTest, whatDoesNotKeepItsBlocksIsFloat32) {
  struct {
    const char *digits, *attributes;
  } cases[] = {
      {"[array<i64: 64, 1>, array<i64: 64, 64>]", ""},                     // transposed
      {"[array<i64: 64, 64>, array<i64: 64, 1>]", "{offset = 16 : i64}"},  // begins within a block
      {"[array<i64: 64, 80>, array<i64: 64, 1>]", ""},                     // rows begin within blocks
      {"[array<i64: 64, 64>, array<i64: 2, 1, 32, 2>]", ""},               // columns interleaved
      {"[array<i64: 64, 64>, array<i64: 64, 1>]", "{scale = 0.25 : f64}"}, // scaled
      {"[array<i64: 64, 64>, array<i64: 64, 1>]", "{add = 1.0 : f64}"},    // one added
  };
  for (auto &one : cases) {
    StoredOp op = parse(std::string("heddle.stored @w [\"t\"] digits ") + one.digits + " " + one.attributes +
                        " : !heddle.tensor<r = 64, k = 64 : q4_1>");
    ASSERT_TRUE(op);
    Packing packing = choosePanels(op, {"r"}, {"k"}, 16);
    EXPECT_EQ(packing.format, Format::F32) << one.digits << one.attributes;
    PackPlan plan(source);
    cantFail(plan.add(op, packing));
    compare(op, source, plan.weights()[0], write(plan));
  }
}

TEST_F(PackerTest, columnsOfSeveralAxesAndTensors) {
  // One tensor for each expert; columns are two axes in the order that they are not stored in.
  for (const char *format : {"f32", "f16", "q8_0"}) {
    StoredOp op =
        parse("heddle.stored @w [\"a\", \"b\", \"c\"] digits [array<i64: 3, -1>, array<i64: 5, 64>, "
              "array<i64: 2, 320>, array<i64: 32, 1>] : " +
              typeText("E = 3, f = 5, x = 2, y = 32", format));
    ASSERT_TRUE(op);
    PackPlan plan(source);
    cantFail(plan.add(op, choosePanels(op, {"E", "f"}, {"x", "y"}, 16)));
    cantFail(plan.add(op, choosePanels(op, {"f", "x"}, {"E", "y"}, 16)));
    cantFail(plan.add(op, choosePanels(op, {"y"}, {"E", "x", "f"}, 8)));
    auto bytes = write(plan);
    ASSERT_EQ(plan.weights().size(), 3u);
    for (const PackedWeight &weight : plan.weights())
      compare(op, source, weight, bytes);
  }
}

TEST_F(PackerTest, denseInAnyOrder) {
  for (const char *format : formats)
    for (const char *attributes : {"", "{scale = 3.0 : f64, add = -0.5 : f64}"}) {
      StoredOp op = parse(
          "heddle.stored @w [\"t\"] digits [array<i64: 3, 320>, array<i64: 5, 64>, array<i64: 64, 1>] " +
          std::string(attributes) + " : " + typeText("a = 3, b = 5, c = 64", format));
      ASSERT_TRUE(op);
      PackPlan plan(source);
      for (const char *text : {"dense [a b c]", "dense [c a b]", "dense [b c a]"})
        cantFail(plan.add(op, cantFail(Packing::parse(text))));
      auto bytes = write(plan);
      for (const PackedWeight &weight : plan.weights())
        compare(op, source, weight, bytes);
    }
}

TEST_F(PackerTest, quantisesWhatIsAskedFor) {
  double tolerances[] = {0, 1e-3, 8e-3, 5e-3, 8e-2, 4e-2, 4e-2, 2e-2, 3e-2, 1e-2}; // of numbers below 0.11
  for (auto [format, tolerance] : llvm::zip(formats, tolerances)) {
    StoredOp op =
        parse("heddle.stored @w [\"t\"] digits [array<i64: 20, 256>, array<i64: 256, 1>] {quantize = \"" +
              std::string(format) + "\"} : !heddle.tensor<r = 20, k = 256>");
    Packing packing = choosePanels(op, {"r"}, {"k"}, 16);
    EXPECT_EQ(stringifyFormat(packing.format), format);
    PackPlan plan(source);
    cantFail(plan.add(op, packing));
    compare(op, source, plan.weights()[0], write(plan), tolerance);
  }
}

TEST_F(PackerTest, quantisesInSmallerBlocksWhereLargeOnesDoNotFit) {
  StoredOp op = parse("heddle.stored @w [\"t\"] digits [array<i64: 20, 96>, array<i64: 96, 1>] "
                      "{quantize = \"q4_k\"} : !heddle.tensor<r = 20, k = 96>");
  EXPECT_EQ(choosePanels(op, {"r"}, {"k"}, 16).format, Format::Q5_0);
  StoredOp none = parse("heddle.stored @w [\"t\"] digits [array<i64: 20, 40>, array<i64: 40, 1>] "
                        "{quantize = \"q4_k\"} : !heddle.tensor<r = 20, k = 40>");
  EXPECT_EQ(choosePanels(none, {"r"}, {"k"}, 16).format, Format::F32);
}

TEST_F(PackerTest, whatCannotBeRounded) {
  StoredOp op = parse("heddle.stored @w [\"t\"] digits [array<i64: 20, 256>, array<i64: 256, 1>] "
                      "{quantize = \"iq3_s\"} : !heddle.tensor<r = 20, k = 256>");
  PackPlan plan(source);
  EXPECT_EQ(llvm::toString(plan.add(op, choosePanels(op, {"r"}, {"k"}, 16)).takeError()),
            "weight 'w': numbers cannot be rounded to iq3_s");
}

TEST_F(PackerTest, largeWeightsInManyPieces) {
  StoredOp op = parse("heddle.stored @w [\"t\"] digits [array<i64: 3001, 512>, array<i64: 512, 1>] : "
                      "!heddle.tensor<r = 3001, k = 512>");
  PackPlan plan(source);
  cantFail(plan.add(op, cantFail(Packing::parse("dense [k r]"))));
  uint64_t offset = cantFail(plan.add(op, choosePanels(op, {"r"}, {"k"}, 16)));
  EXPECT_EQ(offset % 4096, 0u);
  auto bytes = write(plan);
  ASSERT_EQ(bytes.size(), plan.bytes());
  for (const PackedWeight &weight : plan.weights())
    compare(op, source, weight, bytes);
}

TEST_F(PackerTest, sameWeightOnce) {
  module = mlir::parseSourceString<mlir::ModuleOp>(
      "heddle.stored @embed [\"e\"] digits [array<i64: 40, 32>, array<i64: 32, 1>] : !heddle.tensor<vocab = "
      "40, d = 32>\n"
      "heddle.stored @head [\"e\"] digits [array<i64: 40, 32>, array<i64: 32, 1>] : !heddle.tensor<words = "
      "40, d = 32>\n"
      "heddle.stored @other [\"e\"] digits [array<i64: 40, 32>, array<i64: 32, 1>] {scale = 2.0 : f64} : "
      "!heddle.tensor<vocab = 40, d = 32>",
      &context);
  auto ops = llvm::to_vector(module->getOps<StoredOp>());
  PackPlan plan(source);
  auto first = cantFail(plan.add(ops[0], choosePanels(ops[0], {"vocab"}, {"d"}, 16)));
  EXPECT_EQ(cantFail(plan.add(ops[1], choosePanels(ops[1], {"words"}, {"d"}, 16))), first);
  EXPECT_NE(cantFail(plan.add(ops[2], choosePanels(ops[2], {"vocab"}, {"d"}, 16))), first);
  EXPECT_NE(cantFail(plan.add(ops[0], cantFail(Packing::parse("dense [vocab d]")))), first);
  EXPECT_EQ(plan.weights().size(), 3u);
  for (const PackedWeight &weight : plan.weights())
    EXPECT_EQ(weight.offset % 64, 0u);
}

TEST_F(PackerTest, constants) {
  mlir::Builder builder(&context);
  auto floats = mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({3}, builder.getF32Type()),
                                             llvm::ArrayRef<float>{1.5f, -2.0f, 0.0f});
  auto splat = mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({2, 2}, builder.getI32Type()),
                                            llvm::ArrayRef<int32_t>{-9});
  PackPlan plan(source);
  uint64_t first = cantFail(plan.addConstant("freq", floats, cantFail(Packing::parse("dense [hd]"))));
  uint64_t second = cantFail(plan.addConstant("ids", splat, cantFail(Packing::parse("dense [a b]"))));
  auto bytes = write(plan);
  EXPECT_EQ(llvm::bit_cast<float>(word(bytes, first / 4 + 1)), -2.0f);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(static_cast<int32_t>(word(bytes, second / 4 + i)), -9);
}

TEST_F(PackerTest, errorsNameTheWeight) {
  auto message = [&](const std::string &digits, StringRef tensors) {
    StoredOp op = parse("heddle.stored @\"block.0.wq\" " + tensors.str() + " digits " + digits +
                        " : !heddle.tensor<r = 4, k = 32>");
    PackPlan plan(source);
    auto result = plan.add(op, cantFail(Packing::parse("dense [r k]")));
    return result ? std::string("no error") : llvm::toString(result.takeError());
  };
  std::string fits = "weight 'block.0.wq': its digits do not fit its tensors";
  EXPECT_EQ(message("[array<i64: 4, 32>, array<i64: 32, 1>]", "[\"t\", \"u\"]"), fits);
  EXPECT_EQ(message("[array<i64: 4, -1>, array<i64: 32, 1>]", "[\"t\"]"), fits);
  EXPECT_EQ(message("[array<i64: 4, 4611686018427387904>, array<i64: 32, 1>]", "[\"t\"]"), fits);
  EXPECT_EQ(message("[array<i64: 4, -7>, array<i64: 32, 1>]", "[\"t\"]"), fits);
}

TEST_F(PackerTest, partsOfDrawnWeightsAreTheSameNumbers) {
  StoredOp op =
      parse("heddle.stored @w [] digits [array<i64: 4, 8>, array<i64: 8, 1>] : !heddle.tensor<r = 4, k = 8>");
  StoredSource drawn(5);
  drawn.nameTensors(*module);
  mlir::OpBuilder builder(op);
  auto part = llvm::cast<StoredOp>(builder.clone(*op));
  part.setSymName("w.part");
  part.setOffset(2);
  part.setTypeAttr(mlir::TypeAttr::get(tensorType(&context, {"r", "k"}, {4, 3})));
  part.setDigitsAttr(
      builder.getArrayAttr({builder.getDenseI64ArrayAttr({4, 8}), builder.getDenseI64ArrayAttr({3, 1})}));
  PackPlan whole(drawn), slice(drawn);
  cantFail(whole.add(op, cantFail(Packing::parse("dense [r k]"))));
  cantFail(slice.add(part, cantFail(Packing::parse("dense [r k]"))));
  auto all = write(whole), some = write(slice);
  for (int r = 0; r < 4; ++r)
    for (int k = 0; k < 3; ++k)
      EXPECT_EQ(word(some, r * 3 + k), word(all, r * 8 + k + 2));
}

TEST_F(PackerTest, partsHavePanelsOfTheirOwn) {
  StoredOp op = parse("heddle.stored @w [] digits [array<i64: 3, 40>, array<i64: 20, 2>, array<i64: 2, 1>] : "
                      "!heddle.tensor<e = 3, r = 20, k = 2>");
  StoredSource drawn(5);
  drawn.nameTensors(*module);
  PackPlan plan(drawn), plain(drawn);
  cantFail(plan.add(op, cantFail(Packing::parse("panels 16 f32 [r] over [k] each [e]"))));
  cantFail(plain.add(op, cantFail(Packing::parse("dense [e r k]"))));
  auto panels = write(plan), all = write(plain);
  for (int e = 0; e < 3; ++e)
    for (int r = 0; r < 32; ++r)
      for (int k = 0; k < 2; ++k)
        EXPECT_EQ(word(panels, ((e * 2 + r / 16) * 2 + k) * 16 + r % 16),
                  r < 20 ? word(all, (e * 20 + r) * 2 + k) : 0u);
}

TEST_F(PackerTest, readsCheckpoints) {
  // Two halves and a float32 tensor, the latter at an odd address; and integers beyond what a float32 keeps.
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("heddle-packer", folder));
  std::string header = R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                       R"("i":{"dtype":"I64","shape":[1],"data_offsets":[4,12]},)"
                       R"("f":{"dtype":"F32","shape":[2,3],"data_offsets":[12,36]}})";
  uint64_t headerSize = header.size();
  uint16_t halves[] = {0x3c00, 0xc000};
  int64_t integer = 16777217;
  float floats[] = {1, 2, 3, 4, 5, 6};
  {
    std::error_code code;
    llvm::raw_fd_ostream os((folder + "/model.safetensors").str(), code);
    auto raw = [&](const auto &value) { os.write(reinterpret_cast<const char *>(&value), sizeof value); };
    raw(headerSize);
    os << header;
    raw(halves);
    raw(integer);
    raw(floats);
    llvm::raw_fd_ostream config((folder + "/config.json").str(), code);
    config << R"({"model_type": "test"})";
  }
  auto checkpoint = cantFail(openCheckpoint(folder));
  StoredSource files(*checkpoint);
  auto packed = [&](const std::string &text, const char *packing) {
    PackPlan plan(files);
    StoredOp op = parse(text);
    cantFail(plan.add(op, cantFail(Packing::parse(packing))));
    return write(plan);
  };
  auto turned = packed("heddle.stored @f [\"f\"] digits [array<i64: 2, 3>, array<i64: 3, 1>] : "
                       "!heddle.tensor<r = 2, k = 3>",
                       "dense [k r]");
  const float expected[] = {1, 4, 2, 5, 3, 6};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(llvm::bit_cast<float>(word(turned, i)), expected[i]);
  auto pair = packed("heddle.stored @h [\"h\"] digits [array<i64: 1, 0>, array<i64: 2, 1>] : "
                     "!heddle.tensor<r = 1, k = 2 : f16>",
                     "panels 16 f16 [r] over [k]");
  EXPECT_EQ(word(pair, 0), 0xc0003c00u);
  auto number =
      packed("heddle.stored @i [\"i\"] digits [array<i64: 1, 1>] : !heddle.tensor<r = 1 : i32>", "dense [r]");
  EXPECT_EQ(word(number, 0), 16777217u);

  auto message = [&](const std::string &text) {
    PackPlan plan(files);
    return llvm::toString(plan.add(parse(text), cantFail(Packing::parse("dense [r]"))).takeError());
  };
  EXPECT_EQ(message("heddle.stored @x [\"y\"] digits [array<i64: 2, 1>] : !heddle.tensor<r = 2>"),
            "weight 'x': the checkpoint has no tensor 'y'");
  EXPECT_EQ(message("heddle.stored @x [\"f\"] digits [array<i64: 7, 1>] : !heddle.tensor<r = 7>"),
            "weight 'x': tensor 'f' has 6 elements, expected 7");
  llvm::sys::fs::remove_directories(folder);
}

TEST_F(PackerTest, aFailingSinkEndsIt) {
  StoredOp op = parse("heddle.stored @w [\"t\"] digits [array<i64: 3001, 512>, array<i64: 512, 1>] : "
                      "!heddle.tensor<r = 3001, k = 512>");
  PackPlan plan(source);
  cantFail(plan.add(op, choosePanels(op, {"r"}, {"k"}, 16)));
  auto error = plan.write([&](llvm::ArrayRef<uint8_t>) { return llvm::createStringError("full"); });
  EXPECT_EQ(llvm::toString(std::move(error)), "full");
}

TEST(Packing, textAndBack) {
  for (StringRef text : {"dense [a b/2 c']", "dense []", "panels 16 q4_1 [kv group hd] over [d]",
                         "panels 8 f32 [a] over []", "panels 16 f16 [a] over [b] each [c d]"})
    EXPECT_EQ(cantFail(Packing::parse(text)).str(), text);
  for (StringRef text : {"", "dense", "dense [a", "panels [a] over [b]", "panels 0 f32 [a] over [b]",
                         "panels 16 q9 [a] over [b]", "panels 16 f32 [a]", "dense [a] b",
                         "panels 16 f32 [a] over [b] each", "panels 16 f32 [a] over [b] each []"}) {
    auto packing = Packing::parse(text);
    EXPECT_FALSE(static_cast<bool>(packing)) << text.str();
    llvm::consumeError(packing.takeError());
  }
}

TEST(Halves, roundToNearestEven) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = halfToFloat(static_cast<uint16_t>(bits));
    if (!std::isnan(value))
      EXPECT_EQ(floatToHalf(value), bits);
  }
  EXPECT_EQ(floatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(floatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(floatToHalf(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(floatToHalf(1.0f + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(floatToHalf(0x1p-25f), 0);
  EXPECT_EQ(floatToHalf(0x1.8p-24f), 2);
  EXPECT_EQ(floatToBfloat(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(floatToBfloat(1.0f + 3 * 0x1p-8f), 0x3f82);
}
