// What LLVM's parser lets through and ours must not.
#include "frontend/checkpoint/JsonText.h"
#include "test/unit/checkpoint/Builders.h"

using namespace heddle;
using heddle::test::messageOf;

TEST(JsonText, Reads) {
  llvm::Expected<llvm::json::Object> object =
      parseJsonObject(R"({"a": [1, "x:\" y"], "b": {"a": 2}, "c": "a"})", "f");
  ASSERT_TRUE(!!object);
  EXPECT_EQ(object->getObject("b")->getInteger("a"), 2);
}

TEST(JsonText, Refuses) {
  EXPECT_EQ(messageOf(parseJsonObject(" \n", "f")),
            "f: expected a JSON object, found nothing; the file is cut short or damaged: fetch it again");
  EXPECT_EQ(messageOf(parseJsonObject("[1]", "f", "header")), "f: header: expected a JSON object, found a list");
  EXPECT_EQ(messageOf(parseJsonObject("{\"a\": 1,\n \"b\"}", "f")),
            "f: expected valid JSON, found at [2:5, byte=14]: Expected : after object key; "
            "the file is cut short or damaged: fetch it again");
  EXPECT_EQ(messageOf(parseJsonObject("{\"a\": 1} x", "f")).find("f: expected valid JSON"), 0u);
  EXPECT_EQ(messageOf(parseJsonObject("{\"a\": \"\xff\"}", "f")).find("f: expected valid JSON"), 0u);
  EXPECT_EQ(messageOf(parseJsonObject("{\"a\": \"\\", "f")).find("f: expected valid JSON"), 0u);
}

TEST(JsonText, RefusesKeysTwice) {
  std::string rest = " again; remove one of the two: it is not known which is meant";
  EXPECT_EQ(messageOf(parseJsonObject(R"({"a": 1, "a": 2})", "f")),
            "f: byte 9: expected each key once, found key 'a'" + rest);
  // The same key, spelt in another way, and deeper down.
  EXPECT_EQ(messageOf(parseJsonObject(R"({"b": [{"a": 1, "\u0061" : 2}]})", "f", "header")),
            "f: header: byte 16: expected each key once, found key 'a'" + rest);
}

TEST(JsonText, RefusesDepth) {
  std::string deep = "{\"a\": " + std::string(100'000, '[');
  EXPECT_EQ(messageOf(parseJsonObject(deep, "f")), "f: byte 69: expected at most 64 levels of brackets, found one more");
  std::string fits = "{\"a\": " + std::string(63, '[') + std::string(63, ']') + "}";
  EXPECT_TRUE(!!parseJsonObject(fits, "f"));
}
