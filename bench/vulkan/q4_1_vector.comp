#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 3
#include "abi.glsl"

// x [COLUMNS], matrix, y [ROWS]. A workgroup has 128 rows, a lane two times four neighbours.
const uint BLOCKS = COLUMNS / 32, PANEL = BLOCKS * 20;

void main() {
  uint lane = gl_LocalInvocationID.x;
  uint matrix = begin(1) + (gl_WorkGroupID.x * 8 + lane / 4) * PANEL + lane % 4;
  vec4 sum[2] = {vec4(0), vec4(0)};
  [[dont_unroll]] for (uint block = 0; block < BLOCKS; ++block) {
    vec4 part[2] = {vec4(0), vec4(0)}, whole = vec4(0);
    [[unroll]] for (uint w = 0; w < 4; ++w) {
      vec4 even = arena[begin(0) + block * 8 + w * 2], odd = arena[begin(0) + block * 8 + w * 2 + 1];
      whole += even + odd;
      float x[8] = {even.x, even.z, odd.x, odd.z, even.y, even.w, odd.y, odd.w};
      [[unroll]] for (uint side = 0; side < 2; ++side) {
        uvec4 words = weights[matrix + side * 4 * PANEL + block * 20 + w * 4];
        [[unroll]] for (uint n = 0; n < 8; ++n)
          part[side] = fma(vec4(ivec4(words >> n * 4 & 15)), vec4(x[n]), part[side]);
      }
    }
    float total = (whole.x + whole.y) + (whole.z + whole.w);
    [[unroll]] for (uint side = 0; side < 2; ++side) {
      uvec4 words = weights[matrix + side * 4 * PANEL + block * 20 + 16];
      [[unroll]] for (uint r = 0; r < 4; ++r) {
        vec2 scale = unpackHalf2x16(words[r]);
        sum[side][r] = fma(scale.x, part[side][r], fma(scale.y, total, sum[side][r]));
      }
    }
  }
  [[unroll]] for (uint side = 0; side < 2; ++side)
    arena[begin(2) + (gl_WorkGroupID.x * 8 + side * 4) * 4 + lane] = sum[side];
}
