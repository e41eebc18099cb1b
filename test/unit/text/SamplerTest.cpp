//===- SamplerTest.cpp - what sampling promises -----------------------------===//

#include "runtime/text/Sampler.h"
#include "runtime/support/Error.h"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>

using namespace heddle;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Draws from everything at temperature 1.
SamplerOptions plain() {
  SamplerOptions options;
  options.temperature = 1;
  options.topK = 0;
  options.topP = 1;
  options.minP = 0;
  return options;
}

std::map<int32_t, int> draws(const SamplerOptions &options, const std::vector<float> &logits, int count = 20'000) {
  Sampler sampler(options, logits.size());
  std::map<int32_t, int> seen;
  for (int i = 0; i < count; ++i)
    ++seen[sampler.sample(logits)];
  return seen;
}

std::vector<float> randomLogits(uint64_t seed, size_t size) {
  RandomGenerator random(seed);
  std::vector<float> logits(size);
  for (float &logit : logits)
    logit = float(random.uniform() * 12 - 6);
  return logits;
}

TEST(RandomGenerator, IsXoshiro) {
  // The first numbers after splitmix64 from 0, computed from the published definitions in Python.
  RandomGenerator random(0);
  EXPECT_EQ(random.next(), 0x99EC5F36CB75F2B4u);
  EXPECT_EQ(random.next(), 0xBF6E1F784956452Au);
  EXPECT_EQ(random.next(), 0x1A5F849D4933E6E0u);
  for (int i = 0; i < 1000; ++i) {
    double number = random.uniform();
    EXPECT_TRUE(number >= 0 && number < 1);
  }
}

TEST(Sampler, GreedyTakesTheLargestAndTheSmallerId) {
  SamplerOptions options = plain();
  options.greedy = true;
  EXPECT_EQ(Sampler(options, 4).sample(std::vector<float>{1, 3, 3, 2}), 1);
  options.greedy = false;
  options.temperature = 0;
  EXPECT_EQ(Sampler(options, 4).sample(std::vector<float>{1, NAN, 3, -infinity}), 2);
  EXPECT_EQ(argmax(std::vector<float>{NAN, 1, 2, 2}), 2);
}

