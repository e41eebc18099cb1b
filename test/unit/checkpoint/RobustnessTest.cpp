// Small valid files, cut at every length and with every byte changed: a clean
// error or a result that can be read, never anything else.
#include "frontend/checkpoint/Gguf.h"
#include "frontend/checkpoint/HuggingFace.h"
#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/Safetensors.h"
#include "test/unit/checkpoint/Builders.h"
#include "test/unit/checkpoint/Touch.h"

using namespace heddle;
using namespace heddle::test;

/// Whether the bytes are read as a GGUF file, after touching all of it.
static bool readsGguf(llvm::ArrayRef<uint8_t> bytes) {
  ExactCopy copy(bytes);
  auto contents = parseGguf(copy.bytes(), "f");
  if (!contents) {
    EXPECT_EQ(llvm::toString(contents.takeError()).find("f: "), 0u);
    return false;
  }
  touch(contents->tensors);
  touch(contents->metadata);
  llvm::StringMap<std::string> keys;
  llvm::consumeError(ggufConfig(contents->metadata, "f", keys).takeError());
  return true;
}

static bool readsSafetensors(llvm::ArrayRef<uint8_t> bytes) {
  ExactCopy copy(bytes);
  auto tensors = parseSafetensors(copy.bytes(), "f");
  if (!tensors) {
    EXPECT_EQ(llvm::toString(tensors.takeError()).find("f: "), 0u);
    return false;
  }
  llvm::Error error = joinPackedGroups(*tensors, {});
  if (!error)
    error = joinFloat8(*tensors, {2, 2});
  if (error) {
    EXPECT_EQ(llvm::toString(std::move(error)).find("f: "), 0u);
    return false;
  }
  touch(*tensors);
  return true;
}

static bool readsIndex(llvm::ArrayRef<uint8_t> bytes) {
  ExactCopy copy(bytes);
  llvm::StringRef text(reinterpret_cast<const char *>(copy.bytes().data()), bytes.size());
  auto index = parseShardIndex(text, "f");
  llvm::consumeError(index.takeError());
  return !!index;
}

using Reads = bool (*)(llvm::ArrayRef<uint8_t>);

static void cutEverywhere(const Bytes &file, Reads reads) {
  ASSERT_TRUE(reads(file.data));
  for (size_t length = 0; length < file.data.size(); ++length)
    EXPECT_FALSE(reads(llvm::ArrayRef(file.data).take_front(length))) << "cut at " << length;
}

/// All values of each byte up to `end`.
static void changeEverywhere(Bytes file, size_t end, Reads reads) {
  for (size_t i = 0; i < end; ++i) {
    uint8_t original = file.data[i];
    for (int change = 1; change < 256; ++change) {
      file.data[i] = original ^ change;
      reads(file.data);
    }
    file.data[i] = original;
  }
}

TEST(Robustness, Gguf) {
  Bytes file = smallGguf().build();
  cutEverywhere(file, readsGguf);
  changeEverywhere(file, file.data.size(), readsGguf);
}

constexpr size_t smallData = 178; // bytes behind the header

static Bytes smallSafetensors() {
  return safetensors(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"I64","shape":[],"data_offsets":[8,16]},)"
      R"("c":{"dtype":"F8_E4M3","shape":[3,2],"data_offsets":[16,22]},)"
      R"("c_scale":{"dtype":"F32","shape":[2,1],"data_offsets":[22,30]},)"
      R"("d.qweight":{"dtype":"I32","shape":[4,8],"data_offsets":[30,158]},)"
      R"("d.qzeros":{"dtype":"I32","shape":[1,1],"data_offsets":[158,162]},)"
      R"("d.scales":{"dtype":"F16","shape":[1,8],"data_offsets":[162,178]}})",
      counting(smallData));
}

TEST(Robustness, Safetensors) {
  Bytes file = smallSafetensors();
  cutEverywhere(file, readsSafetensors);
  changeEverywhere(file, file.data.size() - smallData, readsSafetensors);
}

TEST(Robustness, Index) {
  Bytes file;
  file.raw(R"({"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b\n":"two"}})");
  cutEverywhere(file, readsIndex);
  changeEverywhere(file, file.data.size(), readsIndex);
}
