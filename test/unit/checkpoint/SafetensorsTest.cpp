#include "frontend/checkpoint/Safetensors.h"
#include "test/unit/checkpoint/Builders.h"

using namespace heddle;
using namespace heddle::test;

static const std::string damaged = "; the file is cut short or damaged: fetch it again";

static std::string refuse(const Bytes &file) { return messageOf(parseSafetensors(file.data, "f")); }
static std::string refuse(llvm::StringRef header, size_t dataBytes) {
  return refuse(safetensors(header, counting(dataBytes)));
}
/// One tensor "a" whose entry is `entry`.
static std::string refuseEntry(const std::string &entry, size_t dataBytes = 8) {
  return refuse("{\"a\":" + entry + "}", dataBytes);
}

TEST(Safetensors, ReadsInTheOrderOfOffsets) {
  Bytes file = safetensors(R"({"b":{"dtype":"F16","shape":[2,2],"data_offsets":[4,12]},
    "__metadata__":{"format":"pt"}, "a":{"dtype":"I32","shape":[],"data_offsets":[0,4]},
    "none":{"dtype":"BF16","shape":[3,0],"data_offsets":[4,4]}}  )",
                           counting(12));
  auto tensors = parseSafetensors(file.data, "f");
  ASSERT_TRUE(!!tensors) << llvm::toString(tensors.takeError());
  ASSERT_EQ(tensors->size(), 3u);
  const StoredTensor &a = (*tensors)[0], &none = (*tensors)[1], &b = (*tensors)[2];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.type, StorageType::I32);
  EXPECT_TRUE(a.shape.empty());
  EXPECT_EQ(a.elements(), 1);
  EXPECT_EQ(none.elements(), 0);
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.shape, (llvm::SmallVector<int64_t, 4>{2, 2}));
  EXPECT_EQ(b.bytes.size(), 8u);
  EXPECT_EQ(b.bytes[0], 4);
  EXPECT_EQ(b.bytes.data(), file.data.data() + b.offset);
  EXPECT_EQ(b.file, "f");
}

TEST(Safetensors, RefusesHeaders) {
  EXPECT_EQ(refuse(Bytes().raw("abc")),
            "f: byte 0: expected the header's length in 8 bytes, found 3 bytes in all" + damaged);
  EXPECT_EQ(refuse(Bytes().number<uint64_t>(3).raw("{}")),
            "f: byte 0: expected a header of 3 bytes, found only 2 bytes after its length" + damaged);
  EXPECT_EQ(refuse(Bytes().number<uint64_t>(~0ull).raw("{}")),
            "f: byte 0: expected a header of at most 100000000 bytes, found 18446744073709551615; "
            "this does not look like a safetensors file");
  EXPECT_EQ(refuse("", 0),
            "f: byte 8: expected a header that begins with '{', found an empty one; this does not look like a "
            "safetensors file");
  EXPECT_EQ(refuse("[]", 0), "f: byte 8: expected a header that begins with '{', found '['; this does not look like a "
                             "safetensors file");
  EXPECT_EQ(refuse("{\"a\"", 0).find("f: header: expected valid JSON, found at [1:4"), 0u);
  EXPECT_EQ(refuse(R"({"a":{},"a":{}})", 0).find("f: header: byte 8: expected each key once, found key 'a' again"), 0u);
  EXPECT_EQ(refuse(R"({"__metadata__":3})", 0),
            "f: header: '__metadata__': expected an object, found a number" + damaged);
  EXPECT_EQ(refuse(R"({"__metadata__":{"x":3}})", 0),
            "f: header: '__metadata__': 'x': expected a string, found a number" + damaged);
}

TEST(Safetensors, RefusesEntries) {
  const std::string a = "f: header: tensor 'a': expected ";
  EXPECT_EQ(refuseEntry("3"), a + "an object, found a number" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","x":1})"),
            a + "the keys 'dtype', 'shape', 'data_offsets', found 'x'" + damaged);
  EXPECT_EQ(refuseEntry(R"({"shape":[8],"data_offsets":[0,8]})"), a + "'dtype', a string, found none" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]})"),
            a + "a dtype of F64, F32, F16, BF16, F8_E4M3, I64, I32, I16, I8, U8, BOOL, found 'F8_E5M2'; "
                "this type is not supported: store the tensor as one of those");
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","data_offsets":[0,8]})"), a + "'shape', a list, found none" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":8,"data_offsets":[0,8]})"),
            a + "'shape', a list, found a number" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[-8],"data_offsets":[0,8]})"),
            a + "extents from 0 to 2^63 - 1 in 'shape', found -8" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,8]})"),
            a + "extents from 0 to 2^63 - 1 in 'shape', found 9223372036854775808" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[8]})"),
            a + "'data_offsets', a list of two numbers, found none" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[8],"data_offsets":[0]})"),
            a + "'data_offsets', a list of two numbers, found [0]" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[8],"data_offsets":[8,0]})"),
            a + "'data_offsets' as [begin, end] with 0 <= begin <= end, found [8,0]" + damaged);
}

TEST(Safetensors, RefusesRanges) {
  const std::string a = "f: header: tensor 'a': expected ";
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[9],"data_offsets":[0,9]})"),
            a + "data up to offset 9, found only 8 bytes after the header" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
            a + "12 bytes that fit shape x F32, found 8 in 'data_offsets'" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})"),
            a + "4 bytes that fit shape x F32, found 8 in 'data_offsets'" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"),
            a + "a number of bytes that fit shape x F32, found 8 in 'data_offsets'" + damaged);
  EXPECT_EQ(refuseEntry(R"({"dtype":"U8","shape":[7],"data_offsets":[1,8]})"),
            a + "data at byte 61, found data at byte 62, after a gap" + damaged);
  EXPECT_EQ(refuse(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5),
            "f: byte 65: expected the end of the file after the last tensor, found 1 more bytes" + damaged);
  EXPECT_EQ(refuse(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},
    "b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})",
                   7),
            "f: header: tensor 'b': expected data of its own, found data that overlaps that of 'a'" + damaged);
}
