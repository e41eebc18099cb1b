#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 3
#include "abi.glsl"

// x [T, COLUMNS], matrix, y [T, ROWS]. A workgroup has 128 rows and 8 tokens, a lane two times four neighbouring
// rows: 64 results.
const uint TOKENS = 8, TILES = ROWS / 128, PANEL = COLUMNS * 4;

void main() {
  uint lane = gl_LocalInvocationID.x, tile = gl_WorkGroupID.x % TILES;
  uint first = gl_WorkGroupID.x / TILES * TOKENS;
  uint matrix = begin(1) + (tile * 8 + lane / 4) * PANEL + lane % 4;
  uint row[TOKENS]; // those behind the last token are computed as the last, and not written
  vec4 sum[2][TOKENS];
  [[unroll]] for (uint t = 0; t < TOKENS; ++t) {
    row[t] = begin(0) + min(first + t, uint(T) - 1) * (COLUMNS / 4);
    sum[0][t] = sum[1][t] = vec4(0);
  }
  [[dont_unroll]] for (uint four = 0; four < COLUMNS / 4; ++four) {
    vec4 x[TOKENS];
    [[unroll]] for (uint t = 0; t < TOKENS; ++t)
      x[t] = arena[row[t] + four];
    [[unroll]] for (uint c = 0; c < 4; ++c)
      [[unroll]] for (uint side = 0; side < 2; ++side) {
        vec4 weight = uintBitsToFloat(weights[matrix + side * 4 * PANEL + (four * 4 + c) * 4]);
        [[unroll]] for (uint t = 0; t < TOKENS; ++t)
          sum[side][t] = fma(weight, vec4(x[t][c]), sum[side][t]);
      }
  }
  [[unroll]] for (uint t = 0; t < TOKENS; ++t)
    if (first + t < T)
      [[unroll]] for (uint side = 0; side < 2; ++side)
        arena[begin(2) + (first + t) * (ROWS / 4) + tile * 32 + side * 16 + lane] = sum[side][t];
}
