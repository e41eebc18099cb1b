// q [T, head], keys, values, attended [T, head]. A workgroup has the GROUP heads that share keys, for TOKENS
// tokens, and goes over the keys 64 at a time: a lane computes the scores of four neighbouring keys, then the
// exponentials of one query, then four columns of the results.
#extension GL_GOOGLE_include_directive : require
#define PUSHED 4
#include "abi.glsl"

const uint QUERIES = TOKENS * GROUP, KEYS = 64, TOKEN = KV_HEADS * GROUP * HEAD / 4;
const float LEAST = -3.4e38;

shared vec4 scores[QUERIES][KEYS / 4];
shared float factors[QUERIES], sums[QUERIES];

void main() {
  uint lane = gl_LocalInvocationID.x, head = gl_WorkGroupID.x % KV_HEADS;
  uint first = gl_WorkGroupID.x / KV_HEADS * TOKENS, lastToken = min(first + TOKENS, uint(T)) - 1;
  uint end = S - T + lastToken + 1; // of the keys that a query sees
  uint query[QUERIES];
  vec4 result[QUERIES];
  [[unroll]] for (uint n = 0; n < QUERIES; ++n) {
    query[n] = min(first + n / GROUP, lastToken) * TOKEN + (head * GROUP + n % GROUP) * (HEAD / 4);
    result[n] = vec4(0);
  }
  // Of the query that is this lane's.
  float greatest = LEAST, sum = 0;
  uint sees = S - T + first + lane / GROUP; // its last key

  [[dont_unroll]] for (uint key = 0; key < end; key += KEYS) {
    vec4 score[QUERIES];
    [[unroll]] for (uint n = 0; n < QUERIES; ++n)
      score[n] = vec4(0);
    uint keys = begin(1) + ((head * S + key) / 16 + lane / 4) * (HEAD * 4) + lane % 4;
    [[dont_unroll]] for (uint four = 0; four < HEAD / 4; ++four) {
      vec4 k[4];
      [[unroll]] for (uint c = 0; c < 4; ++c)
        k[c] = arena[keys + (four * 4 + c) * 4];
      [[unroll]] for (uint n = 0; n < QUERIES; ++n) {
        vec4 q = arena[begin(0) + query[n] + four];
        [[unroll]] for (uint c = 0; c < 4; ++c)
          score[n] = fma(k[c], vec4(q[c]), score[n]);
      }
    }
    [[unroll]] for (uint n = 0; n < QUERIES; ++n)
      scores[n][lane] = score[n];
    barrier();

    if (lane < QUERIES) {
      vec4 most = vec4(LEAST);
      vec4 own[KEYS / 4];
      [[unroll]] for (uint four = 0; four < KEYS / 4; ++four) {
        uvec4 at = uvec4(key + four * 4) + uvec4(0, 1, 2, 3);
        own[four] = mix(scores[lane][four] * inversesqrt(float(HEAD)), vec4(LEAST), greaterThan(at, uvec4(sees)));
        most = max(most, own[four]);
      }
      float before = greatest;
      greatest = max(before, max(max(most.x, most.y), max(most.z, most.w)));
      float factor = exp(before - greatest);
      vec4 total = vec4(0);
      [[unroll]] for (uint four = 0; four < KEYS / 4; ++four) {
        vec4 p = exp(own[four] - greatest);
        scores[lane][four] = p;
        total += p;
      }
      sum = fma(sum, factor, (total.x + total.y) + (total.z + total.w));
      factors[lane] = factor;
      sums[lane] = sum;
    }
    barrier();

    [[unroll]] for (uint n = 0; n < QUERIES; ++n)
      result[n] *= factors[n];
    uint values = begin(2) + (head * S + key) * (HEAD / 4) + lane;
    [[dont_unroll]] for (uint four = 0; four < KEYS / 4; ++four) {
      vec4 v[4];
      [[unroll]] for (uint c = 0; c < 4; ++c)
        v[c] = arena[values + (four * 4 + c) * (HEAD / 4)];
      [[unroll]] for (uint n = 0; n < QUERIES; ++n) {
        vec4 p = scores[n][four];
        [[unroll]] for (uint c = 0; c < 4; ++c)
          result[n] = fma(v[c], vec4(p[c]), result[n]);
      }
    }
    barrier();
  }
  [[unroll]] for (uint n = 0; n < QUERIES; ++n)
    if (first + n / GROUP <= lastToken)
      arena[begin(3) + query[n] + lane] = result[n] / sums[n];
}
