#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/Checkpoint.h"
#include "test/unit/checkpoint/Builders.h"

using namespace heddle;
using namespace heddle::test;

namespace {

std::string shapeText(std::vector<int64_t> shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "[" : ",") + std::to_string(extent);
  return text + "]";
}

/// A folder with a matrix of 8 rows and 64 columns in two groups, all of whose codes and stored zeros are 7,
/// with a scale of 0.5; but for what a test changes.
struct Folder {
  struct Part {
    std::string name, type;
    std::vector<int64_t> shape;
    Bytes data;
  };

  Folder(const std::string &quantization) : quantization(quantization) {
    parts = {{"w.qweight", "I32", {8, 8}, words(64, 0x77777777)},
             {"w.qzeros", "I32", {2, 1}, words(2, 0x77777777)},
             {"w.scales", "F32", {2, 8}, scales(16)},
             {"w.g_idx", "I32", {64}, groups()}};
  }

  static Bytes words(size_t count, uint32_t word) {
    Bytes bytes;
    for (size_t i = 0; i < count; ++i)
      bytes.number<uint32_t>(word);
    return bytes;
  }
  static Bytes scales(size_t count) {
    Bytes bytes;
    for (size_t i = 0; i < count; ++i)
      bytes.number<float>(0.5f);
    return bytes;
  }
  static Bytes groups() {
    Bytes bytes;
    for (int32_t column = 0; column < 64; ++column)
      bytes.number<int32_t>(column / 32);
    return bytes;
  }
  void setWord(size_t part, size_t index, uint32_t word) {
    std::memcpy(parts[part].data.data.data() + 4 * index, &word, 4);
  }

  llvm::Expected<std::unique_ptr<Checkpoint>> open() {
    std::string header = "{";
    Bytes data;
    for (const Part &part : parts) {
      size_t begin = data.data.size();
      data.append(part.data);
      header += (header.size() > 1 ? ",\"" : "\"") + part.name + R"(":{"dtype":")" + part.type +
                R"(","shape":)" + shapeText(part.shape) + R"(,"data_offsets":[)" + std::to_string(begin) +
                "," + std::to_string(data.data.size()) + "]}";
    }
    folder.write("config.json", R"({"model_type": "tiny", "quantization_config": )" + quantization + "}");
    folder.write("model.safetensors", safetensors(header + "}", data));
    return openCheckpoint(folder.path());
  }
  /// Row `row`, 64 numbers.
  std::vector<float> row(int64_t row) {
    auto checkpoint = open();
    EXPECT_TRUE(!!checkpoint) << llvm::toString(checkpoint.takeError());
    std::vector<float> numbers(64);
    dequantize(*(*checkpoint)->find("w.weight"), 64 * row, 64, numbers.data());
    return numbers;
  }
  std::string refuse() {
    std::string message = messageOf(open());
    size_t at = message.find(folder.path());
    return at == std::string::npos ? message : message.replace(at, folder.path().size(), "F");
  }

  std::string quantization;
  std::vector<Part> parts;
  TemporaryFolder folder;
};

constexpr char gptq[] = R"({"quant_method": "gptq", "bits": 4, "group_size": 32})";
constexpr char gptqV2[] = R"({"quant_method": "gptq", "group_size": 32, "checkpoint_format": "gptq_v2"})";
constexpr char gptq8[] = R"({"quant_method": "gptq", "bits": 8, "group_size": 32})";
constexpr char awq[] = R"({"quant_method": "awq", "bits": 4, "group_size": 32, "version": "GEMM"})";
const std::string tensor = "F/model.safetensors: header: tensor 'w.", remedy = "; take the model in GGUF";

} // namespace

