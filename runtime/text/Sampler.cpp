//===- Sampler.cpp - the next token from a row of logits --------------------===//

#include "runtime/text/Sampler.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace heddle {

RandomGenerator::RandomGenerator(uint64_t seed) {
  for (uint64_t &word : state) { // splitmix64
    seed += 0x9E3779B97F4A7C15ull;
    uint64_t mixed = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9ull;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBull;
    word = mixed ^ mixed >> 31;
  }
}

uint64_t RandomGenerator::next() {
  uint64_t result = std::rotl(state[1] * 5, 7) * 9;
  uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = std::rotl(state[3], 45);
  return result;
}

double RandomGenerator::uniform() { return double(next() >> 11) * 0x1p-53; }

namespace {

constexpr float lowest = -std::numeric_limits<float>::infinity();

void require(bool holds, const char *option, const char *range, double value) {
  if (!holds)
    throw Error(std::string(option) + " must be " + range + ", not " + std::to_string(value));
}

} // namespace

Sampler::Sampler(const SamplerOptions &options, size_t vocabularySize)
    : options(options), vocabularySize(vocabularySize), random(options.seed) {
  require(options.temperature >= 0 && std::isfinite(options.temperature), "the temperature", "0 or more",
          options.temperature);
  require(options.topP > 0 && options.topP <= 1, "top-p", "above 0 and at most 1", options.topP);
  require(options.minP >= 0 && options.minP <= 1, "min-p", "between 0 and 1", options.minP);
  require(options.repeatPenalty > 0 && std::isfinite(options.repeatPenalty), "the repeat penalty", "above 0",
          options.repeatPenalty);
  require(vocabularySize > 0 && vocabularySize <= size_t(std::numeric_limits<int32_t>::max()),
          "the vocabulary", "1 to 2^31 - 1 tokens", double(vocabularySize));
  candidates.resize(vocabularySize);
  weights.resize(vocabularySize);
  if (options.repeatPenalty != 1)
    recent.resize(options.repeatWindow);
  unique.reserve(recent.size());
}

