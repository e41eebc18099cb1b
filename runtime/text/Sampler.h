//===- Sampler.h - the next token from a row of logits ----------*- C++ -*-===//
//
// The steps, in this order:
//
//   1. repeat penalty: the logit of each token among the last `repeatWindow` ones is divided by the penalty
//      if positive, multiplied if negative
//   2. top-k: only the k largest stay (0: all)
//   3. top-p: only the smallest set of the largest whose probability reaches p stays (1: all)
//   4. min-p: only those at least p times as probable as the largest stay (0: all)
//   5. temperature: logits are divided by it; one of the tokens is drawn by softmax
//
// Probabilities in 3 and 4 are at temperature 1. Greedy, or a temperature of 0, takes the largest after step 1.
// Equal logits: the smaller id goes first. NaN counts as minus infinity.
//
// Random numbers come from xoshiro256**, its state filled from the seed by splitmix64; a draw takes one number,
// and its upper 53 bits as a fraction. The same seed, options and logits give the same tokens everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_TEXT_SAMPLER_H
#define HEDDLE_RUNTIME_TEXT_SAMPLER_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace heddle {

struct SamplerOptions {
  bool greedy = false;
  float temperature = 0.8f;   ///< 0 or more
  uint32_t topK = 40;         ///< 0: all
  float topP = 0.95f;         ///< in (0, 1]
  float minP = 0.05f;         ///< in [0, 1]
  float repeatPenalty = 1.0f; ///< above 0; 1: none
  uint32_t repeatWindow = 64; ///< tokens, counted back from the last; 0: none
  uint64_t seed = 0;
};

/// xoshiro256** by Blackman and Vigna, seeded with splitmix64.
class RandomGenerator {
public:
  explicit RandomGenerator(uint64_t seed);
  uint64_t next();
  /// A number in [0, 1) with 53 random bits.
  double uniform();

private:
  std::array<uint64_t, 4> state;
};

/// Chooses tokens for one sequence. Its buffers are made once: sampling allocates nothing.
class Sampler {
public:
  /// Throws Error on options outside their ranges, or an empty vocabulary.
  Sampler(const SamplerOptions &options, size_t vocabularySize);

  /// The next token for `logits` [vocabularySize]. Does not note it: `accept` does.
  /// Throws Error when the length differs, or no logit is above minus infinity.
  int32_t sample(std::span<const float> logits);

  /// The same from the greatest logits alone, in falling order, equal ones in the order of the vocabulary;
  /// `tokens`: whose they are. Nothing, and no random number is taken, where the rest would have to be known.
  std::optional<int32_t> sample(std::span<const float> logits, std::span<const int32_t> tokens);

  /// How many of the greatest logits may do; 0: all must be known.
  size_t greatestNeeded() const;

  /// Notes a token of the sequence, of the prompt or sampled, for the repeat penalty.
  void accept(int32_t id);

  /// Forgets the sequence and starts the random numbers anew.
  void reset();

  const SamplerOptions &getOptions() const { return options; }

private:
  struct Candidate {
    float logit;
    int32_t id;
  };
  static bool before(const Candidate &a, const Candidate &b);
  void fill(std::span<const float> logits);
  void findUnique();
  float penalized(float logit) const;
  void penalize();
  size_t keepTopK();
  size_t keepTopP(size_t count);
  size_t keepMinP(size_t count);
  int32_t draw(size_t count);

  SamplerOptions options;
  size_t vocabularySize;
  RandomGenerator random;
  std::vector<Candidate> candidates; ///< [vocabularySize]
  std::vector<double> weights;       ///< [vocabularySize]
  std::vector<int32_t> recent;       ///< ring of the last `repeatWindow` tokens
  std::vector<int32_t> unique;       ///< scratch: `recent` without doubles
  size_t accepted = 0;
};

/// The id of the largest logit, the smaller id among equals; NaN is never chosen unless all are.
int32_t argmax(std::span<const float> logits);

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_SAMPLER_H
