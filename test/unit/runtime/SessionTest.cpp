//===- SessionTest.cpp - sequences, pieces, caches, taps ------------------===//

#include "FakeProgram.h"

#include "runtime/engine/CpuExecutor.h"
#include "runtime/engine/Session.h"
#include "runtime/text/Sampler.h"

#include <gtest/gtest.h>
#include <map>

using namespace heddle;
using namespace heddle::test;

namespace {

std::string messageOf(const std::function<void()> &work) {
  try {
    work();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

std::vector<int32_t> someTokens(size_t count) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<int32_t>((i * 5 + 3) % fakeVocabulary));
  return tokens;
}

/// Collects rows by name.
struct Collector {
  std::map<std::string, std::vector<float>> data;
  std::map<std::string, uint64_t> calls;
  RowSink sink = [this](const Rows &rows) {
    std::vector<float> &all = data[std::string(rows.name)];
    EXPECT_EQ(rows.first * rows.length, rows.perToken ? all.size() : 0);
    all.insert(all.end(), rows.data.begin(), rows.data.end());
    ++calls[std::string(rows.name)];
  };
};

class SessionTest : public testing::Test {
protected:
  FakeProgram fake;
  Program program{fake.image()};
  ThreadPool pool{2};
  CpuMachine machine{pool};
};

TEST_F(SessionTest, FeedingInPiecesIsFeedingAtOnce) {
  std::vector<int32_t> tokens = someTokens(30);
  Session session(program, machine, 32);
  std::span<const float> logits = session.feed(tokens);
  ASSERT_EQ(logits.size(), fakeVocabulary);
  EXPECT_EQ(argmax(logits), nextOf(tokens));
  std::vector<float> atOnce(logits.begin(), logits.end());

  session.rewind(0);
  session.feed(std::span(tokens).first(7));
  for (size_t i = 7; i < 29; ++i)
    session.feed(std::span(tokens).subspan(i, 1));
  logits = session.feed(std::span(tokens).last(1));
  EXPECT_EQ(std::vector<float>(logits.begin(), logits.end()), atOnce);
  EXPECT_EQ(session.position(), 30u);
}

TEST_F(SessionTest, RewindingKeepsThePrefix) {
  Session session(program, machine, 32);
  session.feed(someTokens(20));
  session.rewind(5);
  EXPECT_EQ(session.position(), 5u);
  std::vector<int32_t> more{7, 7};
  std::vector<int32_t> expected = someTokens(5);
  expected.insert(expected.end(), more.begin(), more.end());
  EXPECT_EQ(argmax(session.feed(more)), nextOf(expected));
}

TEST_F(SessionTest, LongPromptsRunInSeveralCalls) {
  FakeOptions options;
  options.bounded = false;
  FakeProgram large(options);
  Program unbounded(large.image());
  Session session(unbounded, machine, 3000);
  std::vector<int32_t> tokens = someTokens(2500);
  EXPECT_EQ(argmax(session.feed(tokens)), nextOf(tokens));

  Collector collector;
  session.evaluate(tokens, {}, collector.sink, /*taps=*/true);
  ASSERT_EQ(collector.data["logits"].size(), tokens.size() * fakeVocabulary);
  ASSERT_EQ(collector.data["hidden_0"].size(), tokens.size() * fakeWidth);
  EXPECT_EQ(collector.calls["logits"], 5u); // of 512 tokens
  int64_t sum = 0;
  for (size_t t = 0; t < tokens.size(); ++t) {
    sum += tokens[t];
    EXPECT_EQ(collector.data["hidden_0"][t * fakeWidth + 2], static_cast<float>(sum + 2));
    EXPECT_EQ(argmax(std::span(collector.data["logits"]).subspan(t * fakeVocabulary, fakeVocabulary)),
              sum % fakeVocabulary);
  }
}

TEST_F(SessionTest, ResultsDoNotDependOnTheNumberOfThreads) {
  std::vector<float> before;
  for (unsigned threads : {1u, 2u, 5u}) {
    ThreadPool some(threads);
    CpuMachine someThreads(some);
    Session session(program, someThreads, 32);
    std::span<const float> logits = session.feed(someTokens(31));
    std::vector<float> now(logits.begin(), logits.end());
    if (!before.empty())
      EXPECT_EQ(now, before);
    before = now;
  }
}

TEST_F(SessionTest, AFullContextIsAnErrorThatSaysBothNumbers) {
  Session session(program, machine, 16);
  std::string message = messageOf([&] { session.feed(someTokens(17)); });
  EXPECT_EQ(message, "the text has 17 tokens, but the context has room for 16: try --context 17");
  EXPECT_EQ(session.position(), 0u);
  session.feed(someTokens(16));
  EXPECT_NE(messageOf([&] { session.feed(someTokens(1)); }), "");
  EXPECT_EQ(session.position(), 16u);
}

TEST_F(SessionTest, ABoundedModelRefusesALargerContext) {
  EXPECT_EQ(messageOf([&] { Session session(program, machine, 33); }),
            "a context of 33 tokens, but the model can take 32 at most: lower --context");
  EXPECT_EQ(defaultContext(program.description(), 0), 32u);
  EXPECT_NE(messageOf([&] { defaultContext(program.description(), 33); }), "");
}

TEST_F(SessionTest, TokensOutsideTheVocabularyLeaveTheSequenceAsItWas) {
  Session session(program, machine, 16);
  session.feed(someTokens(3));
  std::vector<int32_t> bad{1, 8};
  EXPECT_EQ(messageOf([&] { session.feed(bad); }), "input 'tokens' holds 8: it must be between 0 and 7");
  bad = {-1};
  EXPECT_NE(messageOf([&] { session.feed(bad); }), "");
  EXPECT_EQ(session.position(), 3u);
  std::vector<int32_t> all = someTokens(4);
  EXPECT_EQ(argmax(session.feed(std::span(all).last(1))), nextOf(all));
}

TEST_F(SessionTest, MoreMemoryThanThereIsIsRefusedBeforehand) {
  FakeOptions options;
  options.bounded = false;
  options.memoryExtra = 1024;
  FakeProgram large(options);
  Program greedy(large.image());
  std::string message = messageOf([&] { Session session(greedy, machine, 1u << 30); });
  EXPECT_NE(message.find("not enough memory: a context of 1073741824 tokens needs"), std::string::npos)
      << message;
  EXPECT_NE(message.find("--context"), std::string::npos);
}

TEST_F(SessionTest, ChangingTheRegimeFeedsTheSequenceAgain) {
  FakeOptions options;
  options.bounded = false;
  options.regimes = {10};
  FakeProgram switching(options);
  Program program(switching.image());
  Session session(program, machine, 2000);
  Executor &executor = session.getExecutor();
  std::vector<int32_t> tokens = someTokens(9);
  session.feed(tokens);
  executor.startProfile();
  tokens.push_back(1);
  EXPECT_EQ(argmax(session.feed(std::span(tokens).last(1))), nextOf(tokens));
  const format::Entry *last = program.findEntry("forward", format::Variant::Last);
  const format::Entry *decode = program.findEntry("forward", format::Variant::Decode);
  EXPECT_EQ(executor.profileOf(*last)->calls, 1u); // all ten at once
  EXPECT_EQ(executor.profileOf(*last)->steps[0].operations, 20);
  tokens.push_back(2);
  session.feed(std::span(tokens).last(1));
  EXPECT_EQ(executor.profileOf(*decode)->calls, 1u);
}

/// A cache that keeps fewer tokens than there are.
class RingTest : public SessionTest {
protected:
  static FakeOptions options() {
    FakeOptions options;
    options.bounded = false;
    options.ring = true;
    return options;
  }

