#include "frontend/checkpoint/Float8.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "test/unit/checkpoint/Builders.h"
#include <cmath>

using namespace heddle;
using namespace heddle::test;

namespace {

constexpr uint8_t one = 0x38, two = 0x40; // in float8

/// A folder with the matrix "w.weight" of `shape`, all ones but for the last, and the scales
/// "w.weight`suffix`".
class Folder {
public:
  Folder(const std::string &shape, size_t elements, const std::string &suffix, const std::string &scaleShape,
         const std::vector<float> &scales, const std::string &quantization = R"({"quant_method": "fp8"})",
         const std::string &more = "") {
    Bytes data;
    data.data.assign(elements, one);
    data.data.back() = two;
    std::string end = std::to_string(elements), last = std::to_string(elements + 4 * scales.size());
    for (float scale : scales)
      data.number(scale);
    folder.write("config.json", R"({"model_type": "tiny", "quantization_config": )" + quantization + "}");
    folder.write("model.safetensors",
                 safetensors(R"({"w.weight":{"dtype":"F8_E4M3","shape":)" + shape + R"(,"data_offsets":[0,)" +
                                 end + R"(]},"w.weight)" + suffix + R"(":{"dtype":"F32","shape":)" +
                                 scaleShape + R"(,"data_offsets":[)" + end + "," + last + "]}" + more + "}",
                             data));
  }

  std::unique_ptr<Checkpoint> open() {
    auto checkpoint = openCheckpoint(folder.path());
    EXPECT_TRUE(!!checkpoint) << llvm::toString(checkpoint.takeError());
    return std::move(*checkpoint);
  }
  std::string refuse() {
    std::string message = messageOf(openCheckpoint(folder.path()));
    size_t at = message.find(folder.path());
    return at == std::string::npos ? message : message.replace(at, folder.path().size(), "F");
  }
  std::vector<float> read(int64_t first, int64_t count) {
    auto checkpoint = open();
    std::vector<float> numbers(count);
    dequantize(*checkpoint->find("w.weight"), first, count, numbers.data());
    return numbers;
  }

private:
  TemporaryFolder folder;
};

using Numbers = std::vector<float>;

} // namespace

// The numbers are those of ml_dtypes' float8_e4m3fn.
TEST(Float8, Codes) {
  const uint8_t codes[] = {0x00, 0x01, 0x07, 0x08, 0x0f, 0x38, 0x3f, 0x7e, 0xb8, 0xfe};
  const float meant[] = {0, 0x1p-9f, 0x1.cp-7f, 0x1p-6f, 0x1.ep-6f, 1, 1.875f, 448, -1, -448};
  float out[std::size(codes)];
  dequantize(StorageType::F8_E4M3, codes, std::size(codes), out);
  for (size_t i = 0; i < std::size(codes); ++i)
    EXPECT_EQ(out[i], meant[i]) << i;
  const uint8_t none[] = {0x7f, 0xff, 0x80};
  dequantize(StorageType::F8_E4M3, none, 3, out);
  EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[1]));
  EXPECT_TRUE(out[2] == 0 && std::signbit(out[2]));
}

TEST(Float8, ScalesOfBlocks) {
  Folder folder("[3,5]", 15, "_scale_inv", "[2,3]", {1, 2, 3, 4, 5, 6},
                R"({"quant_method": "fp8", "weight_block_size": [2, 2]})");
  EXPECT_EQ(folder.read(0, 15), (Numbers{1, 1, 2, 2, 3, 1, 1, 2, 2, 3, 4, 4, 5, 5, 12}));
  EXPECT_EQ(folder.read(3, 9), (Numbers{2, 3, 1, 1, 2, 2, 3, 4, 4}));
}

TEST(Float8, ScalesOfRowsAndOfAll) {
  EXPECT_EQ(Folder("[3,2]", 6, "_scale", "[3,1]", {1, 2, 3}).read(0, 6), (Numbers{1, 1, 2, 2, 3, 6}));
  EXPECT_EQ(Folder("[3,2]", 6, "_scale", "[3]", {1, 2, 3}).read(0, 6), (Numbers{1, 1, 2, 2, 3, 6}));
  EXPECT_EQ(Folder("[3,2]", 6, "_scale_inv", "[]", {3}).read(2, 4), (Numbers{3, 3, 3, 6}));
  EXPECT_EQ(Folder("[2,1,3]", 6, "_scale", "[2,1,1]", {1, 2}).read(0, 6),
            (Numbers{1, 1, 1, 2, 2, 4})); // experts
  EXPECT_EQ(Folder("[3]", 3, "_scale", "[1]", {2}).read(0, 3), (Numbers{2, 2, 4}));
}

