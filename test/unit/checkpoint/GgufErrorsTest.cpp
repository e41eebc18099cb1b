// Each lie that a GGUF file can tell, and the one message it earns.
#include "frontend/checkpoint/Gguf.h"
#include "test/unit/checkpoint/Builders.h"

using namespace heddle;
using namespace heddle::test;

static const std::string damaged = "; the file is cut short or damaged: fetch it again";

static std::string refuse(const Bytes &file) {
  ExactCopy copy(file.data);
  auto contents = parseGguf(copy.bytes(), "f");
  if (!contents)
    return messageOf(std::move(contents));
  llvm::StringMap<std::string> keys;
  return messageOf(ggufConfig(contents->metadata, "f", keys));
}
static std::string refuse(const GgufBuilder &file) { return refuse(file.build()); }

/// An architecture and nothing else; what a test adds begins at byte 65.
static GgufBuilder bare() { return GgufBuilder().text("general.architecture", "x"); }
static constexpr unsigned bareEnd = 24 + 8 + 20 + 4 + 8 + 1;
static std::string at(unsigned byte) { return "f: byte " + std::to_string(byte) + ": expected "; }

TEST(GgufErrors, Header) {
  EXPECT_EQ(refuse(Bytes().raw("GGU")),
            at(0) + "the letters 'GGUF' in 4 bytes, found only 3 bytes before the end of the file" + damaged);
  EXPECT_EQ(refuse(Bytes().raw("GGML....")), at(0) + "the letters 'GGUF', found others; this is not a GGUF file");
  GgufBuilder file = bare();
  file.version = 1;
  EXPECT_EQ(refuse(file), at(4) + "GGUF version 2 or 3, found 1; convert the model again with current tools");
  file.version = 0x03000000;
  EXPECT_EQ(refuse(file),
            at(4) + "a little-endian file, found a big-endian one; convert it on a little-endian machine");
}

TEST(GgufErrors, CountsThatCannotBe) {
  GgufBuilder file = bare();
  file.tensors = ~0ull;
  EXPECT_EQ(refuse(file), at(8) + "at most 3 tensors in the bytes that follow, found 18446744073709551615" + damaged);
  file = bare();
  file.pairs = 1ull << 60;
  EXPECT_EQ(refuse(file),
            at(16) + "at most 5 key-value pairs in the bytes that follow, found 1152921504606846976" + damaged);
  file = bare();
  ++file.pairs;
  file.pairBytes.string("k").number<uint32_t>(9).number<uint32_t>(4).number<uint64_t>(1ull << 62);
  EXPECT_EQ(refuse(file), at(bareEnd + 17) + "at most 1 elements of the value of key 'k' in the bytes that follow, "
                                             "found 4611686018427387904" + damaged);
}

TEST(GgufErrors, Keys) {
  GgufBuilder file = bare();
  EXPECT_EQ(refuse(file.u32("k", 1).u32("k", 2)),
            at(bareEnd + 17) + "each key once, found key 'k' again; remove one of the two");
  std::string plain = "a key of printable ASCII with at most 16 dots, found ";
  EXPECT_EQ(refuse(bare().u32("", 1)), at(bareEnd) + plain + "''" + damaged);
  EXPECT_EQ(refuse(bare().u32("a\x1b", 1)), at(bareEnd) + plain + "'a\\x1b'" + damaged);
  EXPECT_EQ(refuse(bare().u32("a.................b", 1)).find(at(bareEnd) + plain), 0u);
  EXPECT_EQ(refuse(bare().u32("x.general.name", 1).text("general.name", "n")),
            "f: key 'general.name': expected a config entry of its own, found the entry 'general.name' of key "
            "'x.general.name'; remove one of the two");
  EXPECT_EQ(refuse(GgufBuilder().u32("k", 1)),
            "f: metadata: expected a string in key 'general.architecture', found no such key; convert the model again "
            "with current tools");
  EXPECT_EQ(refuse(GgufBuilder().u32("general.architecture", 1)).find("f: metadata: expected a string"), 0u);
  EXPECT_EQ(refuse(bare().pair<uint16_t>("split.count", 2, 3)),
            "f: key 'split.no': expected a number below 3, found none" + damaged);
}

