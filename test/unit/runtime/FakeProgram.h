//===- FakeProgram.h - programs without a compiler --------------*- C++ -*-===//
//
// Three small models whose kernels are C++ functions and whose results can be told by hand.
//
//   decoder          remembers its tokens; hidden[t, j] = j + the sum of tokens 0..t;
//                    logits[t, v] = bias[v] + 10 where v is that sum modulo 8
//   encoder          last_hidden_state[t, j] = tokens[t] + 10 token_type_ids[t] + j; pooler_output[j] = row
//   0;
//                    it adds 1000 where it was not given the whole sequence
//   encoder-decoder  memory[u, j] = source[u] + j; logits as the decoder's, with the sum of memory[., 0]
//   added
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_TEST_UNIT_RUNTIME_FAKEPROGRAM_H
#define HEDDLE_TEST_UNIT_RUNTIME_FAKEPROGRAM_H

#include "runtime/program/Program.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace heddle::test {

inline constexpr uint32_t fakeVocabulary = 8, fakeWidth = 4, fakeContext = 32;
inline constexpr uint32_t fakeRing = 24, fakeWindow = 9;

enum class FakeKind { Decoder, Encoder, EncoderDecoder };

struct FakeOptions {
  FakeKind kind = FakeKind::Decoder;
  bool bounded = true;
  bool tokenizer = true;
  std::string chatTemplate = {};
  std::vector<uint32_t> regimes = {};
  std::vector<uint32_t> endTokens = {};
  std::string target = "cpu"; ///< with "vulkan" in it: see fakeShaders
  bool ring = false;          ///< the decoder's cache is one, and sums are of the last fakeWindow tokens
  uint64_t beyond = 0;        ///< sums are made only where S is greater
  uint32_t sums = 1;          ///< how often the decoder computes the sums: entries of many steps
  uint32_t memoryExtra = 0;   ///< KiB that the decoder's cache has for a token beside what it uses
};

class FakeProgram {
public:
  explicit FakeProgram(const FakeOptions &options = {});

  /// The image; its hash is that of `description` now, so that a test may damage the description before.
  ProgramImage image() const;

  std::vector<uint8_t> description;
  alignas(128) float before[16] = {};     ///< so that the weights begin at no page, and devices get copies
  std::array<float, fakeVocabulary> bias; ///< the weights
  std::vector<heddle_kernel> kernels; ///< fakeKernels
  heddle_kernel_table table;
};

/// The kernels, in the order of the description's.
extern const heddle_kernel fakeKernels[6];

/// The kernels as SPIR-V, in the same order; where the build had no compiler for shaders, they only begin so.
extern const std::span<const uint32_t> fakeShaders[6];
extern const bool haveFakeShaders;

/// The sum of the tokens, as the kernels make it.
int64_t sumOf(const std::vector<int32_t> &tokens);

/// The token that the decoder chooses behind `tokens`.
int32_t nextOf(const std::vector<int32_t> &tokens);

} // namespace heddle::test

#endif // HEDDLE_TEST_UNIT_RUNTIME_FAKEPROGRAM_H