TEST(Float8, ProductsAreRoundedToBfloat) {
  // 1 + 2^-8 lies between two bfloat16 and goes to the even one; 1 + 3 * 2^-8 likewise.
  EXPECT_EQ(Folder("[2,1]", 2, "_scale", "[2]", {1 + 0x1p-8f, 1 + 0x1.8p-7f}).read(0, 2),
            (Numbers{1, 2 * (1 + 0x1p-6f)}));
}

TEST(Float8, ScalesAndConfigAreNoPageConcern) {
  Folder folder("[3,2]", 6, "_scale", "[3,1]", {1, 2, 3}, R"({"quant_method": "fbgemm_fp8"})",
                R"(,"w.input_scale":{"dtype":"U8","shape":[0],"data_offsets":[18,18]})");
  auto checkpoint = folder.open();
  EXPECT_EQ(checkpoint->tensors().size(), 1u);
  EXPECT_EQ(checkpoint->find("w.weight_scale"), nullptr);
  EXPECT_EQ(checkpoint->configValue("quantization_config"), nullptr);
  EXPECT_EQ(checkpoint->configValue("model_type")->getAsString(), "tiny");
}

TEST(Float8, OtherQuantizations) {
  Folder mxfp4("[1]", 1, "_scale", "[]", {1}, R"({"quant_method": "mxfp4"})"); // a page's concern
  EXPECT_NE(mxfp4.open()->configValue("quantization_config"), nullptr);
  const std::string key = "F/config.json: key 'quantization_config.",
                    remedy = "; take the model in GGUF, or as it was before it was quantised";
  EXPECT_EQ(Folder("[1]", 1, "_scale", "[]", {1}, R"({"quant_method": "bitsandbytes"})").refuse(),
            key +
                "quant_method': expected 'fp8', 'fbgemm_fp8', 'gptq', 'awq', 'compressed-tensors' or "
                "'mxfp4', found "
                "'bitsandbytes'" +
                remedy);
  EXPECT_EQ(
      Folder("[1]", 1, "_scale", "[]", {1},
             R"({"quant_method": "compressed-tensors", "format": "marlin-24"})")
          .refuse(),
      key + "format': expected 'float-quantized', 'pack-quantized' or 'int-quantized', found 'marlin-24'" +
          remedy);
}

TEST(Float8, BlocksOfCompressedTensors) {
  Folder compressed("[3,4]", 12, "_scale", "[2,2]", {1, 2, 3, 4}, R"({"quant_method": "compressed-tensors",
    "format": "float-quantized", "config_groups": {"group_0": {"weights": {"block_structure": [2, 3]}}}})");
  EXPECT_EQ(compressed.open()->configValue("quantization_config"), nullptr);
  EXPECT_EQ(compressed.read(0, 12), (Numbers{1, 1, 1, 2, 1, 1, 1, 2, 3, 3, 3, 8}));
}

TEST(Float8, RefusesScales) {
  EXPECT_EQ(Folder("[3,2]", 6, "_zero", "[3]", {1, 2, 3}).refuse(),
            "F/model.safetensors: header: tensor 'w.weight': expected a tensor of its scales, "
            "'w.weight_scale_inv' or "
            "'w.weight_scale', found none");
  const std::string
      expected = "F/model.safetensors: header: tensor 'w.weight_scale': expected scales for the rows or "
                 "blocks of 'w.weight', ",
      remedy = "; blocks of 128 x 128 were expected; quantization_config may say otherwise";
  EXPECT_EQ(Folder("[3,2]", 6, "_scale", "[2]", {1, 2}).refuse(),
            expected + "[3, 2], found [2] of F32" + remedy);
  EXPECT_EQ(Folder("[3,2]", 6, "_scale", "[1,3,1]", {1, 2, 3}).refuse(),
            expected + "[3, 2], found [1, 3, 1] of F32" + remedy);
  EXPECT_EQ(Folder("[2,1,3]", 6, "_scale", "[3,1,1]", {1, 2, 3}).refuse(),
            expected + "[2, 1, 3], found [3, 1, 1] of F32" + remedy);
}
