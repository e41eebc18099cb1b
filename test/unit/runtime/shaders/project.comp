#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 5
#include "kernel.glsl"

// hidden [T, width], bias [vocabulary], logits [rows, vocabulary], memory [U, width]; scalar: 1 if there is a memory.
// LAST: for the last token only.
void main() {
  float more = 0;
  if (uintBitsToFloat(pushed[4]) != 0)
    for (uint u = 0; u < U; ++u)
      more += number(pushed[3] + u * width);
#ifdef LAST
  uint rows = 1, first = T - 1;
#else
  uint rows = T, first = 0;
#endif
  for (uint r = gl_WorkGroupID.x; r < rows; r += gl_NumWorkGroups.x) {
    uint chosen = uint(number(pushed[0] + (first + r) * width) + more) % vocabulary, v = gl_LocalInvocationID.x;
    if (v < vocabulary)
      store(pushed[2] + r * vocabulary + v, uintBitsToFloat(weights[pushed[1] + v]) + (v == chosen ? 10.0 : 0.0));
  }
}
