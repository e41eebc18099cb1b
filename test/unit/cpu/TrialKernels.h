// Kernels whose speed is known from trials written by hand (docs: "Kernels"), in lane form, as text.
#ifndef HEDDLE_TEST_UNIT_CPU_TRIALKERNELS_H
#define HEDDLE_TEST_UNIT_CPU_TRIALKERNELS_H

#include <string>

namespace heddle::test {

/// A contraction over `k` columns of `groups` groups of 16 rows, a piece being `rows` groups and `tokens` tokens; all
/// groups of the first tokens come first. T is the number of tokens, a multiple of `tokens`.
struct Trial {
  int groups, k, rows, tokens;
};

/// float32. Buffers: weights [groups][k][1][16], activations [T / tokens][k][tokens], result [T][groups][16].
std::string f32Kernel(Trial trial);

/// Q4_1 decoded to float32. Weights [groups][k / 32][5][16], the rest as above.
std::string q4Kernel(Trial trial);

/// Q4_1 with int16 activations. Buffers: weights as above; activations [T / tokens][k / 32][16][tokens], words of two
/// columns four apart; [T / tokens][k / 32][2][tokens], scale and scale times sum; result. `rows` is 1.
std::string q4Int16Kernel(Trial trial);

} // namespace heddle::test

#endif