TEST(GgufErrors, Values) {
  EXPECT_EQ(refuse(bare().pair<uint32_t>("k", 13, 0)),
            at(bareEnd + 9) + "a type from 0 to 12 for the value of key 'k', found 13" + damaged);
  EXPECT_EQ(refuse(bare().array<uint64_t>("k", 9, {0, 0})),
            at(bareEnd + 13) +
                "an array of scalars or strings for the value of key 'k', found an array of arrays; nested arrays are "
                "not supported");
  EXPECT_EQ(refuse(bare().pair<uint8_t>("k", 7, 2)),
            at(bareEnd + 13) + "0 or 1 in the value of key 'k', found 2" + damaged);
  EXPECT_EQ(refuse(bare().array<uint8_t>("k", 7, {1, 0, 9})),
            at(bareEnd + 27) + "0 or 1 in the value of key 'k', found 9" + damaged);
  GgufBuilder file = bare();
  ++file.pairs;
  file.pairBytes.string("k").number<uint32_t>(8).number<uint64_t>(~0ull).raw("abc");
  EXPECT_EQ(refuse(file).find(at(bareEnd + 21) + "the value of key 'k' in 18446744073709551615 bytes, found only "), 0u);
  for (uint32_t lie : {0u, 3u, 48u})
    EXPECT_EQ(refuse(bare().u32("general.alignment", lie)),
              at(bareEnd + 29) + "a power of two as uint32 in key 'general.alignment', found uint32 " +
                  std::to_string(lie) + damaged);
  EXPECT_EQ(refuse(bare().text("general.alignment", "32")).find(at(bareEnd + 29) + "a power of two as uint32"), 0u);
}

TEST(GgufErrors, TensorDescriptions) {
  EXPECT_EQ(refuse(bare().tensor("", {1}, 0, counting(4))), at(bareEnd) + "a tensor's name in UTF-8, found ''" + damaged);
  EXPECT_EQ(refuse(bare().tensor("\xff\n", {1}, 0, counting(4))),
            at(bareEnd) + "a tensor's name in UTF-8, found '\xef\xbf\xbd\\x0a'" + damaged);
  EXPECT_EQ(refuse(bare().tensor("t", {1}, 0, counting(4)).tensor("t", {1}, 0, counting(4))),
            at(bareEnd + 33) + "each tensor once, found tensor 't' again" + damaged);
  EXPECT_EQ(refuse(bare().tensor("t", {1, 1, 1, 1, 1}, 0, counting(4))),
            at(bareEnd + 9) + "at most 4 dimensions of tensor 't', found 5" + damaged);
  EXPECT_EQ(refuse(bare().tensor("t", {~0ull}, 0, counting(4))),
            at(bareEnd + 13) + "an extent of tensor 't' below 2^63, found 18446744073709551615" + damaged);
  EXPECT_EQ(refuse(bare().tensor("t", {256}, 15, counting(292))),
            at(bareEnd + 21) + "tensor 't' in a type that files still use, found Q8_K; this type is not supported: "
                               "convert the model again with current tools");
  EXPECT_EQ(refuse(bare().tensor("t", {256}, 99, counting(144))),
            at(bareEnd + 21) +
                "a known type of tensor 't', found type 99; the file is damaged, or newer than this program");
  EXPECT_EQ(refuse(bare().info("t", {1}, 0, 4)),
            at(bareEnd + 25) + "a multiple of 32 as the offset of tensor 't', found 4" + damaged);
}

TEST(GgufErrors, TensorPlaces) {
  std::string blocks = "f: tensor 't': expected a shape in whole blocks of 32 elements that fits in memory, found ";
  EXPECT_EQ(refuse(bare().tensor("t", {31, 2}, 8, counting(68))), blocks + "[2, 31] of Q8_0" + damaged);
  EXPECT_EQ(refuse(bare().tensor("t", {1ull << 40, 1ull << 40}, 8, counting(68))),
            blocks + "[1099511627776, 1099511627776] of Q8_0" + damaged);
  EXPECT_EQ(refuse(bare().tensor("t", {3}, 0, counting(8))),
            "f: tensor 't': expected 12 bytes at offset 0 of the data, found 8 bytes of data from byte 128 on" + damaged);
  EXPECT_EQ(refuse(bare().info("t", {1}, 0, ~0ull << 5)),
            "f: tensor 't': expected 4 bytes at offset 18446744073709551584 of the data, found 0 bytes of data from "
            "byte 128 on" + damaged);
  GgufBuilder file = bare();
  file.info("t", {16}, 0, 0).info("u", {8}, 0, 32).data = counting(64);
  EXPECT_EQ(refuse(file), "f: tensor 'u': expected data of its own, found data at byte 192 that overlaps that of 't'" +
                              damaged);
}