TEST(Sampler, FrequenciesFollowSoftmax) {
  std::vector<float> logits = {0, std::log(2.f), std::log(5.f), -infinity, NAN};
  std::map<int32_t, int> seen = draws(plain(), logits, 80'000);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_NEAR(seen[0], 10'000, 500);
  EXPECT_NEAR(seen[1], 20'000, 600);
  EXPECT_NEAR(seen[2], 50'000, 700);
  SamplerOptions cold = plain();
  cold.temperature = 0.5; // squares the odds: 1, 4, 25
  seen = draws(cold, logits, 30'000);
  EXPECT_NEAR(seen[0], 1'000, 200);
  EXPECT_NEAR(seen[2], 25'000, 400);
}

TEST(Sampler, FiltersKeepWhatTheySay) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<float> logits = randomLogits(seed, 50);
    std::vector<int32_t> order(50);
    for (int32_t i = 0; i < 50; ++i)
      order[i] = i;
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
    double total = 0;
    for (float logit : logits)
      total += std::exp(double(logit));
    SamplerOptions byK = plain(), byP = plain(), byMin = plain();
    byK.topK = 5;
    byP.topP = 0.6f;
    byMin.minP = 0.3f;
    for (auto [id, count] : draws(byK, logits, 2000))
      EXPECT_LT(std::find(order.begin(), order.end(), id) - order.begin(), 5);
    for (auto [id, count] : draws(byP, logits, 2000)) {
      double before = 0; // the probability of those that are larger has not reached p yet
      for (size_t i = 0; order[i] != id; ++i)
        before += std::exp(double(logits[order[i]])) / total;
      EXPECT_LT(before, 0.6);
    }
    for (auto [id, count] : draws(byMin, logits, 2000))
      EXPECT_GE(std::exp(double(logits[id]) - logits[order[0]]), 0.3 - 1e-6);
  }
}

TEST(Sampler, TheSameSeedGivesTheSameTokens) {
  std::vector<float> logits = randomLogits(7, 1000);
  SamplerOptions options;
  options.seed = 42;
  Sampler one(options, 1000), two(options, 1000);
  options.seed = 43;
  Sampler other(options, 1000);
  std::vector<int32_t> first;
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    first.push_back(one.sample(logits));
    EXPECT_EQ(first.back(), two.sample(logits));
    different += first.back() != other.sample(logits);
  }
  EXPECT_GT(different, 10);
  one.reset();
  for (int32_t id : first)
    EXPECT_EQ(one.sample(logits), id);
}

TEST(Sampler, RepeatPenaltyReachesBackSoFar) {
  SamplerOptions options = plain();
  options.greedy = true;
  options.repeatPenalty = 2;
  options.repeatWindow = 2;
  Sampler sampler(options, 3);
  std::vector<float> logits = {4, 3, -1};
  EXPECT_EQ(sampler.sample(logits), 0);
  sampler.accept(0);
  sampler.accept(0); // counts once
  EXPECT_EQ(sampler.sample(logits), 1);
  sampler.accept(1); // now 2, 1.5
  EXPECT_EQ(sampler.sample(logits), 0);
  sampler.accept(1); // 0 is out of the window
  sampler.accept(2);
  EXPECT_EQ(sampler.sample(logits), 0);
  EXPECT_THROW(sampler.accept(3), Error);
  EXPECT_THROW(sampler.accept(-1), Error);
}

/// The 64 greatest, as a device hands them back.
struct Greatest {
  explicit Greatest(const std::vector<float> &logits) {
    for (size_t i = 0; i < logits.size(); ++i)
      tokens.push_back(int32_t(i));
    std::stable_sort(tokens.begin(), tokens.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
    tokens.resize(64);
    for (int32_t token : tokens)
      values.push_back(logits[token]);
  }
  std::vector<int32_t> tokens;
  std::vector<float> values;
};

TEST(Sampler, TheGreatestLogitsGiveTheSameTokens) {
  for (float penalty : {1.0f, 1.3f})
    for (uint32_t topK : {1u, 40u, 64u})
      for (bool greedy : {false, true}) {
        SamplerOptions options;
        options.topK = topK;
        options.greedy = greedy;
        options.repeatPenalty = penalty;
        Sampler all(options, 500), few(options, 500);
        int enough = 0;
        for (uint64_t step = 0; step < 200; ++step) {
          std::vector<float> logits = randomLogits(step, 500);
          for (float &logit : logits)
            logit = std::floor(logit * 8) / 8; // many are equal
          Greatest greatest(logits);
          std::optional<int32_t> token = few.sample(greatest.values, greatest.tokens);
          enough += token.has_value();
          if (!token)
            token = few.sample(logits);
          ASSERT_EQ(*token, all.sample(logits)) << topK << ' ' << greedy << ' ' << penalty << ' ' << step;
          all.accept(*token);
          few.accept(*token);
        }
        EXPECT_GT(enough, topK == 64 && penalty != 1 && !greedy ? 0 : 190);
      }
}

TEST(Sampler, TheGreatestLogitsAreNotEnough) {
  std::vector<float> logits = randomLogits(1, 500);
  auto takes = [&](auto change) {
    SamplerOptions options;
    change(options);
    Sampler sampler(options, 500);
    Greatest greatest(logits);
    return sampler.sample(greatest.values, greatest.tokens).has_value();
  };
  EXPECT_TRUE(takes([](SamplerOptions &) {}));
  EXPECT_FALSE(takes([](SamplerOptions &options) { options.topK = 0; }));
  EXPECT_FALSE(takes([](SamplerOptions &options) { options.topK = 65; }));
  EXPECT_FALSE(takes([](SamplerOptions &options) { options.repeatPenalty = 0.9f; }));
  std::fill(logits.begin() + 10, logits.end(), -infinity);
  EXPECT_FALSE(takes([](SamplerOptions &) {}));
}

TEST(Sampler, RefusesWhatCannotWork) {
  SamplerOptions options;
  EXPECT_THROW(Sampler(options, 0), Error);
  EXPECT_THROW(Sampler(options, 3).sample(std::vector<float>{1, 2}), Error);
  EXPECT_THROW(Sampler(options, 2).sample(std::vector<float>{NAN, -infinity}), Error);
  EXPECT_EQ(Sampler(options, 2).sample(std::vector<float>{1, infinity}), 1);
  for (float SamplerOptions::*field : {&SamplerOptions::temperature, &SamplerOptions::topP, &SamplerOptions::minP,
                                       &SamplerOptions::repeatPenalty})
    for (float bad : {-1.f, NAN, infinity}) {
      SamplerOptions wrong;
      wrong.*field = bad;
      EXPECT_THROW(Sampler(wrong, 2), Error);
    }
}

} // namespace
