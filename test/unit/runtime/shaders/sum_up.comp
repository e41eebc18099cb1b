#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 4
#include "kernel.glsl"

// cache [C], hidden [T, width]; scratch: a row
void main() {
  uint j = gl_LocalInvocationID.x, scratch = pushed[3] + gl_WorkGroupID.x * 16 + j;
  for (uint t = gl_WorkGroupID.x; t < T; t += gl_NumWorkGroups.x)
    if (j < width) {
      store(scratch, 0);
      for (uint s = 0; s <= S - T + t; ++s)
        store(scratch, number(scratch) + uintBitsToFloat(caches[pushed[0] + s]));
      store(pushed[1] + t * width + j, number(scratch) + float(j));
    }
}