  /// The token that follows the first `count`.
  int32_t next(size_t count) const {
    size_t first = count - std::min<size_t>(count, fakeWindow);
    return nextOf(std::vector(tokens.begin() + first, tokens.begin() + count));
  }

  /// Feeds tokens up to `count`, and checks what follows; returns how many of them were computed.
  double feedTo(uint64_t count) {
    session.getExecutor().startProfile();
    EXPECT_EQ(argmax(session.feed(std::span(tokens).first(count).subspan(session.position()))), next(count));
    double operations = 0;
    for (auto variant : {format::Variant::Last, format::Variant::Decode})
      if (const auto *profile = session.getExecutor().profileOf(*ringed.findEntry("forward", variant)))
        operations += profile->steps[0].operations;
    return operations / 2;
  }

  FakeProgram fakeRinged{options()};
  Program ringed{fakeRinged.image()};
  Session session{ringed, machine, 200};
  std::vector<int32_t> tokens = someTokens(200);
};

TEST_F(RingTest, HasRoomForTheWindowAndACall) {
  EXPECT_EQ(session.getExecutor().cacheBytes(), 128u); // 24 floats, at multiples of 64 bytes
  EXPECT_EQ(Session(ringed, machine, 10).getExecutor().cacheBytes(), 64u);
}

TEST_F(RingTest, CallsAreNoLongerThanItsRoom) {
  EXPECT_EQ(feedTo(150), 150);
  EXPECT_EQ(session.getExecutor().profileOf(*ringed.findEntry("forward", format::Variant::Last))->calls,
            10u); // 16 at most: 24 less the 8 that the first of them sees
  for (uint64_t count = 151; count <= 200; ++count)
    ASSERT_EQ(feedTo(count), 1);
  Collector collector;
  session.evaluate(tokens, {}, collector.sink);
  for (size_t t = 0; t < tokens.size(); ++t)
    ASSERT_EQ(argmax(std::span(collector.data["logits"]).subspan(t * fakeVocabulary, fakeVocabulary)),
              next(t + 1));
}

TEST_F(RingTest, RewindsWithinWhatItHoldsCostNothingElseAllIsFedAgain) {
  feedTo(100);
  session.rewind(84); // 76 is the first that is held, and that the token at 84 sees
  EXPECT_EQ(feedTo(85), 1);
  session.rewind(84);
  EXPECT_EQ(feedTo(90), 6);
  session.rewind(83); // 75 was replaced by 99
  EXPECT_EQ(feedTo(90), 90);
  session.rewind(74);
  EXPECT_EQ(feedTo(75), 1);
  session.rewind(0);
  EXPECT_EQ(feedTo(24), 24);
  session.rewind(2); // nothing was replaced since the start
  EXPECT_EQ(feedTo(24), 22);
}

TEST_F(RingTest, WhatWouldNeedMoreIsRefused) {
  FakeOptions switching = options();
  switching.regimes = {40};
  FakeProgram fakeSwitching(switching);
  Program program(fakeSwitching.image());
  Session session(program, machine, 200);
  EXPECT_NE(messageOf([&] { session.feed(someTokens(50)); }).find("damaged"), std::string::npos);
}

TEST_F(SessionTest, AStoppedComputationForgetsWhatItWasGiven) {
  Session session(program, machine, 32);
  session.feed(someTokens(4));
  std::atomic<bool> stop{true};
  session.stopOn(&stop);
  EXPECT_THROW(session.feed(someTokens(4)), Interrupted);
  EXPECT_EQ(session.position(), 4u);
}

TEST_F(SessionTest, EncodersRunOnTheWholeText) {
  FakeProgram fakeEncoder(FakeOptions{FakeKind::Encoder, false});
  Program encoder(fakeEncoder.image());
  Session session(encoder, machine, 2000);
  std::vector<int32_t> tokens = someTokens(1500), types(1500, 1);
  Collector collector;
  Input extra("token_type_ids", std::span<const int32_t>(types));
  session.evaluate(tokens, std::span(&extra, 1), collector.sink);
  EXPECT_EQ(collector.calls["last_hidden_state"], 1u);
  for (size_t t = 0; t < tokens.size(); ++t)
    ASSERT_EQ(collector.data["last_hidden_state"][t * fakeWidth + 1], static_cast<float>(tokens[t] + 10 + 1));
  EXPECT_EQ(collector.data["pooler_output"].size(), fakeWidth);
  EXPECT_EQ(collector.data["pooler_output"][3], static_cast<float>(tokens[0] + 10 + 3));
  EXPECT_FALSE(abilitiesOf(encoder.description()).generates);

  Collector plain;
  session.evaluate(tokens, {}, plain.sink);
  EXPECT_EQ(plain.data["last_hidden_state"][0], static_cast<float>(tokens[0]));
}

TEST_F(SessionTest, DecodersSeeTheEncodersMemory) {
  FakeProgram both(FakeOptions{FakeKind::EncoderDecoder, false});
  Program program(both.image());
  Session session(program, machine, 64);
  EXPECT_NE(messageOf([&] { session.feed(someTokens(1)); }), "");
  std::vector<int32_t> source = someTokens(11), tokens{1, 4};
  Collector collector;
  session.encode(source, &collector.sink, /*taps=*/true);
  EXPECT_EQ(collector.data["memory"].size(), 11 * fakeWidth);
  EXPECT_EQ(collector.data["hidden_0"], collector.data["memory"]);
  int32_t expected = static_cast<int32_t>((sumOf(source) + sumOf(tokens)) % fakeVocabulary);
  EXPECT_EQ(argmax(session.feed(tokens)), expected);
  session.encode(std::span(source).first(2));
  EXPECT_EQ(session.position(), 0u);
  EXPECT_EQ(argmax(session.feed(tokens)), (source[0] + source[1] + 5) % 8);
}

} // namespace