TEST(PackedGroups, Gptq) {
  Folder folder(gptq);
  EXPECT_EQ(folder.row(0), std::vector<float>(64, -0.5f)); // zeros are one more than stored
  folder.setWord(0, 3, 0xfedcba98);                        // row 3, columns 0 to 7
  folder.setWord(0, 8 * 7 + 3, 0x77777770);                // columns 56 to 63
  folder.setWord(1, 1, 0x77707777);                        // row 4 in the second group
  std::vector<float> row = folder.row(3);
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(row[i], 0.5f * i);
  EXPECT_EQ(row[8], -0.5f);
  EXPECT_EQ(row[56], -4.0f);
  EXPECT_EQ(row[57], -0.5f);
  EXPECT_EQ(folder.row(4)[31], -0.5f);
  EXPECT_EQ(folder.row(4)[32], 3.0f);
  auto checkpoint = folder.open();
  ASSERT_TRUE(!!checkpoint);
  EXPECT_EQ((*checkpoint)->tensors().size(), 1u);
  EXPECT_EQ((*checkpoint)->tensors()[0].type, StorageType::Q4_1);
  EXPECT_EQ((*checkpoint)->configValue("quantization_config"), nullptr);
}

TEST(PackedGroups, GptqOfTheSecondVersion) { EXPECT_EQ(Folder(gptqV2).row(0), std::vector<float>(64, 0.0f)); }

TEST(PackedGroups, GptqOfEightBits) {
  Folder folder(gptq8);
  folder.parts[0].shape = {16, 8};
  folder.parts[0].data = Folder::words(128, 0x80808080);
  folder.parts[1].shape = {2, 2};
  folder.parts[1].data = Folder::words(4, 0x7f7f7f7f);
  folder.setWord(0, 8 + 2, 0xff008182); // row 2, columns 4 to 7
  std::vector<float> row = folder.row(2);
  EXPECT_EQ(row[3], 0.0f);
  EXPECT_EQ(row[4], 1.0f);
  EXPECT_EQ(row[5], 0.5f);
  EXPECT_EQ(row[6], -64.0f);
  EXPECT_EQ(row[7], 63.5f);
  folder.setWord(1, 3, 0x7f7e7f7f);
  EXPECT_EQ(folder.refuse(), tensor + "qzeros': expected zeros of 128 beside 8 bits, found 127" + remedy);
}

TEST(PackedGroups, Awq) {
  Folder folder(awq);
  folder.parts.pop_back(); // no g_idx
  folder.parts[0].shape = {64, 1};
  EXPECT_EQ(folder.row(5), std::vector<float>(64, 0.0f));
  folder.setWord(0, 40, 0xfedcba98); // column 40: rows 0 2 4 6 1 3 5 7
  const float meant[] = {8, 12, 9, 13, 10, 14, 11, 15};
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(folder.row(i)[40], 0.5f * (meant[i] - 7)) << i;
}

TEST(PackedGroups, Compressed) {
  Folder folder(R"({"quant_method": "compressed-tensors", "format": "pack-quantized",
                    "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}}})");
  folder.parts = {{"w.weight_packed", "I32", {8, 8}, Folder::words(64, 0x77777777)},
                  {"w.weight_scale", "F32", {8, 2}, Folder::scales(16)},
                  {"w.weight_shape", "I64", {2}, Folder::words(4, 8)}};
  EXPECT_EQ(folder.row(0), std::vector<float>(64, -0.5f)); // without zeros they are 8
  folder.setWord(0, 8 * 3 + 5, 0xfedcba98);                // row 3, columns 40 to 47
  folder.setWord(1, 3 * 2 + 1, 0x40000000);                // the scale of its second group: 2
  std::vector<float> row = folder.row(3);
  EXPECT_EQ(row[31], -0.5f);
  EXPECT_EQ(row[39], -2.0f);
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(row[40 + i], 2.0f * i);
  folder.parts.push_back({"w.weight_zero_point", "I32", {1, 2}, Folder::words(2, 0x77777777)});
  folder.setWord(3, 1, 0x77776777); // row 3 in the second group
  EXPECT_EQ(folder.row(2), std::vector<float>(64, 0.0f));
  EXPECT_EQ(folder.row(3)[39], 2.0f);
  auto checkpoint = folder.open();
  ASSERT_TRUE(!!checkpoint);
  EXPECT_EQ((*checkpoint)->tensors().size(), 1u);
}

