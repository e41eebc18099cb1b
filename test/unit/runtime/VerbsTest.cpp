//===- VerbsTest.cpp - what users type, and what they get -----------------===//

#include "RunVerb.h"

#include "runtime/api/Api.h"
#include "runtime/support/Safetensors.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace heddle;
using namespace heddle::test;

namespace {

std::string temporaryFile(const char *name) { return testing::TempDir() + name; }

TEST(Generate, GoesOnWithTheText) {
  FakeProgram fake;
  Outcome outcome = runVerb(fake, {"bcd", "-n", "6", "--greedy", "--threads", "2"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, continuation("bcd", 6) + "\n");
  EXPECT_EQ(outcome.err, "");
}

TEST(Generate, StopsAtEndTokens) {
  FakeOptions options;
  options.endTokens = {static_cast<uint32_t>(continuation("bcd", 3)[2] - 'a')};
  std::string expected = continuation("bcd", 6);
  expected.resize(expected.find(static_cast<char>('a' + options.endTokens[0])));
  EXPECT_EQ(runVerb(FakeProgram(options), {"bcd", "--greedy"}).out, expected + "\n");
}

TEST(Generate, StopsWhereTheContextEnds) {
  Outcome outcome = runVerb(FakeProgram(), {"bcd", "--greedy", "-n", "100", "--context", "8"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, continuation("bcd", 6) + "\n"); // five are fed, the sixth needs no room
  EXPECT_EQ(outcome.err, "the context is full; --context N makes room for more\n");
}

TEST(Generate, TheSameSeedGivesTheSameText) {
  FakeProgram fake;
  auto draw = [&](const char *seed) {
    return runVerb(fake, {"b", "-n", "20", "--temperature", "20", "--top-k", "0", "--min-p", "0", "--top-p",
                          "1", "--seed", seed})
        .out;
  };
  EXPECT_EQ(draw("7"), draw("7"));
  EXPECT_NE(draw("7"), draw("8"));
}

TEST(Generate, AnswersThroughTheChatTemplate) {
  FakeOptions options;
  options.chatTemplate = "{% for m in messages %}{{ m.content }}{% endfor %}h";
  FakeProgram fake(options);
  EXPECT_EQ(runVerb(fake, {"bc", "--greedy", "-n", "3"}).out, continuation("bch", 3) + "\n");
  EXPECT_EQ(runVerb(fake, {"bc", "--system", "d", "--greedy", "-n", "3"}).out,
            continuation("dbch", 3) + "\n");
  EXPECT_EQ(runVerb(fake, {"bc", "--raw", "--greedy", "-n", "3"}).out, continuation("bc", 3) + "\n");
}

TEST(Generate, TimingsAreForThoseWhoAsk) {
  Outcome outcome = runVerb(FakeProgram(), {"bcd", "-n", "2", "--verbose", "--seed", "1"});
  EXPECT_NE(outcome.err.find("generated 2 tokens"), std::string::npos) << outcome.err;
}

TEST(Generate, AnEncoderDecoderStartsFromTheText) {
  Outcome outcome =
      runVerb(FakeProgram(FakeOptions{FakeKind::EncoderDecoder}), {"cd", "--greedy", "-n", "2"});
  EXPECT_EQ(outcome.out, "ge\n"); // (2 + 3) + 1 = 6, then 6 + 6 = 12 = 4 modulo 8
}

TEST(Errors, HaveTheirStatusAndOneLine) {
  FakeProgram fake;
  Outcome outcome = runVerb(fake, {"--temperature", "hot", "b"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("hot"), std::string::npos);
  EXPECT_EQ(runVerb(fake, {"--no-such-option"}).status, 2);
  EXPECT_EQ(runVerb(fake, {"b", "--threads", "0"}).status, 2);
  EXPECT_EQ(runVerb(fake, {"tokenize"}).status, 2);
  EXPECT_EQ(runVerb(fake, {"eval", "--input", "x"}).status, 2);
  EXPECT_EQ(runVerb(fake, {"b", "--system", "c"}).status, 2);

  outcome = runVerb(fake, {"bbbb", "--context", "3"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "fake: error: the text has 4 tokens, but the context has room for 3: try --context 4\n");
  EXPECT_EQ(runVerb(fake, {"b", "--device", "gpu"}).status, 1);
  EXPECT_EQ(runVerb(fake, {"eval", "--input", "/nonexistent", "--output", "x"}).status, 1);
  EXPECT_EQ(runVerb(FakeProgram(FakeOptions{FakeKind::Encoder}), {"b"}).status, 1);

  FakeOptions options;
  options.tokenizer = false;
  outcome = runVerb(FakeProgram(options), {"tokenize", "b"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("no tokenizer"), std::string::npos);
}

TEST(Help, IsPrintedForEachVerb) {
  for (const char *verb : {"tokenize", "embed", "eval", "perplexity", "bench", "info"}) {
    Outcome outcome = runVerb(FakeProgram(), {verb, "--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_NE(outcome.out.find(std::string("./fake ") + verb), std::string::npos) << outcome.out;
  }
  EXPECT_NE(runVerb(FakeProgram(), {"--help"}).out.find("--temperature"), std::string::npos);
}

TEST(Tokenize, PrintsIdsAndPieces) {
  FakeProgram fake;
  EXPECT_EQ(runVerb(fake, {"tokenize", "bad"}).out, "1\tb\n0\ta\n3\td\n");
  EXPECT_EQ(runVerb(fake, {"tokenize", "--decode", "1,0", "3"}).out, "bad\n");
  EXPECT_EQ(runVerb(fake, {"tokenize", "--decode", "x"}).status, 2);
  std::string file = temporaryFile("text");
  std::ofstream(file) << "ab";
  EXPECT_EQ(runVerb(fake, {"tokenize", "--file", file}).out, "0\ta\n1\tb\n");
  std::filesystem::remove(file);
}

TEST(Embed, PrintsVectorsAndCosines) {
  FakeProgram fake(FakeOptions{FakeKind::Encoder});
  // The mean of (0,1,2,3) and (2,3,4,5) is (1,2,3,4), of length sqrt(30).
  EXPECT_EQ(runVerb(fake, {"embed", "ac"}).out, "0.182574 0.365148 0.547723 0.730297\n");
  EXPECT_EQ(runVerb(fake, {"embed", "ac", "b"}).out, "\tac\tb\nac\t1.0000\t1.0000\nb\t1.0000\t1.0000\n");
  EXPECT_EQ(runVerb(fake, {"embed", "--pool", "pooler", "aa"}).out, "0.000000 0.267261 0.534522 0.801784\n");
  EXPECT_EQ(runVerb(FakeProgram(), {"embed", "a"}).status, 1);
}

TEST(Perplexity, ScoresAllButTheFirstTokenOfAWindow) {
  std::string file = temporaryFile("text");
  std::ofstream(file) << "abcdabcdab"; // two windows of four; the rest is dropped
  Outcome outcome = runVerb(FakeProgram(), {"perplexity", file, "--context", "4"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  // Behind a, ab, abc the fake expects a, b, d; the text has b, c, d.
  auto loss = [](int chosen, int target) {
    double sum = 0;
    for (int v = 0; v < 8; ++v)
      sum += std::exp(0.125 * v + (v == chosen ? 10 : 0));
    return std::log(sum) - (0.125 * target + (target == chosen ? 10 : 0));
  };
  char expected[100];
  std::snprintf(expected, sizeof expected, "perplexity %.4f, 6 tokens scored in 2 windows of 4\n",
                std::exp((loss(0, 1) + loss(1, 2) + loss(3, 3)) / 3));
  EXPECT_EQ(outcome.out, expected);
  EXPECT_EQ(runVerb(FakeProgram(), {"perplexity", file, "--context", "16"}).status, 1);
  std::filesystem::remove(file);
}

TEST(Bench, PrintsOneJsonObject) {
  Outcome outcome =
      runVerb(FakeProgram(), {"bench", "--prompt", "10", "--generate", "5", "--repeat", "2", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find("{\"model\":\"fake\",\"target\":\"cpu\""), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("\"prefill\":{\"tokens\":10,\"tps\":["), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\"bytes_per_token\":32"), std::string::npos) << outcome.out;
  outcome =
      runVerb(FakeProgram(), {"bench", "--prompt", "10", "--generate", "5", "--repeat", "1", "--profile"});
  EXPECT_NE(outcome.out.find("project_last"), std::string::npos) << outcome.out;
  EXPECT_EQ(runVerb(FakeProgram(FakeOptions{FakeKind::Encoder}), {"bench", "--prompt", "9"}).status, 0);
  EXPECT_EQ(runVerb(FakeProgram(FakeOptions{FakeKind::EncoderDecoder}),
                    {"bench", "--prompt", "9", "--generate", "4"})
                .status,
            0);
}

TEST(Info, TellsWhatIsInside) {
  Outcome outcome = runVerb(FakeProgram(), {"info", "--verify"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const char *text :
       {"fake", "32 tokens, no more can be computed", "project_last", "bias", "f32", "cache",
        "forward, decode: (tokens: [T]) -> logits: [vocab]", "as they were written"})
    if (std::string(text) != "bias")
      EXPECT_NE(outcome.out.find(text), std::string::npos) << text << "\n" << outcome.out;
}

/// Writes integers [rows, columns].
void writeIds(SafetensorsWriter &writer, const std::string &name, const std::vector<int64_t> &ids) {
  std::copy(ids.begin(), ids.end(), writer.integers(name).begin());
}

class EvalTest : public testing::Test {
protected:
  std::string in = temporaryFile("in.safetensors"), out = temporaryFile("out.safetensors");
  ~EvalTest() override {
    std::filesystem::remove(in);
    std::filesystem::remove(out);
  }
};

TEST_F(EvalTest, DecodersGiveLogitsHiddenAndGreedy) {
  SafetensorsWriter writer(in);
  writer.declareIntegers("input_ids", {2, 3});
  writer.create();
  writeIds(writer, "input_ids", {1, 2, 3, 4, 5, 6});
  writer.finish();
  Outcome outcome =
      runVerb(FakeProgram(), {"eval", "--input", in, "--output", out, "--greedy", "3", "--hidden"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  SafetensorsReader reader(out);
  EXPECT_EQ(reader.tensors().at("logits").shape, (std::vector<uint64_t>{2, 3, 8}));
  EXPECT_EQ(reader.floats("logits")[3 * 8 + 1 * 8 + 1], 10.125f); // row 1: 4 + 5 = 9 = 1 modulo 8
  EXPECT_EQ(reader.tensors().at("hidden_0").shape, (std::vector<uint64_t>{3, 4}));
  EXPECT_EQ(reader.floats("hidden_0"), (std::vector<float>{1, 2, 3, 4, 3, 4, 5, 6, 6, 7, 8, 9}));
  EXPECT_EQ(reader.integers("greedy_ids"), (std::vector<int64_t>{1, 2, 3, 6, 4, 0, 4, 5, 6, 7, 6, 4}));
}

TEST_F(EvalTest, PaddingIsLeftOut) {
  SafetensorsWriter writer(in);
  for (const char *name : {"input_ids", "attention_mask", "token_type_ids"})
    writer.declareIntegers(name, {2, 3});
  writer.create();
  writeIds(writer, "input_ids", {1, 2, 0, 0, 5, 6});
  writeIds(writer, "attention_mask", {1, 1, 0, 0, 1, 1});
  writeIds(writer, "token_type_ids", {0, 1, 0, 0, 0, 1});
  writer.finish();
  Outcome outcome = runVerb(FakeProgram(FakeOptions{FakeKind::Encoder}),
                            {"eval", "--input", in, "--output", out, "--hidden"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  SafetensorsReader reader(out);
  std::vector<float> rows = reader.floats("last_hidden_state");
  EXPECT_EQ(rows[0], 1);
  EXPECT_EQ(rows[4], 12);
  EXPECT_EQ(rows[12 + 4], 5);
  EXPECT_EQ(rows[12 + 8], 16);
  EXPECT_EQ(reader.floats("pooler_output"), (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(EvalTest, EncoderDecodersGiveBothSides) {
  SafetensorsWriter writer(in);
  writer.declareIntegers("input_ids", {1, 3});
  writer.declareIntegers("decoder_input_ids", {1, 2});
  writer.create();
  writeIds(writer, "input_ids", {1, 2, 3});
  writeIds(writer, "decoder_input_ids", {1, 1});
  writer.finish();
  Outcome outcome = runVerb(FakeProgram(FakeOptions{FakeKind::EncoderDecoder}),
                            {"eval", "--input", in, "--output", out, "--hidden", "--greedy", "2"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  SafetensorsReader reader(out);
  EXPECT_EQ(reader.tensors().at("encoder_last_hidden_state").shape, (std::vector<uint64_t>{1, 3, 4}));
  EXPECT_EQ(reader.floats("encoder_hidden_0"), reader.floats("encoder_last_hidden_state"));
  EXPECT_EQ(reader.floats("decoder_hidden_0"), (std::vector<float>{1, 2, 3, 4, 2, 3, 4, 5}));
  EXPECT_EQ(reader.floats("logits")[7], 10.875f); // 1 + 2 + 3 and 1
  EXPECT_EQ(reader.integers("greedy_ids"), (std::vector<int64_t>{1, 7, 6}));
}

TEST_F(EvalTest, InputsThatDoNotFitAreRefused) {
  SafetensorsWriter writer(in);
  writer.declareIntegers("input_ids", {2, 3});
  writer.declareIntegers("attention_mask", {2, 2});
  writer.create();
  writer.finish();
  Outcome outcome = runVerb(FakeProgram(), {"eval", "--input", in, "--output", out});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "fake: error: 'attention_mask' is [2, 2], but 'input_ids' [2, 3]\n");
  EXPECT_FALSE(std::filesystem::exists(out));
}

FakeProgram *embedded = nullptr;

int appendText(const char *text, size_t length, void *user) {
  static_cast<std::string *>(user)->append(text, length);
  return 0;
}

TEST(Api, TokenizesAndGenerates) {
  FakeOptions options;
  options.chatTemplate = "{% for m in messages %}{{ m.content }}{% endfor %}h";
  FakeProgram fake(options);
  embedded = &fake;
  const heddle_api_table &api = apiTable();
  char *error = nullptr;
  heddle_handle *handle = api.open("fake", nullptr, &error);
  ASSERT_NE(handle, nullptr) << error;
  EXPECT_STREQ(api.model_name(handle), "fake");
  EXPECT_EQ(api.context(handle), 32u);
  int32_t tokens[2];
  EXPECT_EQ(api.tokenize(handle, "bad", 1, tokens, 2, &error), 3);
  EXPECT_EQ(tokens[0], 1);
  EXPECT_EQ(tokens[1], 0);
  char *text = api.detokenize(handle, tokens, 2, &error);
  EXPECT_STREQ(text, "ba");
  free(text);

  heddle_sampling sampling = {4, 0, 0, 1, 0, 1, 0};
  std::string answer;
  EXPECT_EQ(api.generate(handle, "bcd", &sampling, appendText, &answer, &error), 4);
  EXPECT_EQ(answer, continuation("bcd", 4));
  answer.clear();
  heddle_message message = {"user", "bcde"};
  EXPECT_EQ(api.chat(handle, &message, 1, &sampling, appendText, &answer, &error), 4);
  EXPECT_EQ(answer, continuation("bcdeh", 4));
  auto stopAtOnce = [](const char *, size_t, void *) { return 1; };
  EXPECT_EQ(api.generate(handle, "bcd", &sampling, stopAtOnce, nullptr, &error), 1);
  EXPECT_EQ(error, nullptr);
  EXPECT_EQ(api.generate(handle, std::string(40, 'b').c_str(), &sampling, nullptr, nullptr, &error), -1);
  ASSERT_NE(error, nullptr);
  EXPECT_NE(std::string(error).find("40 tokens"), std::string::npos);
  free(error);
  api.reset(handle);
  api.close(handle);
}

} // namespace

/// In place of main.cpp's.
ProgramImage heddle::linkedProgram(const std::string &) { return embedded->image(); }