bool Sampler::before(const Candidate &a, const Candidate &b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

void Sampler::fill(std::span<const float> logits) {
  for (size_t i = 0; i < vocabularySize; ++i)
    candidates[i] = {std::isnan(logits[i]) ? lowest : logits[i], int32_t(i)};
}

void Sampler::findUnique() {
  unique.assign(recent.begin(), recent.begin() + ptrdiff_t(std::min(accepted, recent.size())));
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
}

float Sampler::penalized(float logit) const {
  return logit > 0 ? logit / options.repeatPenalty : logit * options.repeatPenalty;
}

void Sampler::penalize() {
  findUnique();
  for (int32_t id : unique)
    candidates[id].logit = penalized(candidates[id].logit);
}

/// Sorts the best `topK` candidates to the front. With all of them kept it only puts the best one first: the
/// order, which decides what a random number means, is the same on every platform either way.
size_t Sampler::keepTopK() {
  if (options.topK == 0 || options.topK >= vocabularySize) {
    std::iter_swap(candidates.begin(), std::min_element(candidates.begin(), candidates.end(), before));
    return vocabularySize;
  }
  std::partial_sort(candidates.begin(), candidates.begin() + options.topK, candidates.end(), before);
  return options.topK;
}

/// Takes candidates off a heap, the best first, until their probability is enough: sorting a whole vocabulary
/// would cost more than all the rest.
size_t Sampler::keepTopP(size_t count) {
  if (options.topP >= 1)
    return count;
  float best = candidates[0].logit;
  double total = 0;
  for (size_t i = 0; i < count; ++i)
    total += std::exp(double(candidates[i].logit) - best);
  auto worse = [](const Candidate &a, const Candidate &b) { return before(b, a); };
  std::make_heap(candidates.begin(), candidates.begin() + ptrdiff_t(count), worse);
  double sum = 0;
  size_t kept = 0;
  while (kept < count && sum < options.topP * total) {
    std::pop_heap(candidates.begin(), candidates.begin() + ptrdiff_t(count - kept), worse);
    sum += std::exp(double(candidates[count - 1 - kept].logit) - best);
    ++kept;
  }
  std::reverse(candidates.begin(), candidates.begin() + ptrdiff_t(count));
  return kept;
}

/// Moves those that are probable enough to the front, in the order they have.
size_t Sampler::keepMinP(size_t count) {
  if (options.minP <= 0)
    return count;
  double least = double(candidates[0].logit) + std::log(double(options.minP));
  auto end = std::remove_if(candidates.begin(), candidates.begin() + ptrdiff_t(count),
                            [&](const Candidate &candidate) { return candidate.logit < least; });
  return size_t(end - candidates.begin());
}

int32_t Sampler::draw(size_t count) {
  double total = 0;
  for (size_t i = 0; i < count; ++i) {
    weights[i] = std::exp((double(candidates[i].logit) - candidates[0].logit) / options.temperature);
    total += weights[i];
  }
  double left = random.uniform() * total;
  size_t last = 0;
  for (size_t i = 0; i < count; ++i) {
    if (weights[i] <= 0)
      continue;
    last = i; // rounding may leave a rest behind the last one
    left -= weights[i];
    if (left < 0)
      break;
  }
  return candidates[last].id;
}

int32_t Sampler::sample(std::span<const float> logits) {
  if (logits.size() != vocabularySize)
    throw Error("the sampler expected " + std::to_string(vocabularySize) + " logits, found " +
                std::to_string(logits.size()));
  fill(logits);
  if (options.repeatPenalty != 1)
    penalize();
  const Candidate &best = *std::min_element(candidates.begin(), candidates.end(), before);
  if (best.logit == lowest)
    throw Error("no logit is a number: the model's weights or input are damaged");
  // An infinite logit is certain; differences to it would be no numbers.
  if (options.greedy || options.temperature == 0 || std::isinf(best.logit))
    return best.id;
  return draw(keepMinP(keepTopP(keepTopK())));
}

size_t Sampler::greatestNeeded() const {
  if (options.repeatPenalty < 1) // raises logits that are not among the greatest
    return 0;
  return options.greedy || options.temperature == 0 ? 1 : options.topK;
}

std::optional<int32_t> Sampler::sample(std::span<const float> logits, std::span<const int32_t> tokens) {
  size_t needed = greatestNeeded(), count = logits.size();
  if (needed == 0 || tokens.size() != count || needed > count || count > vocabularySize)
    return std::nullopt;
  for (size_t i = 0; i < count; ++i) {
    candidates[i] = {logits[i], tokens[i]};
    bool follows = i == 0 || before(candidates[i - 1], candidates[i]);
    if (!follows || !(logits[i] > lowest) || tokens[i] < 0 || size_t(tokens[i]) >= vocabularySize)
      return std::nullopt;
  }
  Candidate last = candidates[count - 1];
  if (options.repeatPenalty != 1) {
    findUnique();
    for (size_t i = 0; i < count; ++i)
      if (std::binary_search(unique.begin(), unique.end(), candidates[i].id))
        candidates[i].logit = penalized(candidates[i].logit);
    std::sort(candidates.begin(), candidates.begin() + ptrdiff_t(count), before);
  }
  // All others come behind the last, whatever their penalty.
  if (before(last, candidates[needed - 1]))
    return std::nullopt;
  if (options.greedy || options.temperature == 0 || std::isinf(candidates[0].logit))
    return candidates[0].id;
  return draw(keepMinP(keepTopP(needed)));
}

void Sampler::accept(int32_t id) {
  if (id < 0 || size_t(id) >= vocabularySize)
    throw Error("token " + std::to_string(id) + " is outside the vocabulary");
  if (!recent.empty())
    recent[accepted++ % recent.size()] = id;
}

void Sampler::reset() {
  accepted = 0;
  random = RandomGenerator(options.seed);
}

int32_t argmax(std::span<const float> logits) {
  int32_t best = 0;
  for (size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > logits[best] || (std::isnan(logits[best]) && !std::isnan(logits[i])))
      best = int32_t(i);
  return best;
}

} // namespace heddle