TEST(PackedGroups, Bytes) {
  Folder folder(R"({"quant_method": "compressed-tensors", "format": "int-quantized"})");
  Bytes codes;
  for (int i = 0; i < 3 * 64; ++i)
    codes.number<int8_t>(static_cast<int8_t>(i == 70 ? -128 : i == 71 ? 127 : 2));
  folder.parts = {{"w.weight", "I8", {3, 64}, codes},
                  {"w.weight_scale", "F32", {3, 1}, Folder::scales(3)},
                  {"norm.weight", "F32", {2}, Folder::scales(2)}};
  std::vector<float> row = folder.row(1);
  EXPECT_EQ(row[5], 1.0f);
  EXPECT_EQ(row[6], -64.0f);
  EXPECT_EQ(row[7], 63.5f);
  auto checkpoint = folder.open();
  ASSERT_TRUE(!!checkpoint);
  EXPECT_EQ((*checkpoint)->tensors().size(), 2u);
  EXPECT_EQ((*checkpoint)->find("w.weight")->type, StorageType::Q8_0);
  folder.parts.push_back({"w.weight_zero_point", "I32", {0, 1}, Bytes()});
  EXPECT_EQ(folder.refuse(),
            tensor + "weight_zero_point': expected no zeros beside bytes, found [0, 1] of I32" + remedy);
  folder.parts.pop_back();
  folder.parts[1].shape = {1, 3};
  EXPECT_EQ(folder.refuse(),
            tensor +
                "weight': expected columns and groups in multiples of 32, of groups of 22, found "
                "[3, 64] of I8" +
                remedy);
}

TEST(PackedGroups, OneGroupOfAllColumns) {
  Folder folder(R"({"quant_method": "gptq", "group_size": -1})");
  folder.parts[1] = {"w.qzeros", "I32", {1, 1}, Folder::words(1, 0x77777777)};
  folder.parts[2] = {"w.scales", "F32", {1, 8}, Folder::scales(8)};
  folder.parts.pop_back();
  EXPECT_EQ(folder.row(7), std::vector<float>(64, -0.5f));
}

TEST(PackedGroups, Refuses) {
  Folder folder(gptq);
  folder.setWord(3, 9, 1);
  EXPECT_EQ(folder.refuse(),
            tensor +
                "g_idx': expected columns in the order of their groups, found column 9 in group 1 "
                "(desc_act)" +
                remedy);
  folder.parts[3].shape = {8, 8};
  folder.parts[3].type = "F32";
  EXPECT_EQ(folder.refuse(), tensor + "g_idx': expected 64 numbers of I32, found [8, 8] of F32" + remedy);
  folder.parts.pop_back();
  folder.parts[2].shape = {8, 2};
  EXPECT_EQ(folder.refuse(), tensor + "scales': expected [2, 8] of F16, found [8, 2] of F32" + remedy);
  folder.parts.pop_back();
  EXPECT_EQ(folder.refuse(), tensor + "qweight': expected a tensor 'w.scales' beside it, found none");
  folder.parts[0].shape = {1, 8, 8};
  EXPECT_EQ(folder.refuse(),
            tensor + "qweight': expected words of I32, a matrix, found [1, 8, 8] of I32" + remedy);
  folder.parts[0].shape = {2, 32};
  EXPECT_EQ(
      folder.refuse(),
      tensor +
          "qweight': expected columns and groups in multiples of 32, of groups of 32, found [2, 32] of I32" +
          remedy);

  const std::string key = "F/config.json: key 'quantization_config";
  EXPECT_EQ(Folder(R"({"quant_method": "gptq", "bits": 3})").refuse(),
            key + "': expected 4 or 8 bits, found 3; take the model in GGUF");
  EXPECT_EQ(Folder(R"({"quant_method": "awq", "bits": 8})").refuse(),
            key + "': expected 4 bits, found 8; take the model in GGUF");
  EXPECT_EQ(Folder(R"({"quant_method": "awq", "version": "gemv"})").refuse(),
            key + ".version': expected 'gemm', found 'gemv'; take the model in GGUF");
}
